"""Ending what has leaked: keys, sessions and tokens whose secrets somebody has found where they should not be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
import structlog

from signedin.actions.ask import ask
from signedin.actions.authenticate import authenticate
from signedin.actions.authenticate_key import KEY_KINDS, authenticate_key
from signedin.actions.authenticate_token import open_token
from signedin.actions.begun import alert
from signedin.actions.ending import end_row, end_sessions, facts_of
from signedin.actions.hear import heard_everywhere
from signedin.actions.issue_key import tell_of_key
from signedin.actions.means import Means
from signedin.actions.revoke_key import end_key
from signedin.actions.which_token import grant_of
from signedin.rules.account import AccountId
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Absence, Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, TokenRead, read_token
from signedin.rules.session import Session
from signedin.store import (
    access_keys,
    accounts,
    given,
    grants,
    host_cookies,
    journal,
    outbox,
    services,
    session_rows,
    sessions,
)

_GIVEN = frozenset({Kind.ACC, Kind.REF})
LEAKING = frozenset({Kind.SES, Kind.APP, Kind.HST}) | KEY_KINDS | _GIVEN
"""What there is to end; who reports another kind is thanked as well."""
_BECAUSE: dict[str, object] = {"because": "leaked"}
log = structlog.get_logger("signedin.security")


async def end_leaked(means: Means, tokens: Iterable[str], now: datetime) -> int:
    """End what these tokens open; returns how much that was, which is told to nobody outside.

    Raises:
        DatabaseProblem, Unavailable: not all of it has ended; whoever reported it tries again.
    """
    read = {each: found for each in tokens if (found := read_token(each, LEAKING, means.keyring.way_keys))}
    ended = [found.kind for token, found in read.items() if await _end(means, token, found, now)]
    if {found.kind for found in read.values()} - KEY_KINDS:
        await heard_everywhere(means)  # also for what had ended before: its own call may have been given up
    for kind in ended:
        log.warning("a leaked token was ended", kind=kind.value)
    return len(ended)


async def _end(means: Means, token: str, read: TokenRead, now: datetime) -> bool:
    if not await _opens_something(means, token, read, now):
        return False  # anybody may report anything: what opens nothing costs one read, and nobody's turn to write
    if read.kind is Kind.SVC:
        return await means.database.write(services.revoke_by_digest, read.digest, now) is not None
    end = _end_key if read.kind is Kind.KEY else _end_session
    account_id = AccountId(read.account_id)
    if read.kind is Kind.HST:
        row_id = await means.database.write(_end_of_host, account_id, token, now)
    elif read.kind in _GIVEN:
        row_id = await means.database.write(_end_given, account_id, read, now)
    else:
        row_id = await means.database.write(end, account_id, read.digest, now)
    if row_id is not None:
        means.recent.forget(account_id, row_id)
    return row_id is not None


async def _opens_something(means: Means, token: str, read: TokenRead, now: datetime) -> bool:
    if read.kind in KEY_KINDS:
        return not isinstance(await authenticate_key(means, token, now), Absence)
    if read.kind is Kind.ACC:
        return not isinstance(await open_token(means, token, now), Absence)
    account_id = AccountId(read.account_id)
    if read.kind is Kind.REF:
        return await means.database.read(grant_of, account_id, read) is not None
    if read.kind is Kind.HST:
        return await means.database.read(host_cookies.session_of, account_id, token) is not None
    if means.lines is None:
        return isinstance(authenticate(means, token, now, frozenset({read.kind})), Presence)
    return isinstance((await ask(means, account_id, read.digest, now))[0], Presence)


def _end_key(conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime) -> str | None:
    accounts.hold(conn, account_id)
    key = access_keys.find_by_digest(conn, account_id, digest)
    if key is None:
        return None
    end_key(conn, key, now, why=EndReason.POLICY, facts=_BECAUSE)
    tell_of_key(conn, key, "access_key_leaked", now)
    return key.id


def _end_session(conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime) -> str | None:
    accounts.hold(conn, account_id)
    return _end_found(conn, sessions.find_by_digest(conn, account_id, digest), now)


def _end_of_host(conn: sa.Connection, account_id: AccountId, token: str, now: datetime) -> str | None:
    """The session whose child it is: the cookie is for one host, and whoever has leaked it may have more."""
    accounts.hold(conn, account_id)
    parent = host_cookies.session_of(conn, account_id, token)
    return _end_found(conn, sessions.find(conn, account_id, parent) if parent else None, now)


def _end_given(conn: sa.Connection, account_id: AccountId, read: TokenRead, now: datetime) -> str | None:
    """All that a token goes with, for whoever has leaked it may have more: the session of one's own app, or the consent."""
    accounts.hold(conn, account_id)
    grant = grants.find(conn, account_id, grant_of(conn, account_id, read) or "")
    if grant is None:
        return None
    rows = session_rows.some(conn, account_id, [grant.row_id]) if grant.row_id else []
    for row in rows:
        if not isinstance(row, Consent):
            return _end_found(conn, row, now)
        facts = facts_of(row) | _BECAUSE
        event = Event(EventKind.CONSENT_REVOKED, now, row.id, None, facts, {"device": row.client_name})
        end_row(conn, row, EndReason.POLICY, now, journal.record(conn, account_id, event))
    if not rows:
        given.end(conn, account_id, [grant.id])
    return grant.row_id or grant.id


def _end_found(conn: sa.Connection, session: Session | None, now: datetime) -> str | None:
    if session is None:
        return None
    account_id = session.account_id
    facts = {"app_type": session.app_type.value, **_BECAUSE}
    event = Event(EventKind.SESSION_REVOKED, now, session.id, None, facts, {"device": session.device.name})
    number = journal.record(conn, account_id, event)
    end_sessions(conn, account_id, [session.id], EndReason.POLICY, now, number)
    account = accounts.find(conn, account_id)
    if account is not None:
        outbox.queue(
            conn, account_id, "session_leaked", alert(account, session) | {"at": now.isoformat()}, now
        )
    return session.id
