"""People sign in back to back beside a steady stream of checks: what the checks feel of it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Case, percentile
from bench.filling import AGENTS, PASSWORD, Filled, fill, opened
from bench.machine import free_again, keep_to
from bench.sampling import sampled
from bench.serving import Serving, product
from bench.stopwatch import Point, stopwatch
from bench.wire import Load, Wire, request, steady
from signedin.actions import sign_in
from signedin.actions.means import Means
from signedin.actions.sign_in import Ticks, Visit
from signedin.gate.user_agent import read_device
from signedin.server.means import utc_now
from signedin.store import limits
from signedin.store.passwords import PasswordHasher

GOAL = 3.0
CHECKS_A_SECOND = 200
PEOPLE = 8
ALIVE = "/settings/sessions/alive"


@dataclass(frozen=True)
class Numbers:
    """How long a phase lasts, and how many pairs of phases there are."""

    seconds: float
    rounds: int


SIZES = {"tiny": Numbers(0.5, 1), "small": Numbers(4, 4), "full": Numbers(10, 10)}


@dataclass
class Burst:
    """What became of the sign-ins."""

    statuses: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)


def measure(size: str, folder: Path) -> Case:
    """Checks at a fixed rate, quiet and with eight people signing in, in turn."""
    numbers = SIZES[size]
    case = Case("burst", "A burst of sign-ins beside checks")
    with opened(folder) as means:
        filled = fill(means, PEOPLE * 8, 5)
        asyncio.run(_take_apart(means, case, filled, 3 if size == "tiny" else 30))
    quiet: list[Load] = []
    beside: list[Load] = []
    bursts: list[Burst] = []
    with product(folder) as server:
        keep_to(1)
        for _ in range(numbers.rounds):
            load, _ = asyncio.run(_phase(server, filled, numbers.seconds, people=0))
            quiet.append(load)
            load, burst = asyncio.run(_phase(server, filled, numbers.seconds, people=PEOPLE))
            beside.append(load)
            bursts.append(burst)
        with sampled(case, "The server while eight people sign in:", server.pid):
            asyncio.run(_phase(server, filled, numbers.seconds, people=PEOPLE))
        free_again()
    _tell(case, quiet, beside, bursts, numbers)
    return case


async def _phase(server: Serving, filled: Filled, seconds: float, *, people: int) -> tuple[Load, Burst]:
    asked = [request(ALIVE, {"signedin": token}, port=server.port) for token in filled.spread(200)]
    burst, stop = Burst(), asyncio.Event()
    signing_in = [
        asyncio.create_task(_person(server, filled.emails[at::people], f"203.0.113.{at + 1}", burst, stop))
        for at in range(people)
    ]
    load = await steady(server.port, asked, CHECKS_A_SECOND, seconds)
    stop.set()
    await asyncio.gather(*signing_in)
    return load, burst


async def _person(
    server: Serving, emails: list[str], address: str, burst: Burst, stop: asyncio.Event
) -> None:
    """Sign in at one account after another, as fast as it goes, in the same browser."""
    wire, port = Wire(server.port), server.port
    page = await wire.ask(request("/sign-in", port=port, address=address))
    found = re.search(rb'name="csrf" value="([^"]+)"', page.body)
    assert found is not None, page.body[:500]
    jar, turn = page.cookies(), 0
    while not stop.is_set():
        fields = {"csrf": found[1].decode(), "email": emails[turn % len(emails)], "password": PASSWORD}
        turn, began = turn + 1, time.perf_counter()
        answer = await wire.ask(request("/sign-in", jar, fields, port=port, address=address))
        burst.milliseconds.append((time.perf_counter() - began) * 1000)
        burst.statuses[answer.status] += 1
    wire.close()


def _tell(case: Case, quiet: list[Load], beside: list[Load], bursts: list[Burst], numbers: Numbers) -> None:
    for percent in (50, 99):
        for name, loads in (("quiet", quiet), ("beside sign-ins", beside)):
            values = [percentile(load.milliseconds, percent) for load in loads]
            case.figure(f"p{percent} of checks; {name}", "ms", values)
        above, below = (
            [percentile(load.milliseconds, percent) for load in loads] for loads in (beside, quiet)
        )
        goal = GOAL if percent == 99 else None
        case.ratio(f"p{percent} of checks beside sign-ins / quiet", above, below, at_most=goal)
    everything = Counter[int]()
    for load in (*quiet, *beside):
        everything += load.statuses
    signed_in = Counter[int]()
    for burst in bursts:
        signed_in += burst.statuses
    case.figure("sign-ins", "1/s", [burst.statuses[303] / numbers.seconds for burst in bursts], is_rate=True)
    case.figure("p50 of a sign-in", "ms", [percentile(burst.milliseconds, 50) for burst in bursts])
    case.facts["checks answered"] = ", ".join(f"{count:,} x {status}" for status, count in everything.items())
    case.facts["sign-ins answered"] = ", ".join(
        f"{count:,} x {status}" for status, count in signed_in.items()
    )
    case.facts["load"] = f"{CHECKS_A_SECOND} checks a second over 16 connections; {PEOPLE} people signing in"


PARTS: dict[str, Point] = {
    "argon2id": (PasswordHasher, "verify_now"),
    "look-up": (sign_in, "_look_up"),
    "counting the attempt": (limits, "reserve"),
    "the session begins": (sign_in, "begin"),
    "forgiving the attempt": (limits, "forgive"),
}


async def _take_apart(means: Means, case: Case, filled: Filled, count: int) -> None:
    """Where the time of one sign-in goes; what is no argon2id competes with checks for the interpreter."""
    visit = Visit("203.0.113.77", "bench", read_device(AGENTS[0], {}), "bench")
    with stopwatch(PARTS, time.perf_counter) as spent:
        began = time.perf_counter()
        for at in range(count):
            email = filled.emails[at % len(filled.emails)]
            await sign_in.sign_in(means, email, PASSWORD, visit, Ticks(), utc_now())
        whole = time.perf_counter() - began
    parts = [f"{name} {seconds / count * 1000:.1f}" for name, seconds in spent.items()]
    rest = whole - sum(spent.values())
    parts.append(f"commits and hops {rest / count * 1000:.1f}")
    case.facts["one sign-in, ms"] = ", ".join(parts)
