"""The memory of the server process: at rest, after very long lists, after a flood of unknown tokens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Case
from bench.filling import Filled, fill, opened
from bench.machine import free_again, keep_to
from bench.serving import Serving, product
from bench.wire import each_once, request
from signedin.rules.secret import Kind, WayKeys, make_token

MOST_GROWTH = 1.02
ALIVE = "/settings/sessions/alive"


@dataclass(frozen=True)
class Numbers:
    """How long the list is, and how many tokens come in a wave."""

    sessions: int
    wave: int
    loads: int


SIZES = {"tiny": Numbers(30, 40, 1), "small": Numbers(10_000, 4_000, 3), "full": Numbers(10_000, 50_000, 10)}


def measure(size: str, folder: Path) -> Case:
    """One server, from its start to the end of the flood."""
    numbers = SIZES[size]
    case = Case("memory", "Memory of the server process", minds_neighbours=False)
    with opened(folder) as means:
        owner = fill(means, 1, numbers.sessions, prefix="owner").tokens[0]
        crowd = fill(means, max(1, numbers.wave // 5), 5)
        keys = means.keyring.way_keys
    with product(folder) as server:
        keep_to(1)
        asyncio.run(_through(server, case, owner, crowd, keys, numbers))
        free_again()
    case.facts["a wave"] = f"{numbers.wave:,} requests, each with a token of its own, from as many networks"
    case.notes.append(
        "Memory that was once taken is kept by the allocator: what counts is that it stops growing."
    )
    return case


async def _through(
    server: Serving, case: Case, owner: str, crowd: Filled, keys: WayKeys, numbers: Numbers
) -> None:
    def tell(name: str) -> float:
        case.figure(name, "MB", [server.megabytes])
        return server.megabytes

    await each_once(server.port, [request("/sign-in", port=server.port)] * 20)
    at_rest = tell("at rest, after a few pages")
    pages = [
        request(path, {"signedin": owner}, port=server.port)
        for path in ("/settings/sessions", "/v1/sessions?limit=200")
    ]
    await each_once(server.port, pages * numbers.loads)
    tell(f"after lists of {numbers.sessions:,} sessions")
    await each_once(server.port, [_with(token, server, at) for at, token in enumerate(crowd.tokens)])
    after_crowd = tell(f"after {len(crowd.tokens):,} different sessions")
    waves = []
    for number in range(3):
        answered = await each_once(server.port, _unknown(server, crowd, keys, numbers.wave, number))
        case.facts[f"answered in wave {number + 1}"] = ", ".join(f"{n:,} x {s}" for s, n in answered.items())
        waves.append(tell(f"after wave {number + 1} of unknown tokens"))
    case.goal("after the third wave / after the second", waves[2] / waves[1], at_most=MOST_GROWTH)
    case.goal("at the end / at rest", waves[2] / at_rest)
    case.goal("after the waves / before them", waves[2] / after_crowd)


def _with(token: str, server: Serving, number: int) -> bytes:
    address = f"198.{18 + (number >> 16) % 2}.{number >> 8 & 255}.{number & 255}"
    return request(ALIVE, {"signedin": token}, port=server.port, address=address)


def _unknown(server: Serving, crowd: Filled, keys: WayKeys, count: int, wave: int) -> list[bytes]:
    accounts = crowd.accounts
    tokens = (make_token(Kind.SES, accounts[at % len(accounts)], keys) for at in range(count))
    return [_with(token, server, wave * count + at) for at, token in enumerate(tokens)]
