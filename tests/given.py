"""Clients, and what people have given them, as authorization leaves it: a grant with its row, and a code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from people import ADA, BERLIN, done_apart
from signedin.actions.exchange import Asking, redeem_code, refresh
from signedin.actions.sign_in import Visit
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.activity import DayLevels
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.consent import Consent
from signedin.rules.grant import CODE_LASTS, Grant, Redeemable
from signedin.rules.pkce import challenge_of
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.session import AppType, SessionId
from signedin.store import accounts, clients, consents, grants

SYNC_AGENT = "ExampleSync/3.2.1 (Windows 11 24H2; x64)"
VISIT = Visit(BERLIN, SYNC_AGENT, read_device(SYNC_AGENT, {}), ruleset())
VERIFIER = "v" * 50
CALLBACK = "https://app.example.org/callback"
ISSUER = "https://id.example.org"
EVERY = frozenset(
    {"openid", "profile", "email", "offline_access", "sessions:read", "sessions:manage", "account:read"}
)


@dataclass(frozen=True)
class Given:
    """What a client holds after somebody has allowed it, and before it has asked for tokens."""

    client: Client
    grant: Grant
    code: str


def a_client(house, **values) -> Client:
    """A third party's client, registered."""
    said = {
        "id": "tidewater", "name": "Tidewater Calendar", "kind": ClientKind.THIRD_PARTY,
        "authentication": Authentication.NONE, "grant_types": frozenset({GrantType.CODE, GrantType.REFRESH, GrantType.DEVICE}),
        "scopes": EVERY, "made_at": house.clock(), "redirect_uris": (CALLBACK,),
    }  # fmt: skip
    client = Client(**(said | values))
    house.means.database.write_now(clients.add, client)
    return client


def a_sync_app(house, **values) -> Client:
    """A sync program of one's own."""
    return a_client(
        house, **({"id": "sync", "name": "Example Sync", "kind": ClientKind.FIRST_PARTY, "app_type": AppType.SYNC} | values)
    )  # fmt: skip


def a_service(house, **values) -> Client:
    """A resource server, which asks for itself."""
    said = {
        "id": "files", "name": "Files", "kind": ClientKind.SERVICE, "authentication": Authentication.BASIC,
        "grant_types": frozenset({GrantType.CLIENT}), "resources": ("https://files.example.org",), "scopes": frozenset({"sessions:check"}),
    }  # fmt: skip
    return a_client(house, **(said | values))


def account_of(house, email=ADA):
    return house.means.database.read_now(accounts.find_by_email, email)


def a_grant(house, client, email=ADA, scopes=("openid", "email", "offline_access"), **values) -> Grant:
    """What a person gave a client, with its consent where it is another's."""

    def give(conn):
        account, now = accounts.find_by_email(conn, email), house.clock()
        proof, keys = accounts.history_number(conn, account.id), house.means.keyring.way_keys
        row_id = values.pop("row_id", None)
        if not client.is_first_party and row_id is None:
            row_id = SessionId(make_session_id(account.id, keys))
            consents.add(conn, Consent(
                row_id, account.id, client.id, client.name, "", now, scopes, client.idle, proof, DayLevels(),
            ))  # fmt: skip
        made = {
            "row_id": row_id, "factors": ("password",), "nonce": "n-0S6", "sid": "browser",
        }  # fmt: skip
        grant = Grant(
            make_session_id(account.id, keys), account.id, client.id, scopes, proof, now, now, now + timedelta(days=365),
            **(made | values),
        )  # fmt: skip
        grants.add(conn, grant)
        return grant

    return house.means.database.write_now(give)


def a_code(house, grant, **values) -> str:
    """A code of a grant."""
    code = make_token(Kind.COD, grant.account_id, house.means.keyring.way_keys)
    kept = Redeemable(
        grant.id,
        grant.account_id,
        grant.client_id,
        CALLBACK,
        challenge_of(VERIFIER),
        house.clock() + CODE_LASTS,
    )
    house.means.database.write_now(grants.add_code, digest(code), replace(kept, **values))
    return code


def given(house, client=None, **values) -> Given:
    """A client that somebody has allowed something, and its code."""
    client = client or a_client(house)
    grant = a_grant(house, client, **values)
    return Given(client, grant, a_code(house, grant))


def asking(client, **values) -> Asking:
    return Asking(client, VISIT, ISSUER, **values)


async def redeeming(house, it: Given, **values):
    return await redeem_code(
        house.means, asking(it.client, **values), it.code, CALLBACK, VERIFIER, house.clock()
    )


def redeemed(house, it: Given, **values):
    """The tokens for its code."""
    return done_apart(redeeming(house, it, **values))


def refreshed(house, client, token, **values):
    """The tokens for a refresh token."""
    return done_apart(refresh(house.means, asking(client, **values), token, house.clock()))
