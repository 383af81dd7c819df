"""Very many sessions of other people, copied within the database from one that is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.moments import to_micros
from signedin.server.means import utc_now
from signedin.store.accounts import accounts
from signedin.store.activity import activity
from signedin.store.sessions import sessions

BATCH = 50_000
EACH = 5
FIRST = 1 << 40
LONG_AGO = timedelta(days=40)


def add_crowd(
    means: Means, like: AccountId, up_to: int, *, of_one_person: bool = False, is_alive: bool = False,
    each: int = EACH,
) -> None:  # fmt: skip
    """Copy one session of an account until there are that many copies: of people with five `each`, long expired.

    Or alive, as those of the same person are.
    """
    there = 0 if of_one_person else means.database.read_now(_copies)
    for start in range(there, up_to, BATCH):
        count = min(BATCH, up_to - start)
        means.database.note_now(_add, like, start, count, of_one_person, is_alive or of_one_person, each)


def analyse(means: Means) -> None:
    """Let the database know how much it holds."""
    means.database.note_now(lambda conn: conn.exec_driver_sql("ANALYZE"))


def _copies(conn: sa.Connection) -> int:
    copied = sa.select(sa.func.count()).select_from(sessions).where(sessions.c.account_id >= FIRST)
    return int(conn.scalar(copied.where(sessions.c.account_id < 2 * FIRST)) or 0)


def _add(
    conn: sa.Connection, like: AccountId, start: int, count: int, of_one_person: bool, is_alive: bool, each: int
) -> None:  # fmt: skip
    numbers = numbered(start, count)
    n = numbers.c.n
    whose: Any = sa.literal(int(like), sa.BigInteger) if of_one_person else FIRST + n // each
    name = sa.literal("one" if of_one_person else "copy") + sa.cast(n, sa.Text)
    one = conn.scalar(sa.select(sa.func.min(sessions.c.session_id)).where(sessions.c.account_id == like))
    mine = {"account_id": whose}
    last: dict[str, Any] = {
        "address": sa.null(),
        "address_mac": sa.null(),
    }  # sealed for the one it was copied from
    last |= {} if is_alive else {"last_at": _micros(LONG_AGO)}
    if not of_one_person:
        people = numbers.select().where(n % each == 0).subquery()
        _copy(
            conn, accounts, accounts.c.account_id == like, people, {"account_id": FIRST + people.c.n // each}
        )
    is_it = (sessions.c.account_id == like) & (sessions.c.session_id == one)
    _copy(conn, sessions, is_it, numbers, mine | {"session_id": name, "digest": _digest(conn, n)})
    is_its = (activity.c.account_id == like) & (activity.c.row_id == one)
    _copy(conn, activity, is_its, numbers, mine | {"row_id": name} | last)


def numbered(start: int, count: int) -> sa.CTE:
    """So many numbers from that one on, made by the database itself."""
    first = sa.select(sa.literal(start, sa.BigInteger).label("n")).cte("numbers", recursive=True)
    return first.union_all(sa.select(first.c.n + 1).where(first.c.n < start + count - 1))


def _copy(
    conn: sa.Connection,
    table: sa.Table,
    which: sa.ColumnElement[bool],
    numbers: sa.FromClause,
    own: dict[str, Any],
) -> None:
    columns = [own.get(column.name, column) for column in table.c]
    copied = sa.select(*columns).select_from(table.join(numbers, sa.true())).where(which)
    conn.execute(table.insert().from_select([column.name for column in table.c], copied))


def _digest(conn: sa.Connection, n: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    if conn.dialect.name == "postgresql":
        return sa.func.decode(sa.func.lpad(sa.cast(n, sa.Text), 64, "0"), "hex")
    return sa.cast(sa.func.printf("%032d", n), sa.LargeBinary)


def _micros(ago: timedelta) -> sa.ColumnElement[Any]:
    return sa.literal(to_micros(utc_now() - ago), sa.BigInteger)
