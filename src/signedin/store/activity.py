"""Last use: a narrow table beside sessions and consents, written in batches, never indexed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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


def note(conn: sa.Connection, uses: Sequence[Use]) -> list[Use]:
    """Write a chunk of uses, at most one of each row; returns those whose rows somebody else is busy with, to be written later.

    Only rows that live are touched: a late write brings nothing back (P4). Nobody is waited for, so nothing that
    ends sessions meanwhile is held up by more than this one chunk.
    """
    known = _known(conn, uses)
    with_address: list[dict[str, object]] = []
    without: list[dict[str, object]] = []
    for use in uses:
        row = known.get((use.account_id, use.row_id))
        if row is not None:
            values = _values(row, use)
            (with_address if "address" in values else without).append(values)
    mine = (activity.c.account_id == sa.bindparam("mine")) & (activity.c.row_id == sa.bindparam("row"))
    for many in (with_address, without):
        if many:
            columns: dict[str, Any] = {
                name: sa.bindparam(name) for name in many[0] if name not in ("mine", "row")
            }
            conn.execute(activity.update().where(mine).values(**columns), many)
    return _busy(conn, [use for use in uses if (use.account_id, use.row_id) not in known])


def _known(conn: sa.Connection, uses: Sequence[Use]) -> dict[tuple[int, str], sa.Row[*tuple[object, ...]]]:
    columns: tuple[sa.Column[Any], ...] = (activity.c.account_id, activity.c.row_id, activity.c.last_at, activity.c.counts,
               activity.c.last_day, activity.c.address_mac)  # fmt: skip
    living = sa.select(*columns).where(_one_of(uses)).with_for_update(skip_locked=True)
    return {(row.account_id, row.row_id): row for row in conn.execute(living)}


def _values(known: sa.Row[*tuple[object, ...]], use: Use) -> dict[str, object]:
    """What becomes of a row: an older use than is known changes the strip only."""
    days = DayLevels(known.counts, known.last_day).noted(day_of(use.at), use.times)
    values: dict[str, object] = {
        "mine": use.account_id, "row": use.row_id, "counts": days.counts, "last_day": days.last_day,
        "last_at": max(use.at, known.last_at),
    }  # fmt: skip
    if use.at > known.last_at and use.address_mac and use.address_mac != known.address_mac:
        values |= {"address": use.address, "address_mac": use.address_mac,
                   "masked_ip": use.masked_ip, "place": use.location}  # fmt: skip
    return values


def _busy(conn: sa.Connection, missed: list[Use]) -> list[Use]:
    if not missed or conn.dialect.name != "postgresql":
        return []
    found = conn.execute(sa.select(activity.c.account_id, activity.c.row_id).where(_one_of(missed)))
    there = {(row.account_id, row.row_id) for row in found}
    return [use for use in missed if (use.account_id, use.row_id) in there]


def _one_of(uses: Sequence[Use]) -> sa.ColumnElement[bool]:
    keys = [(use.account_id, use.row_id) for use in uses]
    return sa.tuple_(activity.c.account_id, activity.c.row_id).in_(keys)
