"""Last use: a narrow table beside sessions and consents, written in batches, never indexed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels, day_of
from signedin.rules.location import Location
from signedin.store.schema import Day, Moment, Where, account_key, metadata

activity = sa.Table(
    "activity",
    metadata,
    account_key(),
    sa.Column("row_id", sa.Text, primary_key=True),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("counts", sa.LargeBinary, nullable=False),
    sa.Column("last_day", Day, nullable=False),
    sa.Column("address", sa.LargeBinary),
    sa.Column("address_mac", sa.LargeBinary),
    sa.Column("masked_ip", sa.Text),
    sa.Column("place", Where),
    comment="last use of a session or consent; the address is of the last use and encrypted",
    sqlite_with_rowid=False,  # found in one descent instead of two, by every check; and smaller
)

LAST_USE = (
    activity.c.last_at,
    activity.c.counts,
    activity.c.last_day,
    activity.c.masked_ip.label("last_ip"),
    activity.c.place.label("last_place"),
)
"""What a row of the list needs of its last use."""


@dataclass(frozen=True, slots=True)
class Use:
    """One coalesced note of use: the latest moment, and from where when that is known to have changed."""

    account_id: AccountId
    row_id: str
    at: datetime
    times: int = 1
    address_mac: bytes = b""
    address: bytes = b""
    masked_ip: str = ""
    location: Location | None = None


def sealed(conn: sa.Connection, limit: int) -> list[tuple[int, bytes]]:
    """A few encrypted addresses with their accounts, by which a keyring can be told to be the right one."""
    found = sa.select(activity.c.account_id, activity.c.address).where(activity.c.address.is_not(None))
    return [(row.account_id, row.address) for row in conn.execute(found.limit(limit))]


def note(conn: sa.Connection, uses: Sequence[Use]) -> None:
    """Write a chunk of uses. Only rows that live are touched: a late write brings nothing back (P4)."""
    for use in uses:
        note_one(conn, use)


def note_one(conn: sa.Connection, use: Use) -> None:
    """Write one use; an older one than is known changes the strip only."""
    mine = (activity.c.account_id == use.account_id) & (activity.c.row_id == use.row_id)
    columns = (activity.c.last_at, activity.c.counts, activity.c.last_day, activity.c.address_mac)
    known = conn.execute(sa.select(*columns).where(mine)).one_or_none()
    if known is None:
        return
    days = DayLevels(known.counts, known.last_day).noted(day_of(use.at), use.times)
    values: dict[str, object] = {"counts": days.counts, "last_day": days.last_day}
    if use.at > known.last_at:
        values["last_at"] = use.at
        if use.address_mac and use.address_mac != known.address_mac:
            values |= {"address": use.address, "address_mac": use.address_mac,
                       "masked_ip": use.masked_ip, "place": use.location}  # fmt: skip
    conn.execute(activity.update().where(mine).values(**values))
