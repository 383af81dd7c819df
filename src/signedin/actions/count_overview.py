"""Counting for the overview: one process counts every few minutes, so that nobody who looks has to."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import OrganisationId
from signedin.rules.activity import day_of
from signedin.rules.overview import STANDING, TOTAL, DayCounted, Measure, days_until
from signedin.store import installation, operators, overview, overview_counts

EVERY = timedelta(minutes=5)
JOB = "overview"
MOST_PLACES = 60


async def count_overview(means: Means, now: datetime) -> None:
    """Add this process's refused sign-ins; then count everything, unless some process has within five minutes.

    Of everybody, and of the members of each organisation that has operators of its own. Each day is counted once
    more when it is over.
    """
    await note_refused(means, now)
    if not await means.database.write(installation.job_begins, JOB, now, EVERY):
        return
    for whose in [None, *await means.database.read(_with_own_operators)]:
        counted = await asyncio.to_thread(
            means.database.read_now, count, whose, now
        )  # of very many it takes its time
        await means.database.write(_keep, whose, counted)
    await means.database.write(overview.forget, days_until(day_of(now))[0])


async def note_refused(means: Means, now: datetime) -> None:
    """Add the sign-ins that this process has refused since it last did to those of today."""
    refused = dict(means.refused)
    if refused:
        await means.database.write(overview.add_refused, day_of(now), refused)
        means.refused.subtract(refused)
        for code in [code for code, count in means.refused.items() if not count]:
            del means.refused[code]


def count(conn: sa.Connection, whose: OrganisationId | None, now: datetime) -> list[DayCounted]:
    """What is to be kept now: of today, and of the days that were not counted yet when they were over."""
    today = day_of(now)
    days = days_until(today)
    kept = {each.day: each for each in overview.since(conn, whose, days[0])}
    open_days = [day for day in days if day == today or day not in kept or not kept[day].is_final]
    began = overview_counts.sign_ins(conn, whose, open_days[0])
    ended = overview_counts.ended(conn, whose, open_days[0])
    found = []
    for day in open_days:
        before = kept[day].numbers if day in kept else {}
        numbers = {measure: parts for measure, parts in before.items() if measure in STANDING}
        numbers |= {Measure.SIGN_INS: began.get(day, {TOTAL: 0}), Measure.ENDINGS: ended.get(day, {TOTAL: 0})}
        found.append(DayCounted(day, now, numbers))
    return [*found[:-1], _with_what_there_is(conn, whose, found[-1], now)]


def _with_what_there_is(
    conn: sa.Connection, whose: OrganisationId | None, today: DayCounted, now: datetime
) -> DayCounted:
    signed_in, flagged = overview_counts.signed_in(conn, whose, now)
    numbers = {**today.numbers, Measure.SESSIONS: signed_in, Measure.FLAGS: flagged}
    if whose is None:
        numbers |= {
            Measure.OUTBOX: overview_counts.waiting(conn), Measure.NODES: overview_counts.nodes(conn)
        }  # fmt: skip
    return DayCounted(today.day, now, numbers, overview_counts.places(conn, whose, now, MOST_PLACES))


def _keep(conn: sa.Connection, whose: OrganisationId | None, counted: list[DayCounted]) -> None:
    for each in counted:
        overview.keep(conn, whose, each)


def _with_own_operators(conn: sa.Connection) -> list[OrganisationId]:
    return sorted({bound for _, _, bound in operators.everybody(conn) if bound is not None})
