"""Ending for many on PostgreSQL: a hundred thousand sessions by a filter, beside people who are checked over HTTP."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench.crowd import add_crowd, analyse
from bench.figures import Case, percentile
from bench.filling import settings_in
from bench.machine import ROOT, count_as_own, free_again, keep_to
from bench.serving import Serving, product
from bench.wire import request, steady
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.end_many import begin_from_shell, find_from_shell
from signedin.actions.means import Means
from signedin.actions.preview_many import count_on_from_shell, preview_from_shell
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.bulk import Wanted
from signedin.rules.bulk_job import BulkEnding, Preview, State
from signedin.rules.operator import Role
from signedin.rules.session import AppType
from signedin.server.demo_rows import CHROME_MAC
from signedin.server.means import close_means, open_means, utc_now
from signedin.store import accounts

sys.path.append(str(ROOT / "tests"))  # the PostgreSQL is that of the tests

VISIT = Visit("203.0.113.9", CHROME_MAC, read_device(CHROME_MAC, {}), ruleset())
PATH = "/v1/check"
GOAL = 2.0
LONGEST = 3600.0


@dataclass(frozen=True)
class Numbers:
    """How many sessions end, how many others are checked, how often a second, and for how long while it is quiet."""

    doomed: int
    others: int
    rate: int
    quiet: float


SIZES = {
    "tiny": Numbers(40, 10, 50, 1.0),
    "small": Numbers(10_000, 1_000, 300, 20),
    "full": Numbers(100_000, 1_000, 300, 60),
}


def measure(size: str, folder: Path) -> Case:
    """One server, which ends and is asked; the checks are timed before, and as long as it ends."""
    numbers = SIZES[size]
    case = Case("bulk", f"Ending {numbers.doomed:,} sessions by a filter, on PostgreSQL beside checks")
    with _postgres(folder, case) as found:
        if found is None:
            case.notes.append("There is no PostgreSQL on this machine: nothing was measured.")
            return case
        means, url = found
        tokens = _people(means, numbers)
        shown, took = asyncio.run(_counted(means))
        case.figure("counted before, for the preview", "s", [took])
        with product(folder, database_url=url) as server:
            _beside(case, numbers, means, server, tokens, shown)
        free_again()
    case.facts["sessions"] = (
        f"{numbers.doomed:,} of the app type Sync, five of each account; {numbers.others:,} others"
    )
    case.facts["checks"] = f"GET {PATH}, {numbers.rate} a second; server on one core, client on another"
    return case


def _beside(
    case: Case, numbers: Numbers, means: Means, server: Serving, tokens: list[str], shown: Preview
) -> None:
    asked = [request(PATH, {"signedin": each}, port=server.port) for each in tokens]
    keep_to(1)
    asyncio.run(steady(server.port, asked, numbers.rate, 1))  # everybody is met once
    quiet = asyncio.run(steady(server.port, asked, numbers.rate, numbers.quiet)).milliseconds
    beside, done = asyncio.run(_ended_beside(numbers, means, server, asked, shown))
    assert done.ended == shown.counted.many, done.ended.told()
    assert done.finished_at is not None
    seconds = (done.finished_at - done.begun_at).total_seconds()
    case.figure("until all of it was over everywhere", "s", [seconds])
    case.figure("sessions ended a second", "/s", [done.ended.sessions / max(seconds, 0.001)], is_rate=True)
    for name, found in (("quiet", quiet), ("beside it", beside)):
        case.figure(f"a check, p50; {name}", "ms", [percentile(found, 50)])
        case.figure(f"a check, p99; {name}", "ms", [percentile(found, 99)])
    case.ratio(
        "a check, p99: beside it / quiet", [percentile(beside, 99)], [percentile(quiet, 99)], at_most=GOAL
    )


async def _ended_beside(
    numbers: Numbers, means: Means, server: Serving, asked: list[bytes], shown: Preview
) -> tuple[list[float], BulkEnding]:
    ending = await begin_from_shell(means, shown.sealed, "measured", utc_now())
    found, until = list[float](), time.monotonic() + LONGEST
    while time.monotonic() < until:
        load = await steady(server.port, asked, numbers.rate, 1)
        assert set(load.statuses) == {200}, load.statuses
        found += load.milliseconds
        now = await find_from_shell(means, ending.id)
        if now.state is State.FINISHED:
            return found, now
    raise RuntimeError("it did not come to its end")


async def _counted(means: Means) -> tuple[Preview, float]:
    began = time.perf_counter()
    shown = await preview_from_shell(means, Wanted(frozenset({AppType.SYNC})), utc_now())
    while not shown.counted.is_complete:
        shown = await count_on_from_shell(means, shown.sealed, utc_now())
    return shown, time.perf_counter() - began


def _people(means: Means, numbers: Numbers) -> list[str]:
    """An owner; whoever is checked; and all those whose sessions end, copies of one."""
    tokens = []
    for number in range(max(1, numbers.others // 5)):
        account = means.database.write_now(accounts.add, f"{number}@example.org", "A Person", utc_now())
        for _ in range(5):
            begun = means.database.write_now(begin, means, account, VISIT, Ticks(), 0, utc_now())
            tokens.append(begun.token)
    owner = means.database.write_now(accounts.add, "owner@example.org", "Owner", utc_now())
    asyncio.run(_appointed(means, owner.email))
    like = means.database.write_now(accounts.add, "doomed@example.org", "A Person", utc_now())
    means.database.write_now(
        lambda conn: begin(conn, means, like, VISIT, Ticks(), 0, utc_now(), None, AppType.SYNC)
    )
    add_crowd(means, like.id, numbers.doomed - 1, is_alive=True)
    analyse(means)
    return tokens


async def _appointed(means: Means, email: str) -> None:
    await appoint_from_shell(means, email, Role.OWNER, utc_now())
    if means.lines is not None:
        await means.lines.close()


@contextmanager
def postgres_beside(case: Case) -> Iterator[str | None]:
    """A PostgreSQL with an empty database, for as long as it is measured; `None` where there is none."""
    from postgres_server import (  # type: ignore[import-not-found]
        PostgresServer,
        make_database,
        programs,
    )

    found = programs()
    if found is None:
        yield None
        return
    server = PostgresServer(found)
    try:
        make_database(server.url("postgres"), "signedin")
        case.facts["PostgreSQL"] = server.version
        yield server.url("signedin")
    finally:
        count_as_own(server.pid)
        server.destroy()


@contextmanager
def _postgres(folder: Path, case: Case) -> Iterator[tuple[Means, str] | None]:
    with postgres_beside(case) as url:
        if url is None:
            yield None
            return
        means = open_means(replace(settings_in(folder), database_url=url))
        yield means, url
        close_means(means)
