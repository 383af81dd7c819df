"""What an installation does, as numbers of each day: kept as they were counted, so that nobody who looks has to count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import OrganisationId
from signedin.rules.location import Location, LocationKind
from signedin.rules.overview import DayCounted, Measure, PlaceCounted
from signedin.store.schema import Day, Int64, Json, Moment, insert, metadata

overview_days = sa.Table(
    "overview_days",
    metadata,
    sa.Column("organisation_id", Int64, primary_key=True, autoincrement=False),
    sa.Column("day", Day, primary_key=True, autoincrement=False),
    sa.Column("counted_at", Moment, nullable=False),
    sa.Column("numbers", Json, nullable=False),
    sa.Column("places", Json, nullable=False),
    comment="how much there was on each day: numbers, never who; of everybody under organisation 0",
)
refused_sign_ins = sa.Table(
    "refused_sign_ins",
    metadata,
    sa.Column("day", Day, primary_key=True, autoincrement=False),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("count", Int64, nullable=False),
    comment="how many sign-ins were refused on each day, and why",
)

_EVERYBODY = 0


def since(conn: sa.Connection, whose: OrganisationId | None, first: date) -> list[DayCounted]:
    """What was counted of that day and later ones: of everybody, or of an organisation's members."""
    mine = overview_days.c.organisation_id == (whose or _EVERYBODY)
    asked = sa.select(overview_days).where(mine, overview_days.c.day >= first).order_by(overview_days.c.day)
    return [_counted(row) for row in conn.execute(asked)]


def keep(conn: sa.Connection, whose: OrganisationId | None, counted: DayCounted) -> None:
    """Keep what was counted of a day in the place of what was kept of it before."""
    values = {
        "counted_at": counted.counted_at,
        "numbers": {measure.value: dict(parts) for measure, parts in counted.numbers.items()},
        "places": [[*_place_to(each.location), each.count] for each in counted.places],
    }
    new = insert(conn, overview_days).values(organisation_id=whose or _EVERYBODY, day=counted.day, **values)
    conn.execute(new.on_conflict_do_update(index_elements=["organisation_id", "day"], set_=values))


def add_refused(conn: sa.Connection, day: date, refused: Mapping[str, int]) -> None:
    """Add so many refused sign-ins to those of a day, by their codes."""
    for code, count in sorted(refused.items()):
        new = insert(conn, refused_sign_ins).values(day=day, code=code, count=count)
        more = {"count": refused_sign_ins.c.count + count}
        conn.execute(new.on_conflict_do_update(index_elements=["day", "code"], set_=more))


def refused_since(conn: sa.Connection, first: date) -> dict[date, dict[str, int]]:
    """How many sign-ins were refused on that day and later ones, by their codes."""
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for row in conn.execute(sa.select(refused_sign_ins).where(refused_sign_ins.c.day >= first)):
        found[row.day][row.code] = int(row[2])
    return dict(found)


def forget(conn: sa.Connection, before: date) -> None:
    """Forget the days before that one."""
    for table in (overview_days, refused_sign_ins):
        conn.execute(table.delete().where(table.c.day < before))


def _counted(row: sa.Row[*tuple[Any, ...]]) -> DayCounted:
    numbers = {Measure(measure): parts for measure, parts in row.numbers.items() if measure in set(Measure)}
    places = tuple(PlaceCounted(_place_from(each[:-1]), each[-1]) for each in row.places)
    return DayCounted(row.day, row.counted_at, numbers, places)


def _place_to(location: Location) -> list[object]:
    return [location.city, location.region, location.country, location.latitude, location.longitude,
            location.kind.value]  # fmt: skip


def _place_from(kept: list[Any]) -> Location:
    city, region, country, latitude, longitude, kind = kept
    return Location(city, region, country, latitude, longitude, LocationKind(kind))
