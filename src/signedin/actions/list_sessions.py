"""The session list of an account: two statements, nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.account import Account, AccountId
from signedin.rules.presence import Presence
from signedin.rules.session import Session, SessionId
from signedin.rules.session_list import Row, SessionList, session_list
from signedin.store import access_keys, accounts, consents, sessions


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
    rows: list[Row] = [_latest(means, row, current_id, now) for row in sessions.of(conn, account_id)]
    rows += consents.of(conn, account_id)
    return session_list(rows, current_id, now, access_keys.count(conn, account_id))


def _latest(means: Means, session: Session, current_id: SessionId | None, now: datetime) -> Session:
    seen = now if session.id == current_id else means.recent.latest(session.account_id, session.id)
    if seen is None or seen <= session.last_at:
        return session
    return replace(session, last_at=seen, days=session.days.noted(seen.date()))
