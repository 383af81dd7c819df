"""Counting for the overview: one process counts every few minutes, so that nobody who looks has to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import OrganisationId
from signedin.rules.activity import day_of
from signedin.rules.overview import STANDING, TOTAL, DayCounted, Measure, days_until
from signedin.store import installation, operators, overview, overview_counts
from signedin.store.overview_counts import Among, Whose, each_of

EVERY = timedelta(minutes=5)
JOB = "overview"
MOST_PLACES = 60
AT_ONCE = 500
"""Organisations that are counted in one pass."""


async def count_overview(means: Means, now: datetime) -> None:
    """Add this process's refused sign-ins; then count everything, unless some process has within five minutes.

    Of everybody, and of the members of each organisation that has operators of its own. Each day is counted once
    more when it is over.
    """
    await note_refused(means, now)
    if not await means.database.write(installation.job_begins, JOB, now, EVERY):
        return
    bound = await means.database.read(_with_own_operators)
    among: list[Among] = [None, *(bound[n : n + AT_ONCE] for n in range(0, len(bound), AT_ONCE))]
    for some in among:
        counted = await asyncio.to_thread(
            means.database.read_now, count_each, some, now
        )  # of very many it takes its time
        for whose, its_days in counted.items():
            await means.database.write(_keep, whose, its_days)
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
    return count_each(conn, None if whose is None else [whose], now)[whose]


def count_each(conn: sa.Connection, among: Among, now: datetime) -> dict[Whose, list[DayCounted]]:
    """The same of each of several organisations, or of everybody, in the same few passes however many they are."""
    today = day_of(now)
    days = days_until(today)
    kept = {
        whose: {each.day: each for each in overview.since(conn, whose, days[0])} for whose in each_of(among)
    }
    opened = {whose: _open_days(days, of_it) for whose, of_it in kept.items()}
    first = min(each[0] for each in opened.values())
    began, ended = overview_counts.sign_ins(conn, among, first), overview_counts.ended(conn, among, first)
    there_is = _what_there_is(conn, among, now)
    found: dict[Whose, list[DayCounted]] = {}
    for whose, open_days in opened.items():
        found[whose] = []
        for day in open_days:
            before = kept[whose][day].numbers if day in kept[whose] else {}
            numbers = {measure: parts for measure, parts in before.items() if measure in STANDING}
            for measure, happened in ((Measure.SIGN_INS, began), (Measure.ENDINGS, ended)):
                numbers[measure] = happened[whose].get(day, {TOTAL: 0})
            is_last = day == today
            numbers |= there_is[whose].numbers if is_last else {}
            found[whose].append(DayCounted(day, now, numbers, there_is[whose].places if is_last else ()))
    return found


def _open_days(days: Sequence[date], kept: Mapping[date, DayCounted]) -> list[date]:
    """Those that were not counted yet when they were over, and today."""
    return [day for day in days if day == days[-1] or day not in kept or not kept[day].is_final]


def _what_there_is(conn: sa.Connection, among: Among, now: datetime) -> dict[Whose, DayCounted]:
    """Of today, what stands: numbers that no sum of what happened gives."""
    of_everybody: dict[Measure, Mapping[str, int]] = {}
    if among is None:
        of_everybody = {
            Measure.OUTBOX: overview_counts.waiting(conn), Measure.NODES: overview_counts.nodes(conn)
        }  # fmt: skip
    places = overview_counts.places(conn, among, now, MOST_PLACES)
    return {
        whose: DayCounted(
            day_of(now),
            now,
            {Measure.SESSIONS: signed_in, Measure.FLAGS: flagged} | of_everybody,
            places[whose],
        )
        for whose, (signed_in, flagged) in overview_counts.signed_in(conn, among, now).items()
    }


def _keep(conn: sa.Connection, whose: OrganisationId | None, counted: list[DayCounted]) -> None:
    for each in counted:
        overview.keep(conn, whose, each)


def _with_own_operators(conn: sa.Connection) -> list[OrganisationId]:
    return sorted({bound for _, _, bound in operators.everybody(conn) if bound is not None})
