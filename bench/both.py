"""SQLite and PostgreSQL side by side: the list among few and very many, Logout All, a sweep beside sign-ins."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.crowd import add_crowd, analyse
from bench.figures import Case, percentile
from bench.filling import settings_in
from bench.machine import ROOT, count_as_own
from bench.sampling import sampled
from bench.workers import over_http
from signedin.actions.list_sessions import read_list
from signedin.actions.means import Means
from signedin.actions.revoke import log_out_all
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.actions.sweep import sweep
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import Account
from signedin.rules.errors import Unavailable
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.demo_rows import CHROME_MAC
from signedin.server.means import close_means, open_means, utc_now
from signedin.store import accounts, sessions

sys.path.append(str(ROOT / "tests"))  # the PostgreSQL is that of the tests

VISIT = Visit("203.0.113.9", CHROME_MAC, read_device(CHROME_MAC, {}), ruleset())
SIGN_INS_A_SECOND = 50
LONGEST_WAIT_MS = 100.0
FLAT = 1.5


@dataclass(frozen=True)
class Numbers:
    """Among how few and how many the list is read, how often; how many one account has; how long is swept."""

    few: int
    many: int
    rounds: int
    doomed: int
    seconds: float


SIZES = {
    "tiny": Numbers(50, 200, 1, 20, 0.3),
    "small": Numbers(10_000, 1_000_000, 7, 10_000, 20),
    "full": Numbers(10_000, 10_000_000, 15, 10_000, 60),
}


@dataclass
class Home:
    """One database with three people in it, and what was measured there."""

    name: str
    means: Means
    folder: Path
    url: str
    five: Account
    hundred: Account
    signing_in: list[Account]
    lists: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    turned_away: int = 0


def measure(size: str, folder: Path) -> Case:
    """The same deeds on both, one after the other."""
    numbers, case = SIZES[size], Case("both", "SQLite and PostgreSQL side by side")
    with ExitStack() as stack:
        homes = [stack.enter_context(_sqlite(folder)), *stack.enter_context(_postgres(folder, case))]
        for home in homes:  # first: a server sweeps
            over_http(
                case, home.name, home.means, home.folder, home.url, home.signing_in[0], numbers.seconds / 5
            )
        for among in (numbers.few, numbers.many):
            for home in homes:
                add_crowd(home.means, home.five.id, among)
                analyse(home.means)
            for _ in range(numbers.rounds):
                for home in homes:
                    _lists(home, among)
        for home in homes:
            _tell_lists(case, home, numbers)
            _logs_out(case, home, numbers.doomed)
            _sweeps(case, home, numbers)
    return case


@contextmanager
def _sqlite(folder: Path) -> Iterator[Home]:
    (folder / "sqlite").mkdir()
    means = open_means(settings_in(folder / "sqlite"))
    yield _home("SQLite", means, folder / "sqlite", "")
    close_means(means)


@contextmanager
def _postgres(folder: Path, case: Case) -> Iterator[list[Home]]:
    from postgres_server import (  # type: ignore[import-not-found]
        PostgresServer,
        make_database,
        programs,
    )

    found = programs()
    if found is None:
        case.notes.append("There is no PostgreSQL on this machine: only SQLite was measured.")
        yield []
        return
    server = PostgresServer(found)
    try:
        make_database(server.url("postgres"), "signedin")
        case.facts["PostgreSQL"] = server.version
        (folder / "postgres").mkdir()
        own = replace(settings_in(folder / "postgres"), database_url=server.url("signedin"))
        means = open_means(own)
        yield [_home("PostgreSQL", means, folder / "postgres", server.url("signedin"))]
        close_means(means)
    finally:
        count_as_own(server.pid)
        server.destroy()


def _home(name: str, means: Means, folder: Path, url: str) -> Home:
    five, hundred, *others = (
        _person(means, f"{number}@example.org") for number in range(2 + SIGN_INS_A_SECOND)
    )
    for account, count in ((five, 5), (hundred, 100)):
        for _ in range(count):
            means.database.write_now(begin, means, account, VISIT, Ticks(), 0, utc_now())
    return Home(name, means, folder, url, five, hundred, others)


def _person(means: Means, email: str) -> Account:
    def added(conn: sa.Connection) -> Account:
        return accounts.add(conn, email, "A Person", utc_now())

    return means.database.write_now(added)


def _lists(home: Home, among: int) -> None:
    for account, count in ((home.five, 5), (home.hundred, 100)):
        took = []
        for _ in range(30):
            began = time.perf_counter()
            listed = home.means.database.read_now(read_list, home.means, account.id, None, utc_now())
            took.append((time.perf_counter() - began) * 1000)
            assert len(listed.sessions) == count
        home.lists.setdefault((count, among), []).append(percentile(sorted(took)[:15], 99))


def _tell_lists(case: Case, home: Home, numbers: Numbers) -> None:
    for count in (5, 100):
        few, many = home.lists[count, numbers.few], home.lists[count, numbers.many]
        case.figure(f"{home.name}: list of {count} among {numbers.few:,}", "ms", few)
        case.figure(f"{home.name}: list of {count} among {numbers.many:,}", "ms", many)
        name = f"{home.name}: list of {count} among {numbers.many:,} / among {numbers.few:,}"
        case.ratio(name, many, few, at_most=FLAT)


def _logs_out(case: Case, home: Home, count: int) -> None:
    """Logout All Devices of very many sessions of one person."""
    means = home.means
    account = _person(means, "doomed@example.org")
    first = means.database.write_now(begin, means, account, VISIT, Ticks(), 0, utc_now())
    add_crowd(means, account.id, count - 1, of_one_person=True)
    presence = Presence(account.id, first.session.id, AppType.WEB, utc_now())

    async def pressed() -> float:
        began = time.perf_counter()
        counts = await log_out_all(means, presence, utc_now())
        took = (time.perf_counter() - began) * 1000
        assert counts.sessions_ended == count, counts
        if means.lines is not None:
            await means.lines.close()
        return took

    case.figure(f"{home.name}: Logout All Devices of {count:,} sessions", "ms", [asyncio.run(pressed())])


def _sweeps(case: Case, home: Home, numbers: Numbers) -> None:
    """A sweep of the crowd, all of which has expired, beside people who sign in; their passwords are left out."""
    before = _count(home.means) + SIGN_INS_A_SECOND
    waits, swept_for = asyncio.run(_beside_sign_ins(home, numbers.seconds))
    turned_away = home.turned_away
    swept = before + len(waits) - turned_away - _count(home.means)
    case.figure(f"{home.name}: sessions swept a second beside {SIGN_INS_A_SECOND} sign-ins a second", "/s",
                [swept / swept_for], is_rate=True)  # fmt: skip
    case.figure(f"{home.name}: a sign-in waits meanwhile, p99", "ms", [percentile(waits, 99)])
    case.figure(f"{home.name}: a sign-in waits meanwhile, longest", "ms", [max(waits)])
    name = f"{home.name}: longest wait of a sign-in / {LONGEST_WAIT_MS:g} ms"
    case.ratio(name, [max(waits)], [LONGEST_WAIT_MS], at_most=1.0)
    what = f"{home.name}: a sweep beside sign-ins:"
    with sampled(case, what, os.getpid(), per_second=50, holding=False):
        asyncio.run(_beside_sign_ins(home, numbers.seconds / 4))
    case.facts[f"{home.name}: swept"] = (
        f"{swept:,} of {before:,} sessions in {swept_for:.0f} s, {turned_away} of {len(waits)} sign-ins turned away"
    )


async def _beside_sign_ins(home: Home, seconds: float) -> tuple[list[float], float]:
    means, waits, signing = home.means, list[float](), list[asyncio.Task[None]]()

    async def sign_in(turn: int, due: float) -> None:
        account = home.signing_in[turn % len(home.signing_in)]
        try:
            await means.database.write(begin, means, account, VISIT, Ticks(), 0, utc_now())
        except Unavailable:  # the line was full, or it stood there for too long
            home.turned_away += 1
        waits.append((time.perf_counter() - due) * 1000)

    await asyncio.gather(*(sign_in(turn, time.perf_counter()) for turn in range(SIGN_INS_A_SECOND)))
    waits.clear()  # connections are made now
    sweeping, began = asyncio.create_task(sweep(means, utc_now())), time.perf_counter()
    for turn in range(int(seconds * SIGN_INS_A_SECOND)):
        due = began + turn / SIGN_INS_A_SECOND
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        signing.append(asyncio.create_task(sign_in(turn, due)))
    took = time.perf_counter() - began
    await asyncio.gather(*signing)
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    return waits, took


def _count(means: Means) -> int:
    counted: Any = sa.select(sa.func.count()).select_from(sessions.sessions)
    return int(means.database.read_now(lambda conn: conn.scalar(counted)))
