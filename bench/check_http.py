"""`/v1/check` over HTTP, beside a bare ASGI callable that answers the same bytes on the same uvicorn."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Case, percentile
from bench.filling import Filled, fill, opened
from bench.machine import free_again, keep_to
from bench.rotating import rate_of
from bench.sampling import sampled
from bench.serving import Serving, bare, product
from bench.wire import request, steady
from signedin.rules.secret import Kind, WayKeys, make_token

PATH = "/v1/check"
GOAL = 0.6
LATE = 2.0
UNCACHED = "an uncached session"
TOO_FEW = "There were fewer sessions than were asked about: some that count as uncached were met again."


@dataclass(frozen=True)
class Numbers:
    """How much of everything."""

    people: int
    tokens: int
    seconds: float
    rounds: int
    rate: int
    turn: float
    """Seconds in which uses are written once."""


SIZES = {
    "tiny": Numbers(5, 10, 0.2, 1, 100, 0.2),
    "small": Numbers(10_000, 5_000, 2, 5, 3_000, 21),
    "full": Numbers(10_000, 5_000, 5, 10, 3_000, 21),
}


def measure(size: str, folder: Path) -> Case:
    """Who is met every moment, 5,000 in turn; nobody's tokens; who is met for the first time; at 16 and 64 connections."""
    numbers = SIZES[size]
    case = Case("check-http", "The check for proxies, over HTTP")
    with opened(folder) as means:
        filled = fill(means, numbers.people, 5)
        keys = means.keyring.way_keys
    with ExitStack() as stack:
        plain = stack.enter_context(bare(folder, "check"))
        server = stack.enter_context(product(folder))
        for connections in (16, 64):
            _rates(case, numbers, folder, filled, keys, connections, plain, server)
        _lateness(case, numbers, filled, plain, server)
        _while_uses_are_written(case, numbers, filled, plain, server)
        if case.is_missed:
            with sampled(case, "The server under 16 connections:", server.pid):
                rate_of(
                    server.port, PATH, filled.spread(numbers.tokens), numbers.seconds, 16, folder, status=200
                )
    free_again()
    case.facts["request"] = f"GET {PATH}, server on one core, client on another"
    case.facts["sessions"] = f"{numbers.people * 5:,}, of which {numbers.tokens:,} are asked for in turn"
    case.facts["uncached"] = "a process that has just begun and knows no session, each asked about once"
    case.notes.append(
        "On SQLite no answer is kept in memory: each check reads the file. Of a session that is met again only what "
        "never changes of it is not read again; of one that is uncached everything is."
    )
    return case


def _rates(
    case: Case, numbers: Numbers, folder: Path, filled: Filled, keys: WayKeys, connections: int,
    plain: Serving, server: Serving,
) -> None:  # fmt: skip
    chance, live = random.Random(connections), filled.spread(numbers.tokens)
    unknown = [make_token(Kind.SES, chance.choice(filled.accounts), keys) for _ in range(numbers.tokens)]
    asked = {
        "bare ASGI callable": (plain, live, 200), "a session": (server, live, 200), "an unknown token": (server, unknown, 401),
    }  # fmt: skip
    found: dict[str, list[float]] = {name: [] for name in (*asked, UNCACHED)}
    for _ in range(numbers.rounds):
        for name, (where, tokens, status) in asked.items():
            rate = rate_of(where.port, PATH, tokens, numbers.seconds, connections, folder, status=status)
            found[name].append(rate)
        found[UNCACHED].append(_uncached(case, numbers, folder, filled, unknown, connections))
    for name, values in found.items():
        case.figure(f"{name}; {connections} connections", "requests/s", values, is_rate=True)
    first = found["bare ASGI callable"]
    case.ratio(
        f"a session / bare; {connections} connections", found["a session"], first, at_least=GOAL, are_rates=True
    )  # fmt: skip
    for name in ("an unknown token", UNCACHED):
        case.ratio(f"{name} / bare; {connections} connections", found[name], first, are_rates=True)


def _uncached(
    case: Case, numbers: Numbers, folder: Path, filled: Filled, unknown: list[str], connections: int
) -> float:
    """Sessions from all over, that a process of their own has never met; it has warmed up on nobody's tokens."""
    live = filled.spread(len(filled.tokens))
    with product(folder) as server:
        rate_of(server.port, PATH, unknown, 1, connections, folder, status=401)
        rate = rate_of(server.port, PATH, live, numbers.seconds, connections, folder, status=200)
    if rate * max(1, numbers.seconds) > len(live) and TOO_FEW not in case.notes:
        case.notes.append(TOO_FEW)
    return rate


def _lateness(case: Case, numbers: Numbers, filled: Filled, plain: Serving, server: Serving) -> None:
    keep_to(1)
    found: dict[str, list[float]] = {"bare": [], "check": []}
    for _ in range(numbers.rounds):
        for name, where in (("bare", plain), ("check", server)):
            asked = [
                request(PATH, {"signedin": each}, port=where.port) for each in filled.spread(numbers.tokens)
            ]
            load = asyncio.run(steady(where.port, asked, numbers.rate, numbers.seconds))
            found[name].append(percentile(load.milliseconds, 99))
    for name, values in found.items():
        case.figure(f"p99 at {numbers.rate:,} a second; {name}", "ms", values)
    case.ratio(f"p99 at {numbers.rate:,} a second; check / bare", found["check"], found["bare"], at_most=LATE)


def _while_uses_are_written(
    case: Case, numbers: Numbers, filled: Filled, plain: Serving, server: Serving
) -> None:
    """Over a whole turn in which the uses of all these sessions are written, at a rate that leaves time for it."""
    rate, found = numbers.rate // 2, {}
    for name, where in (("bare", plain), ("check", server)):
        asked = [request(PATH, {"signedin": each}, port=where.port) for each in filled.spread(numbers.tokens)]
        load = asyncio.run(steady(where.port, asked, rate, numbers.turn))
        found[name] = [percentile(load.milliseconds, 99)]
        case.figure(f"p99 at {rate:,} a second while uses are written; {name}", "ms", found[name])
    case.ratio(
        f"p99 at {rate:,} a second while uses are written; check / bare", found["check"], found["bare"]
    )
