"""Last use: a narrow table beside sessions and consents, written in batches, with no index on what every use changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels, day_of
from signedin.rules.device import Device
from signedin.rules.location import Location
from signedin.rules.used_hours import hour_of
from signedin.store.schema import Day, Moment, What, Where, account_key, metadata

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
    sa.Column("agent_mac", sa.LargeBinary),
    sa.Column("device", What),
    sa.Index("ix_activity_masked_ip", "masked_ip", "account_id"),
    comment="last use of a session or consent; the address is of the last use and encrypted",
    sqlite_with_rowid=False,  # found in one descent instead of two, by every check; and smaller
)

LAST_USE = (
    activity.c.last_at,
    activity.c.counts,
    activity.c.last_day,
    activity.c.masked_ip.label("last_ip"),
    activity.c.place.label("last_place"),
    activity.c.device.label("last_device"),
    activity.c.agent_mac.is_not(None).label("told_device"),
)
"""What a row of the list needs of its last use; `device` is there only where it is another than the sign-in's (D16)."""


def only_masked(conn: sa.Connection, least: int) -> str | None:
    """The one masked address that everything was last used from, where that is at least so much: by three descents."""
    masked = activity.c.masked_ip
    first, last = (
        conn.scalar(sa.select(each(masked)).where(masked > "")) for each in (sa.func.min, sa.func.max)
    )
    if first is None or first != last:
        return None
    some = sa.select(masked).where(masked == first).limit(least).subquery()
    return str(first) if conn.scalar(sa.select(sa.func.count()).select_from(some)) == least else None


class Whereabouts(NamedTuple):
    """From where a use came: the address encrypted and as it is shown, and its place."""

    address: bytes
    masked_ip: str
    place: Location


@dataclass(frozen=True, slots=True)
class Use:
    """One coalesced note of use: the latest moment, and from where and by which agent as far as that was told.

    `where` is asked only of a use that came from another address than the last one, as most do not.
    """

    account_id: AccountId
    row_id: str
    at: datetime
    times: int = 1
    address_mac: bytes = b""
    where: Callable[[], Whereabouts] | None = None
    agent_mac: bytes = b""
    agent: str = ""

    @property
    def key(self) -> tuple[int, str]:
        """Which row it is of."""
        return int(self.account_id), self.row_id


Devices = Callable[[sa.Connection, Sequence[Use]], Mapping[tuple[int, str], Device | None]]
"""The devices behind agents that were not known, `None` for that of the sign-in, as far as they can be read."""


Hours = Callable[[sa.Connection, Sequence[Use]], None]
"""Keeps in which hour these rows were used, each for the first time in that hour; only a picture depends on it."""


def _left_alone(_: sa.Connection, __: Sequence[Use]) -> Mapping[tuple[int, str], Device | None]:
    return {}


def _not_kept(_: sa.Connection, __: Sequence[Use]) -> None:
    pass


def sealed(conn: sa.Connection, limit: int) -> list[tuple[int, bytes]]:
    """A few encrypted addresses with their accounts, by which a keyring can be told to be the right one."""
    found = sa.select(activity.c.account_id, activity.c.address).where(activity.c.address.is_not(None))
    return [(row.account_id, row.address) for row in conn.execute(found.limit(limit))]


def note(
    conn: sa.Connection, uses: Sequence[Use], devices: Devices = _left_alone, hours: Hours = _not_kept
) -> list[Use]:  # fmt: skip
    """Write a chunk of uses, at most one of each row; returns those that somebody else was busy with, to be written later.

    Only rows that live are touched: a late write brings nothing back (P4). Nobody is waited for. On PostgreSQL this
    is one question and one statement that is its own transaction: a process that is paused in between holds nothing.
    Only where an agent is another than the last one's is there a second question, by `devices`; and where a row was
    last used in another hour, what `hours` writes afterwards.
    """
    known = _known(conn, uses)
    living = [use for use in uses if use.key in known]
    others = [use for use in living if _is_by_another(known[use.key], use)]
    told = devices(conn, others) if others else {}
    rows = [_values(known[use.key], use, told) for use in living]
    done = _write(conn, rows)
    if fresh := [use for use in living if use.key in done and _is_of_another_hour(known[use.key], use)]:
        hours(conn, fresh)
    return [use for use in living if use.key not in done]


def _write(conn: sa.Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[int, str]]:
    """Write the rows; returns the keys of those that nobody else was busy with."""
    if conn.dialect.name != "postgresql":
        _write_alone(conn, rows)
        return {(row["account_id"], row["row_id"]) for row in rows}
    columns = {f"said_{column.name}": [row[column.name] for row in rows] for column in _SAID.c}
    return {(row[0], row[1]) for row in conn.execute(_WRITE, columns)} if rows else set()


def _write_alone(conn: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was read before: nobody else writes to the file in between."""
    for is_elsewhere, is_by_another in product((False, True), repeat=2):
        changed = _USED + (_FROM if is_elsewhere else ()) + (_WITH if is_by_another else ())
        kind = (is_elsewhere, is_by_another)
        many = [r for r in rows if (r["address_mac"] is not None, r["agent_mac"] is not None) == kind]
        if many:
            columns = {name: sa.bindparam(f"new_{name}", type_=activity.c[name].type) for name in changed}
            mine = (activity.c.account_id == sa.bindparam("mine")) & (
                activity.c.row_id == sa.bindparam("row")
            )
            given = [
                {f"new_{name}": row[name] for name in changed}
                | {"mine": row["account_id"], "row": row["row_id"]}
                for row in many
            ]
            conn.execute(activity.update().where(mine).values(**columns), given)


def _known(conn: sa.Connection, uses: Sequence[Use]) -> dict[tuple[int, str], sa.Row[*tuple[object, ...]]]:
    columns: tuple[sa.Column[Any], ...] = (activity.c.account_id, activity.c.row_id, activity.c.last_at, activity.c.counts,
               activity.c.last_day, activity.c.address_mac, activity.c.agent_mac)  # fmt: skip
    keys = [(use.account_id, use.row_id) for use in uses]
    found = with_keys(conn, sa.select(*columns), activity.c.account_id, activity.c.row_id, keys)
    return {(row.account_id, row.row_id): row for row in found}


def with_keys(
    conn: sa.Connection, asked: sa.Select[Any], account_id: sa.Column[Any], row_id: sa.Column[Any],
    keys: Sequence[tuple[AccountId, str]],
) -> sa.Result[Any]:  # fmt: skip
    """The rows with those keys: on PostgreSQL each is looked up in its own partition, however many there are."""
    if conn.dialect.name != "postgresql":
        return conn.execute(asked.where(sa.tuple_(account_id, row_id).in_(keys)))
    given = {"keys_account_id": [int(key) for key, _ in keys], "keys_row_id": [row for _, row in keys]}
    same = (account_id == _KEYS.c.account_id) & (row_id == _KEYS.c.row_id)
    return conn.execute(asked.join(_KEYS, same), given)


def _is_by_another(known: sa.Row[*tuple[Any, ...]], use: Use) -> bool:
    return bool(use.at > known.last_at and use.agent_mac and use.agent_mac != known.agent_mac)


def _is_of_another_hour(known: sa.Row[*tuple[Any, ...]], use: Use) -> bool:
    """Whether nothing was noted of this row in the hour; a sign-in is in its strip, but has not been noted."""
    is_first = sum(known.counts) <= 1
    return bool(use.at > known.last_at and (is_first or hour_of(use.at) != hour_of(known.last_at)))


def _values(
    known: sa.Row[*tuple[Any, ...]], use: Use, told: Mapping[tuple[int, str], Device | None]
) -> dict[str, Any]:
    """What becomes of a row, beside what it was: an older use than is known changes the strip only."""
    days = DayLevels(known.counts, known.last_day).noted(day_of(use.at), use.times)
    where = use.where if use.at > known.last_at and use.address_mac != known.address_mac else None
    place = where()._asdict() | {"address_mac": use.address_mac} if where else dict.fromkeys(_FROM)
    by = {"agent_mac": use.agent_mac, "device": told[use.key]} if use.key in told else dict.fromkeys(_WITH)
    return place | by | {
        "account_id": int(use.account_id), "row_id": use.row_id, "was_at": known.last_at, "was_counts": known.counts,
        "last_at": max(use.at, known.last_at), "counts": days.counts, "last_day": days.last_day,
    }  # fmt: skip


def unnested(name: str, *columns: sa.ColumnClause[Any]) -> sa.TableValuedAlias:
    """Rows given to PostgreSQL as an array for each column: one statement for any number of rows."""
    arrays = (
        sa.bindparam(f"{name}_{column.name}", type_=postgresql.ARRAY(column.type)) for column in columns
    )
    return sa.func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


def _same(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    return (one.c.account_id == other.c.account_id) & (one.c.row_id == other.c.row_id)


def _written() -> sa.UpdateBase:
    """Change rows that are still as they were read and that nobody is busy with."""
    free = (
        sa.select(activity.c.account_id, activity.c.row_id)
        .join(_SAID, _same(activity, _SAID))
        .with_for_update(skip_locked=True, of=activity)
        .cte("free")
    )
    as_read = (activity.c.last_at == _SAID.c.was_at) & (activity.c.counts == _SAID.c.was_counts)
    now = {name: _SAID.c[name] for name in _USED}
    if_said = {
        name: sa.case((_SAID.c[mac].is_not(None), _SAID.c[name]), else_=activity.c[name])
        for mac, names in (("address_mac", _FROM), ("agent_mac", _WITH))
        for name in names
    }
    changed = activity.update().values(**now, **if_said)
    return changed.where(_same(activity, _SAID), _same(free, _SAID), as_read).returning(
        activity.c.account_id, activity.c.row_id
    )


_USED = ("last_at", "counts", "last_day")
_FROM, _WITH = ("address", "address_mac", "masked_ip", "place"), ("agent_mac", "device")
_OWN = (sa.column("account_id", sa.BigInteger), sa.column("row_id", sa.Text))
_KEYS = unnested("keys", *_OWN)
_SAID = unnested(
    "said", *_OWN, sa.column("was_at", Moment()), sa.column("was_counts", sa.LargeBinary),
    *(sa.column(name, activity.c[name].type) for name in (*_USED, *_FROM, *_WITH)),
)  # fmt: skip
_WRITE = _written()
