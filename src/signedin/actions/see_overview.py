"""The overview as operators see it: what was counted last, of everybody or of the organisation they are there for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.count_overview import count
from signedin.actions.means import Means
from signedin.rules.account import OrganisationId
from signedin.rules.activity import day_of
from signedin.rules.operator import Deed
from signedin.rules.overview import DayCounted, Measure, NodeSeen, Overview, days_until, series_of
from signedin.store import endings, organisations, overview


async def see_overview(means: Means, asking: Asking, now: datetime) -> Overview:
    """The numbers of 30 days as they were last counted, and the nodes as they are now.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_see, asking, now)


async def overview_from_shell(means: Means, now: datetime) -> Overview:
    """The same for whoever has the shell of the server, counted now; nothing of it is kept."""
    return await means.database.read(_count_and_see, now)


def _see(conn: sa.Connection, asking: Asking, now: datetime) -> Overview:
    whose = operator_asking(conn, asking, Deed.SEE).organisation_id
    return _seen(conn, whose, overview.since(conn, whose, days_until(day_of(now))[0]), now)


def _count_and_see(conn: sa.Connection, now: datetime) -> Overview:
    kept = overview.since(conn, None, days_until(day_of(now))[0])
    counted = {each.day: each for each in [*kept, *count(conn, None, now)]}
    return _seen(conn, None, list(counted.values()), now)


def _seen(
    conn: sa.Connection, whose: OrganisationId | None, counted: Sequence[DayCounted], now: datetime
) -> Overview:
    days = days_until(day_of(now))
    refused = overview.refused_since(conn, days[0]) if whose is None else {}
    latest = max(
        (each for each in counted if Measure.SESSIONS in each.numbers),
        key=lambda each: each.counted_at,
        default=None,
    )
    return Overview(
        days, latest.counted_at if latest else None,
        series_of(days, counted, refused, of_everybody=whose is None), latest.places if latest else (),
        _nodes(conn) if whose is None else (), organisations.find(conn, whose) if whose else None,
    )  # fmt: skip


def _nodes(conn: sa.Connection) -> tuple[NodeSeen, ...]:
    head = endings.head(conn)
    return tuple(
        NodeSeen(node.node_id, about, max(0, head - node.applied)) for node, about in endings.every_node(conn)
    )
