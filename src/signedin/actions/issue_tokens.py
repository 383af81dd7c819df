"""Issuing tokens of a grant, in the transaction at hand: shown once, kept as digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.sign import signed
from signedin.rules import id_token
from signedin.rules.account import Account
from signedin.rules.claims import sid_for, subject_of
from signedin.rules.client import Client, GrantType
from signedin.rules.exchange import gone
from signedin.rules.grant import ACCESS_LASTS, JWT_LASTS, Grant, Refresh
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.rules.token import AccessToken
from signedin.store import access_tokens, grants

SUCCESSOR = "refresh-successor"
"""What the successor of a refresh token is sealed for."""
USED_KEPT = timedelta(days=30)
"""How long a used refresh token is known, so that its coming again ends the grant."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client gets, this once. `id_token` is there when it was asked for, once the statements are signed.

    `account` is the person's; a service has none. A signed access token is made by `completed`: until then
    `access_token` is its id.
    """

    grant: Grant
    account: Account | None
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    until: datetime
    expires_in: int
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    key_thumbprint: str = ""
    is_signed: bool = False
    is_first: bool = True
    made_room: bool = False
    id_token: str | None = field(default=None, repr=False)

    @property
    def scope(self) -> str:
        """The scopes as the protocol writes them."""
        return " ".join(self.scopes)


def issue(
    conn: sa.Connection, means: Means, grant: Grant, client: Client, scopes: Sequence[str], audience: Sequence[str],
    now: datetime, *, account: Account | None = None, key_thumbprint: str = "", refresh_token: str | None = None,
) -> Tokens:  # fmt: skip
    """Issue an access token of a grant; `account` is whose grant it is, `refresh_token` the one that goes with it."""
    is_signed = len(audience) == 1 and audience[0] in client.signed_resources
    keys = means.keyring.way_keys
    secret = (
        make_session_id(grant.account_id, keys) if is_signed else make_token(Kind.ACC, grant.account_id, keys)
    )
    until = min(now + (JWT_LASTS if is_signed else ACCESS_LASTS), grant.until)
    token = AccessToken(grant.id, tuple(scopes), tuple(audience), now, until, key_thumbprint)
    access_tokens.add(conn, grant.account_id, digest(secret), token)
    seconds = int((until - now).total_seconds())
    return Tokens(
        grant, account, token.scopes, token.audience, until, seconds, secret, refresh_token, key_thumbprint, is_signed
    )  # fmt: skip


def first_refresh(conn: sa.Connection, means: Means, grant: Grant, client: Client) -> str | None:
    """The first refresh token of a grant, if its client may have one.

    Another's stays connected only where the person allowed that (`offline_access`); one's own app is a session.
    """
    may_stay = client.is_first_party or "offline_access" in {*grant.scopes} & client.scopes
    if GrantType.REFRESH not in client.grant_types or not may_stay:
        return None
    token = make_token(Kind.REF, grant.account_id, means.keyring.way_keys)
    grants.add_refresh(conn, grant.account_id, digest(token), Refresh(grant.id, grant.generation))
    return token


def rotate(conn: sa.Connection, means: Means, grant: Grant, used: bytes, now: datetime) -> tuple[Grant, str]:
    """The grant in its next generation, and the refresh token of that; what was used is kept with it, sealed.

    The caller holds the account and has found that `used` is the one in use.
    """
    account_id = grant.account_id
    token = make_token(Kind.REF, account_id, means.keyring.way_keys)
    sealed = means.keyring.encrypt(SUCCESSOR, account_id, token.encode())
    if not grants.use_refresh(conn, account_id, used, now, sealed):
        raise RuntimeError("a refresh token was used by somebody else while its account was held")
    grants.forget_used(conn, account_id, grant.id, used, now - USED_KEPT)
    after = replace(grant, generation=grant.generation + 1)
    grants.add_refresh(conn, account_id, digest(token), Refresh(grant.id, after.generation))
    grants.turn(conn, after)
    return after, token


def successor_of(means: Means, grant: Grant, used: Refresh) -> str:
    """The refresh token that one which was used before was turned into, for a client that asks again.

    Raises:
        OAuthRefused: it cannot be opened any more.
    """
    opened = means.keyring.decrypt(SUCCESSOR, grant.account_id, used.successor or b"")
    if opened is None:
        raise gone("The refresh token")
    return opened.decode()


async def completed(means: Means, tokens: Tokens, client: Client, issuer: str, now: datetime) -> Tokens:
    """The same with what has to be signed: a signed access token, and the ID token of a sign-in."""
    if tokens.is_signed:
        subject = subject_of(means.keyring.mac, client, tokens.account) if tokens.account else client.id
        claims = id_token.access_token(
            issuer, subject, tokens.grant, tokens.scopes, tokens.audience[0], tokens.access_token, tokens.until, now,
            tokens.key_thumbprint,
        )  # fmt: skip
        tokens = replace(tokens, access_token=await signed(means, claims, typ=id_token.ACCESS_TYP))
    if "openid" not in tokens.scopes or tokens.account is None:
        return tokens
    grant = replace(tokens.grant, sid=sid_for(means.keyring.mac, client, tokens.grant.sid))
    told = id_token.id_token(
        issuer, subject_of(means.keyring.mac, client, tokens.account), grant, tokens.access_token,
        client.signs_with, now, is_first=tokens.is_first,
    )  # fmt: skip
    return replace(tokens, id_token=await signed(means, told, typ=id_token.TYP, algorithm=client.signs_with))
