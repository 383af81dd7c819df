"""The session list of an account: one statement, nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.authenticate import doubt_of
from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.account import Account, AccountId
from signedin.rules.presence import Presence
from signedin.rules.session import SessionId
from signedin.rules.session_list import Row, SessionList, session_list
from signedin.store import accounts, session_rows


async def list_sessions(means: Means, presence: Presence, now: datetime) -> SessionList:
    """The list as the one who asks sees it; the current row is never older than this request (R15)."""
    return await means.database.read(read_list, means, presence.account_id, presence.current_id, now)


async def account_of(means: Means, presence: Presence) -> Account:
    """The account of the one who asks.

    Raises:
        NotSignedIn: it is gone.
    """
    account = await means.database.read(accounts.find, presence.account_id)
    if account is None:
        raise errors.NotSignedIn("unknown")
    return account


def read_list(
    conn: sa.Connection, means: Means, account_id: AccountId, current_id: SessionId | None, now: datetime
) -> SessionList:
    """The list within the transaction at hand."""
    rows, keys = session_rows.of(conn, account_id)
    return session_list([_latest(means, row, current_id, now) for row in rows], current_id, now, keys)


def read_one(
    conn: sa.Connection, means: Means, presence: Presence, row_id: str, now: datetime
) -> SessionList:
    """That row and the one that asks, as the list has them."""
    rows = session_rows.some(conn, presence.account_id, [row_id, presence.current_id or row_id])
    latest = [_latest(means, row, presence.current_id, now) for row in rows]
    return session_list(latest, presence.current_id, now, 0)


def _latest(means: Means, row: Row, current_id: SessionId | None, now: datetime) -> Row:
    if row.id == current_id:
        seen: datetime | None = now
    else:
        seen = means.recent.latest(row.account_id, row.id)
        row = replace(row, doubt=doubt_of(means, row.idle, is_seen=seen is not None))
    if seen is None or (row.last_at is not None and seen <= row.last_at):
        return row
    return replace(row, last_at=seen, days=row.days.noted(seen.date()))
