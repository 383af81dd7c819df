"""Very many accounts that operators can find: each with a name, an address, a session, and some with an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bench.crowd import BATCH, FIRST, add_crowd, numbered
from signedin.actions.means import Means
from signedin.rules.account import AccountId, OrganisationId
from signedin.store.accounts import accounts
from signedin.store.lookup import lookup
from signedin.store.organisations import memberships

SMALL_EACH, LARGE_EACH = 1_000, 3
"""Of so many accounts each time one belongs to the small organisation, and to the large one."""
NAME = "Somebody {}"


def add_people(
    means: Means, like: AccountId, there: int, up_to: int, small: OrganisationId, large: OrganisationId,
    now: datetime, small_each: int = SMALL_EACH,
) -> None:  # fmt: skip
    """Let there be that many accounts, one session each: all last used from one network, as that of `like`.

    Of so many each time one joins the small organisation, or nobody.
    """
    add_crowd(means, like, up_to, is_alive=True, each=1)
    for start in range(there, up_to, BATCH):
        count = min(BATCH, up_to - start)
        means.database.note_now(_enter, start, count, ((small, small_each), (large, LARGE_EACH)), now)


def number_of(n: int) -> str:
    """How the account of that number is told from others in its name and address."""
    return f"{n:09d}"


def _enter(
    conn: sa.Connection,
    start: int,
    count: int,
    joined_by: Sequence[tuple[OrganisationId, int]],
    now: datetime,
) -> None:
    """Its name and address, by which it is found, and its organisations."""
    mine = accounts.c.account_id.between(FIRST + start, FIRST + start + count - 1)
    told = _padded(conn, accounts.c.account_id - FIRST)
    email, name = sa.literal("s") + told + "@example.org", sa.literal("Somebody ") + told
    conn.execute(accounts.update().where(mine).values(email=email, name=name, entered_as=name))
    numbers = numbered(start, count)
    n, whose = numbers.c.n, (FIRST + numbers.c.n).label("account_id")
    for term in (
        sa.literal("s") + _padded(conn, n) + "@example.org", sa.literal("somebody ") + _padded(conn, n),
        _padded(conn, n) + " somebody",
    ):  # fmt: skip
        asked = sa.select(term.label("term"), whose)
        conn.execute(lookup.insert().from_select(["term", "account_id"], asked))
    for organisation, every in joined_by:
        if not every:
            continue
        joined = sa.select(
            whose, sa.literal(int(organisation), sa.BigInteger), sa.literal(now, memberships.c.since.type)
        )
        conn.execute(
            memberships.insert().from_select(
                ["account_id", "organisation_id", "since"], joined.where(n % every == 0)
            )
        )
        belongs = mine & ((accounts.c.account_id - FIRST) % every == 0)
        conn.execute(accounts.update().where(belongs).values(organisation_id=int(organisation)))


def _padded(conn: sa.Connection, n: sa.ColumnElement[int]) -> sa.ColumnElement[Any]:
    if conn.dialect.name == "postgresql":
        return sa.func.lpad(sa.cast(n, sa.Text), 9, "0")
    return sa.func.printf("%09d", n, type_=sa.Text)
