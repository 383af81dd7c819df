"""Logout All Devices on an account with very many sessions: when it holds, when it returns, when all is tidy."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Case, percentile
from bench.filling import Filled, fill, opened, path_of
from bench.rounds import no_collection, profile_of
from signedin.actions.authenticate import authenticate
from signedin.actions.means import Means
from signedin.actions.revoke import log_out_all
from signedin.actions.sweep import sweep
from signedin.rules.account import AccountId
from signedin.rules.presence import Presence
from signedin.server.means import utc_now
from signedin.store.sqlite import open_raw

LOOK_EVERY = 0.001


@dataclass(frozen=True)
class Numbers:
    """How many sessions one account has, and how many such accounts log out."""

    sessions: int
    rounds: int


SIZES = {"tiny": Numbers(40, 1), "small": Numbers(10_000, 3), "full": Numbers(10_000, 10)}


@dataclass
class Watched:
    """What a process that goes on checking sees meanwhile, in milliseconds since the button was pressed."""

    holds_after: float = 0.0
    returned_after: float = 0.0
    tidy_after: float = 0.0
    lateness: list[float] = field(default_factory=list)
    log_bytes: int = 0


def measure(size: str, folder: Path) -> Case:
    """One account after another logs out everywhere, while somebody else is checked a thousand times a second."""
    numbers = SIZES[size]
    case = Case("logout-all", f"Logout All Devices with {numbers.sessions:,} sessions")
    with opened(folder) as means:
        neighbour = fill(means, 20, 5).tokens[0]
        seen: list[Watched] = []
        bare: list[float] = []
        for number in range(numbers.rounds):
            doomed = fill(means, 1, numbers.sessions, prefix=f"doomed-{number}")
            with no_collection():
                bare.append(_bare_commit(means))
                seen.append(asyncio.run(_one(means, doomed, neighbour)))
        _tell(case, seen, bare)
        doomed = fill(means, 1, numbers.sessions, prefix="doomed-last")
        case.profile = profile_of(lambda: _all_in_this_thread(means, doomed))
    return case


async def _one(means: Means, doomed: Filled, neighbour: str) -> Watched:
    asking = authenticate(means, doomed.tokens[0], utc_now())
    assert isinstance(asking, Presence)
    watched = Watched()
    began = time.perf_counter()
    watching = asyncio.create_task(_watch(means, doomed, neighbour, watched, began))
    await asyncio.sleep(0.05)
    pressed = time.perf_counter()
    counts = await log_out_all(means, asking, utc_now())
    watched.returned_after = (time.perf_counter() - pressed) * 1000
    assert counts.sessions_ended == len(doomed.tokens), counts
    while _rows_left(means, doomed.accounts[0]):
        await sweep(means, utc_now())
    watched.tidy_after = (time.perf_counter() - pressed) * 1000
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    watched.holds_after -= (pressed - began) * 1000
    return watched


async def _watch(means: Means, doomed: Filled, neighbour: str, watched: Watched, began: float) -> None:
    """Check a neighbour and a doomed session in turn; note how late each turn comes, and the first refusal."""
    while True:
        due = time.perf_counter() + LOOK_EVERY
        await asyncio.sleep(LOOK_EVERY)
        assert isinstance(authenticate(means, neighbour, utc_now()), Presence)
        if not watched.holds_after and not isinstance(
            authenticate(means, doomed.tokens[-1], utc_now()), Presence
        ):
            watched.holds_after = (time.perf_counter() - began) * 1000
        watched.lateness.append((time.perf_counter() - due) * 1000)
        watched.log_bytes = max(watched.log_bytes, _log_bytes(means))


def _log_bytes(means: Means) -> int:
    log = Path(f"{path_of(means)}-wal")
    return log.stat().st_size if log.exists() else 0


def _rows_left(means: Means, account_id: AccountId) -> int:
    conn = open_raw(path_of(means))
    try:
        found = conn.execute("SELECT count(*) FROM sessions WHERE account_id = ?", (account_id,)).fetchone()
        return int(found[0])
    finally:
        conn.close()


def _bare_commit(means: Means) -> float:
    """Milliseconds for one row written for good by sqlite3: what no ending can be faster than."""
    conn = open_raw(path_of(means), "FULL")
    try:
        best = float("inf")
        for turn in range(5):
            with means.database.writing():
                began = time.perf_counter()
                conn.execute("INSERT OR REPLACE INTO jobs VALUES ('bench', ?)", (turn,))
                best = min(best, time.perf_counter() - began)
        return best * 1000
    finally:
        conn.close()


def _tell(case: Case, seen: list[Watched], bare: list[float]) -> None:
    case.figure("until it holds for every check", "ms", [each.holds_after for each in seen])
    case.figure("until the action returns", "ms", [each.returned_after for each in seen])
    case.figure("until all rows are tidied", "ms", [each.tidy_after for each in seen])
    case.figure("one row committed by sqlite3 (FULL)", "ms", bare)
    lateness = "lateness of a neighbour's checks meanwhile"
    case.figure(f"{lateness}, p50", "ms", [percentile(each.lateness, 50) for each in seen])
    case.figure(f"{lateness}, p99", "ms", [percentile(each.lateness, 99) for each in seen])
    case.figure(f"{lateness}, most", "ms", [max(each.lateness) for each in seen])
    case.figure("the log beside the file, at most", "MB", [each.log_bytes / 1e6 for each in seen])
    case.ratio("until it holds / one row committed by sqlite3", [each.holds_after for each in seen], bare)
    holds = [each.holds_after for each in seen]
    case.ratio("until the action returns / until it holds", [each.returned_after for each in seen], holds)


def _all_in_this_thread(means: Means, doomed: Filled) -> None:
    """The same deed, all of it in the thread that is looked at."""
    from signedin.actions import revoke, tidy

    asking = authenticate(means, doomed.tokens[0], utc_now())
    assert isinstance(asking, Presence)
    means.database.write_now(revoke._log_out_all, means, asking, None, utc_now())
    while means.database.write_now(tidy.tidy_batch, asking.account_id, utc_now()):
        pass
