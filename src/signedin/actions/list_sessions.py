"""The session list of an account: one statement, one more where apps were given access, nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.authenticate import doubt_of
from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.account import Account, AccountId
from signedin.rules.presence import Presence
from signedin.rules.session import AppType, SessionId
from signedin.rules.session_list import Counts, Row, SessionList, session_list
from signedin.store import accounts, session_rows, tallies


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
    return session_list([as_used_last(means, row, current_id, now) for row in rows], current_id, now, keys)


def read_some(
    conn: sa.Connection, means: Means, account_id: AccountId, ids: Sequence[str], now: datetime,
    current_id: SessionId | None = None,
) -> SessionList:  # fmt: skip
    """Only those rows, and the one that asks, as the list has them."""
    rows = session_rows.some(conn, account_id, [*ids, *filter(None, [current_id])])
    rows = session_rows.with_signed_resources(conn, account_id, rows)
    return session_list([as_used_last(means, row, current_id, now) for row in rows], current_id, now, 0)


async def count_own(means: Means, presence: Presence, now: datetime) -> Counts:
    """How much is signed in to one's own account, and how many access keys it has."""
    return await means.database.read(count_rows, means, presence.account_id, now)


def count_rows(conn: sa.Connection, means: Means, account_id: AccountId, now: datetime) -> Counts:
    """What the list has of each type, without reading it all: there may be very many."""
    certain, doubtful, keys = session_rows.counted(conn, account_id, now)
    alive = [row.app_type for row in doubtful if as_used_last(means, row, None, now).is_alive_at(now)]
    return Counts(certain + Counter(alive), keys)


def count_each(
    conn: sa.Connection, means: Means, ids: Sequence[AccountId], now: datetime
) -> dict[AccountId, Counts]:
    """The same for each of several accounts, in as many statements."""
    counts, keys = _alive(conn, means, ids, now), tallies.keys(conn, ids)
    return {each: Counts(counts[each], keys[each]) for each in ids}


def showing(
    conn: sa.Connection, means: Means, ids: Sequence[AccountId], masked: str, now: datetime
) -> frozenset[AccountId]:
    """Those of these accounts in which something shows this masked address, in the list or as the last use of a key."""
    counts = _alive(conn, means, ids, now, masked)
    return frozenset(each for each in ids if counts[each]) | tallies.with_key_from(conn, ids, masked)


def _alive(
    conn: sa.Connection, means: Means, ids: Sequence[AccountId], now: datetime, masked: str = ""
) -> dict[AccountId, Counter[AppType]]:
    tally = tallies.of(conn, ids, now, masked)
    return {
        each: tally.certain.get(each, Counter())
        + Counter(
            row.app_type
            for row in tally.doubtful.get(each, ())
            if as_used_last(means, row, None, now).is_alive_at(now)
        )
        for each in ids
    }


def as_used_last(means: Means, row: Row, current_id: SessionId | None, now: datetime) -> Row:
    """The row with the latest use that this process knows of, and how far that can be relied on."""
    if row.id == current_id:
        seen: datetime | None = now
    else:
        seen = means.recent.latest(row.account_id, row.id)
        row = replace(row, doubt=doubt_of(means, row.own_idle, is_seen=seen is not None))
    if seen is None or (row.last_at is not None and seen <= row.last_at):
        return row
    return replace(row, last_at=seen, days=row.days.noted(seen.date()))
