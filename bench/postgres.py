"""On PostgreSQL: a check from memory and from the database, an ending heard by three processes, notes of use."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from bench.figures import Case, percentile
from bench.machine import ROOT, count_as_own
from bench.sampling import sampled
from signedin.actions.means import Means
from signedin.actions.note_use import flush
from signedin.gate.recognise import Recogniser
from signedin.rules.account import Account
from signedin.rules.known import KnownSessions
from signedin.server.means import utc_now
from signedin.store.boot_clock import boot_time

sys.path.append(str(ROOT / "tests"))  # the PostgreSQL and the servers are those of the tests

GOAL_US, GOAL_MEDIAN_MS, GOAL_P99_MS = 3.0, 10.0, 50.0


@dataclass(frozen=True)
class Numbers:
    """How many sessions there are, how many are ended, and how often checks are timed."""

    sessions: int
    endings: int
    rounds: int


SIZES = {"tiny": Numbers(20, 5, 1), "small": Numbers(10_000, 150, 7), "full": Numbers(10_000, 500, 15)}


def measure(size: str, folder: Path) -> Case:
    """Three servers on a PostgreSQL of the bench's own."""
    from nemesis.cluster import Cluster  # type: ignore[import-not-found]
    from postgres_server import (  # type: ignore[import-not-found]
        programs,
    )

    numbers, case = SIZES[size], Case("postgres", "On PostgreSQL, with three processes")
    found = programs()
    if found is None:
        case.notes.append("There is no PostgreSQL on this machine: nothing was measured.")
        return case
    (folder / "cluster").mkdir()
    cluster = Cluster(folder / "cluster", found, fakes_time=False)
    try:
        case.facts["PostgreSQL"] = cluster.database.version
        account = cluster.account(0)
        made = [cluster.session(account) for _ in range(numbers.sessions)]
        tokens = [token for _, token in made[:1000]]
        _checks(case, cluster.means, tokens, folder, numbers.rounds)
        _flushes(
            case, cluster.means, account, [row_id for row_id, _ in made], cluster.database.url("signedin")
        )
        cluster.start()
        _endings(case, cluster, made, numbers.endings)
    finally:
        count_as_own(cluster.database.pid)
        cluster.close()
    return case


def _checks(case: Case, means: Means, tokens: list[str], folder: Path, rounds: int) -> None:
    known = KnownSessions(boot_time)
    known.start_anew(0)
    by_memory, by_database = Recogniser(means, known), Recogniser(means)
    bare = _bare(folder / "bare.db", tokens)
    ways: dict[str, list[float]] = {"memory": [], "database": [], "bare": []}

    async def all_by(recogniser: Recogniser, some: list[str]) -> float:
        now = utc_now()
        began = time.perf_counter()
        for token in some:
            await recogniser.recognise(token, now)
        return (time.perf_counter() - began) / len(some) * 1e6

    async def measured() -> None:
        known.renewed(boot_time(), (), 0)
        await all_by(by_memory, tokens)  # the first meeting
        for _ in range(rounds):
            known.renewed(boot_time(), (), 0)
            ways["memory"].append(await all_by(by_memory, tokens))
            ways["database"].append(await all_by(by_database, tokens[:200]))
            ways["bare"].append(bare())
        with sampled(case, "Checks from memory:", os.getpid()):
            for _ in range(rounds * 20):
                known.renewed(boot_time(), (), 0)
                await all_by(by_memory, tokens)
        assert means.lines is not None
        await means.lines.close()

    asyncio.run(measured())
    case.figure("a check from memory", "us", ways["memory"])
    case.figure("a check that asks PostgreSQL", "us", ways["database"])
    case.figure("bare sqlite3 read of one column by its key", "us", ways["bare"])
    case.ratio(f"a check from memory / {GOAL_US:g} us", ways["memory"], [GOAL_US] * rounds, at_most=1.0)
    case.ratio("a check from memory / bare sqlite3 read", ways["memory"], ways["bare"])
    case.ratio("a check from memory / one that asks PostgreSQL", ways["memory"], ways["database"])


def _bare(path: Path, tokens: list[str]) -> Callable[[], float]:
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER) WITHOUT ROWID")
    conn.executemany("INSERT INTO t VALUES (?, 1)", [(token,) for token in tokens])

    def once() -> float:
        began = time.perf_counter()
        for token in tokens:
            conn.execute("SELECT v FROM t WHERE k = ?", (token,)).fetchone()
        return (time.perf_counter() - began) / len(tokens) * 1e6

    return once


def _flushes(case: Case, means: Means, account: Account, ids: list[str], url: str) -> None:
    ours, bare = [], []
    for _ in range(3):
        now = utc_now()
        for row_id in ids:
            means.recent.note(account.id, row_id, "203.0.113.9", now)
        began = time.perf_counter()
        asyncio.run(flush(means.recent, means.database, means.keyring, means.places))
        ours.append((time.perf_counter() - began) * 1000)
        with psycopg.connect(url) as conn, conn.cursor() as cursor:
            began = time.perf_counter()
            cursor.executemany(
                "UPDATE activity SET last_at = last_at WHERE account_id = %s AND row_id = %s",
                [(account.id, row_id) for row_id in ids],
            )
            conn.commit()
            bare.append((time.perf_counter() - began) * 1000)
    case.figure(f"notes of use of {len(ids):,} sessions written", "ms", ours)
    case.figure("as many bare updates by psycopg", "ms", bare)
    case.ratio("notes of use / bare updates", ours, bare)


def _endings(case: Case, cluster: object, made: list[tuple[str, str]], count: int) -> None:
    nodes = cluster.nodes  # type: ignore[attr-defined]
    node, owner = nodes[0], made[0][1]
    headers = {"cookie": f"signedin={owner}", "origin": node.base_url, "sec-fetch-site": "same-origin"}
    doomed = [row_id for row_id, _ in made[1:]]
    with httpx.Client(base_url=node.base_url, headers=headers, timeout=30) as http:
        took = [_ended(http, row_id) for row_id in doomed[:count]]
        with sampled(
            case,
            "The server that is asked for endings, while it runs (not while it waits):",
            node.process.pid,
        ):
            for row_id in doomed[count : 2 * count]:
                _ended(http, row_id)
    case.figure("an ending heard by three processes, over HTTP: median", "ms", [percentile(took, 50)])
    case.figure("an ending heard by three processes, over HTTP: p99", "ms", [percentile(took, 99)])
    case.ratio(f"median / {GOAL_MEDIAN_MS:g} ms", [percentile(took, 50)], [GOAL_MEDIAN_MS], at_most=1.0)
    case.ratio(f"p99 / {GOAL_P99_MS:g} ms", [percentile(took, 99)], [GOAL_P99_MS], at_most=1.0)
    case.facts["endings"] = f"{count} one after the other, three processes alive"


def _ended(http: httpx.Client, row_id: str) -> float:
    began = time.perf_counter()
    answer = http.delete(f"/v1/sessions/{row_id}")
    assert answer.status_code == 204, answer.text
    return (time.perf_counter() - began) * 1000
