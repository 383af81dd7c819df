"""Ending what has leaked: keys and sessions whose secrets somebody has found where they should not be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
import structlog

from signedin.actions.ending import end_sessions
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, TokenRead, read_token
from signedin.store import access_keys, accounts, journal, services, sessions

LEAKING = frozenset({Kind.KEY, Kind.SVC, Kind.SES, Kind.APP})
"""What there is to end; who reports another kind is thanked as well."""
_BECAUSE: dict[str, object] = {"because": "leaked"}
log = structlog.get_logger("signedin.security")


async def end_leaked(means: Means, tokens: Iterable[str], now: datetime) -> int:
    """End what these tokens open; returns how much that was, which is told to nobody outside.

    Raises:
        DatabaseProblem, Unavailable: not all of it has ended; whoever reported it tries again.
    """
    read = {read_token(each, LEAKING, means.keyring.way_keys) for each in tokens} - {None}
    ended = [each.kind for each in read if each is not None and await _end(means, each, now)]
    if {Kind.SES, Kind.APP} & set(ended):
        await heard_everywhere(means)
    for kind in ended:
        log.warning("a leaked token was ended", kind=kind.value)
    return len(ended)


async def _end(means: Means, read: TokenRead, now: datetime) -> bool:
    if read.kind is Kind.SVC:
        return await means.database.write(services.revoke_by_digest, read.digest, now) is not None
    end = _end_key if read.kind is Kind.KEY else _end_session
    account_id = AccountId(read.account_id)
    row_id = await means.database.write(end, account_id, read.digest, now)
    if row_id is not None:
        means.recent.forget(account_id, row_id)
    return row_id is not None


def _end_key(conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime) -> str | None:
    accounts.hold(conn, account_id)
    key = access_keys.find_by_digest(conn, account_id, digest)
    if key is None:
        return None
    event = Event(EventKind.ACCESS_KEY_REVOKED, now, key.id, None, _BECAUSE, {"name": key.name})
    number = journal.record(conn, account_id, event)
    access_keys.end(conn, account_id, [key.id], EndReason.POLICY, now, number)
    return key.id


def _end_session(conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime) -> str | None:
    accounts.hold(conn, account_id)
    session = sessions.find_by_digest(conn, account_id, digest)
    if session is None:
        return None
    facts = {"app_type": session.app_type.value, **_BECAUSE}
    event = Event(EventKind.SESSION_REVOKED, now, session.id, None, facts, {"device": session.device.name})
    number = journal.record(conn, account_id, event)
    end_sessions(conn, account_id, [session.id], EndReason.POLICY, now, number)
    return session.id
