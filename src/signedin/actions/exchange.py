"""A code, a refresh token, a device code or a client itself in, tokens out: each in one transaction, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.hear import heard_everywhere
from signedin.actions.issue_tokens import Tokens, completed, first_refresh, issue, rotate, successor_of
from signedin.actions.make_room import refuse_from_elsewhere
from signedin.actions.means import Means
from signedin.actions.note_use import write_first
from signedin.actions.sign_in import Begun, Ticks, Visit, begin
from signedin.actions.still_held import (
    account_and_row,
    enabled,
    end_reused,
    in_force,
    in_force_to_stay,
    still_held,
    still_known,
    told_of_end,
)  # fmt: skip
from signedin.rules import errors, exchange
from signedin.rules.account import AccountId
from signedin.rules.client import Client, ClientKind
from signedin.rules.grant import ACCESS_LASTS, Grant, Turn, turn_of
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.policy import OutsideNetworks, TooManySessions
from signedin.rules.secret import Kind, TokenRead, make_session_id, read_token
from signedin.rules.session import Session
from signedin.rules.session_list import Row
from signedin.store import accounts, device_codes, grants, shown
from signedin.store.services import NOBODY


@dataclass(frozen=True, slots=True)
class Asking:
    """A client at the token endpoint, which has shown that it is itself; `key_thumbprint` is of a key that it proved."""

    client: Client
    visit: Visit
    issuer: str
    scopes: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    key_thumbprint: str = ""


Done = tuple[Tokens, Row | None] | OAuthRefused  # a refusal that has changed something, so it is no rollback


async def redeem_code(
    means: Means, asking: Asking, code: str, redirect_uri: str, verifier: str | None, now: datetime
) -> Tokens:
    """Tokens for an authorization code, once: a second time ends its grant and all that came of it (attack 8).

    Raises:
        OAuthRefused: it is nobody's, another client's, for another address or key, not proved, expired or used.
    """
    read = _read(means, code, Kind.COD)
    done = await means.database.write(_redeem_code, means, asking, read, (redirect_uri, verifier), now)
    return await _answered(means, asking, done, now)


async def refresh(means: Means, asking: Asking, token: str, now: datetime) -> Tokens:
    """Tokens for a refresh token, which is used with that; a retry gets the same successor (attacks 3 to 7).

    With it comes a fresh access token each time: of those only digests are kept, and all die with the grant.

    Raises:
        OAuthRefused: as above; what asks for more than was given, or comes from outside the networks of an own app's
            person, is refused before anything is used.
    """
    read = _read(means, token, Kind.REF)
    done = await means.database.write(_refresh, means, asking, read, now)
    return await _answered(means, asking, done, now)


async def redeem_device_code(means: Means, asking: Asking, code: str, now: datetime) -> Tokens:
    """Tokens for a device, once its person has decided (RFC 8628, section 3.5).

    Raises:
        OAuthRefused: not decided yet, asked too soon, refused, expired, or redeemed before.
    """
    read = _read(means, code, Kind.DEV)
    done = await means.database.write(_redeem_device_code, means, asking, read, now)
    return await _answered(means, asking, done, now)


async def client_credentials(means: Means, asking: Asking, now: datetime) -> Tokens:
    """A token for a service itself: nobody's, and without a refresh token (RFC 6749, section 4.4.3).

    Raises:
        OAuthRefused: the client is no service, or asks for what it may not have.
    """
    return await _answered(means, asking, await means.database.write(_for_itself, means, asking, now), now)


def _redeem_code(
    conn: sa.Connection, means: Means, asking: Asking, read: TokenRead, proof: tuple[str, str | None], now: datetime
) -> Done:  # fmt: skip
    account_id = AccountId(read.account_id)
    accounts.hold(conn, account_id)
    client = still_known(conn, asking.client)
    code = grants.find_code(conn, account_id, read.digest)
    if code is None:
        raise told_of_end(conn, account_id, read.digest, "The code")
    exchange.refuse_another(code, client, *proof, asking.key_thumbprint)
    grant = grants.find(conn, account_id, code.grant_id)
    if grant is None:
        raise exchange.gone("The code")
    if code.used_at is not None:
        return end_reused(conn, grant, now)
    exchange.refuse_expired(code.until, now)
    grants.redeem(conn, account_id, read.digest, now)
    return _begun(conn, means, asking, client, grant, now)


def _redeem_device_code(
    conn: sa.Connection, means: Means, asking: Asking, read: TokenRead, now: datetime
) -> Done:  # fmt: skip
    client, known = still_known(conn, asking.client), device_codes.find(conn, read.digest)
    if known is None or known.client_id != client.id:
        raise exchange.gone("The device code")
    if known.account_id is not None:  # first, as whoever decides does: nobody waits for each other
        accounts.hold(conn, known.account_id)
    code = device_codes.ask(conn, read.digest, now)
    if code is None:
        raise exchange.gone("The device code")
    refusal = exchange.why_not_yet(code, now)
    if refusal is not None:
        return refusal
    if known.account_id is None:  # decided at this moment, and its account is not held: the next time
        return exchange.pending()
    grant = grants.find(conn, known.account_id, code.grant_id or "")
    if grant is None or not device_codes.redeem(conn, read.digest):
        raise exchange.gone("The device code")
    return _begun(conn, means, asking, client, grant, now)


def _begun(
    conn: sa.Connection, means: Means, asking: Asking, client: Client, grant: Grant, now: datetime
) -> Done:
    """The first tokens of a grant; with those of one's own app its session begins (D13)."""
    key = exchange.bound_key(client, asking.key_thumbprint)
    begun = None
    if client.is_first_party and grant.row_id is None:
        begun = _session(conn, means, asking, client, grant, now)
        grant = replace(grant, row_id=begun.session.id)
    grant = replace(grant, key_thumbprint="" if client.is_confidential else key)
    account, row = still_held(conn, means, grant, now)
    scopes = exchange.narrowed_scopes(in_force(grant, client, row), asking.scopes)
    audience = exchange.narrowed_audience(
        grant.resources, asking.resources, {*client.resources, asking.issuer}, asking.issuer
    )
    grants.change(conn, grant)
    token = first_refresh(conn, means, grant, client)
    tokens = issue(
        conn, means, grant, client, scopes, audience, now, account=account, key_thumbprint=key, refresh_token=token
    )  # fmt: skip
    return replace(tokens, made_room=begun is not None and begun.ended > 0), row


def _session(
    conn: sa.Connection, means: Means, asking: Asking, client: Client, grant: Grant, now: datetime
) -> Begun:
    account = accounts.find(conn, grant.account_id)
    if account is None:
        raise exchange.gone("The account")
    visit = replace(asking.visit, factors=grant.factors)
    try:
        return begin(conn, means, account, visit, Ticks(), grant.first_proof, now, app_type=client.app_type)
    except (errors.SignInRefused, OutsideNetworks, TooManySessions) as refusal:
        raise exchange.not_begun(refusal) from None


def _refresh(conn: sa.Connection, means: Means, asking: Asking, read: TokenRead, now: datetime) -> Done:
    account_id = AccountId(read.account_id)
    accounts.hold(conn, account_id)
    found = shown.find(conn, account_id, read.digest)
    if found is None:
        still_known(conn, asking.client)
        raise told_of_end(conn, account_id, read.digest, "The refresh token")
    used, grant, is_its_own = found.refresh, found.grant, found.grant.client_id == asking.client.id
    client = enabled(found.client) if is_its_own else still_known(conn, asking.client)
    exchange.refuse_foreign(grant, client, asking.key_thumbprint)
    turn = turn_of(used, grant, now)
    if turn is Turn.REUSE:
        return end_reused(conn, grant, now)
    key = exchange.bound_key(client, asking.key_thumbprint)
    account, row = account_and_row(means, grant, found.account, found.row, now)
    refuse_from_elsewhere(conn, account, row, asking.visit.address)
    scopes = exchange.narrowed_scopes(in_force_to_stay(grant, client, row), asking.scopes)
    audience = exchange.narrowed_audience(
        grant.resources, asking.resources, {*client.resources, asking.issuer}, asking.issuer
    )
    if turn is Turn.ROTATE:
        grant, token = rotate(conn, means, grant, read.digest, now)
    else:
        token = successor_of(means, grant, used)
    tokens = issue(
        conn, means, grant, client, scopes, audience, now, account=account, key_thumbprint=key, refresh_token=token
    )  # fmt: skip
    return replace(tokens, is_first=False), row


def _for_itself(conn: sa.Connection, means: Means, asking: Asking, now: datetime) -> Done:
    client = still_known(conn, asking.client)
    if client.kind is not ClientKind.SERVICE or not client.is_confidential:
        raise OAuthRefused("unauthorized_client", "Only a service gets tokens for itself.")
    scopes = exchange.narrowed_scopes(tuple(sorted(client.scopes)), asking.scopes)
    known = client.resources
    audience = exchange.narrowed_audience(known, asking.resources, known) if asking.resources else ()
    grant = Grant(
        make_session_id(NOBODY, means.keyring.way_keys), NOBODY, client.id, scopes, 0, now, now, now + ACCESS_LASTS,
        resources=audience,
    )  # fmt: skip
    key = exchange.bound_key(client, asking.key_thumbprint)
    grants.add(conn, grant)
    return issue(conn, means, grant, client, scopes, audience, now, key_thumbprint=key), None


def _read(means: Means, text: str, kind: Kind) -> TokenRead:
    if read := read_token(text, {kind}, means.keyring.way_keys):
        return read
    raise OAuthRefused("invalid_grant", "This is not what such a grant type takes.")


async def _answered(means: Means, asking: Asking, done: Done, now: datetime) -> Tokens:
    if isinstance(done, OAuthRefused):
        await heard_everywhere(means)
        raise done
    tokens, row = done
    if tokens.made_room:
        await heard_everywhere(means)
    if isinstance(row, Session) and tokens.is_first:
        means.recent.saw(row.account_id, row.id, now)
    elif row is not None and not tokens.is_first:  # the first tokens are no use of what was allowed (R31)
        means.recent.note(row.account_id, row.id, asking.visit.address, now, asking.visit.user_agent)
        if exchange.must_be_on_disk(row, now):
            await write_first(
                means.recent, means.database, means.keyring, means.places, row.account_id, row.id
            )
    return await completed(means, tokens, asking.client, asking.issuer, now)
