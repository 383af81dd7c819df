"""The client library from memory, beside PyJWT reading an ES256 token that nobody can revoke; and what asking costs."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Case
from bench.filling import fill, opened
from bench.machine import free_again, keep_to
from bench.sampling import sampled
from bench.serving import product
from signedin.actions.issue_key import issue_service_key
from signedin.client import SyncClient
from signedin.rules.access_key import Wish
from signedin.rules.session import AppType
from signedin.server.means import utc_now

GOAL_US, GOAL_TIMES = 3.0, 30.0


@dataclass(frozen=True)
class Numbers:
    """How much of everything."""

    people: int
    tokens: int
    rounds: int


SIZES = {"tiny": Numbers(5, 20, 1), "small": Numbers(2_000, 2_000, 9), "full": Numbers(10_000, 10_000, 15)}


def measure(size: str, folder: Path) -> Case:
    """One process asks about each session once and then answers from memory while it holds its lease."""
    numbers = SIZES[size]
    case = Case("client", "The client library in another app's process")
    with opened(folder) as means:
        tokens = fill(means, numbers.people, 5).spread(numbers.tokens)
        wish = Wish("bench", ("sessions:check",), None)
        key = asyncio.run(issue_service_key(means, wish, (AppType.WEB,), utc_now())).token
    ways: dict[str, list[float]] = {name: [] for name in ("memory", "check", "asked", "jwt")}
    requests = [
        [(b"host", b"shop.example.org"), (b"cookie", b"theme=dark; signedin=" + each.encode())]
        for each in tokens
    ]
    jwt = _jwt()
    with product(folder) as server:
        keep_to(1)
        client = SyncClient(f"http://localhost:{server.port}", key).start()
        try:
            while not client.may_answer:
                time.sleep(0.01)
            ways["asked"].append(_each(requests, client.check, time.perf_counter))
            for _ in range(numbers.rounds):
                ways["memory"].append(_each(requests, client.known))
                ways["check"].append(_each(requests, client.check))
                ways["jwt"].append(_each(requests[:500], jwt))
            from_memory = sum(client.known(each) is not None for each in requests)
            with sampled(case, "`known`, again and again:", os.getpid()):
                _again(requests, client.known, numbers.rounds / 3)
        finally:
            client.close()
    free_again()
    case.facts["sessions"] = f"{numbers.people * 5:,}, of which {len(tokens):,} are checked in turn"
    case.facts["answered from memory"] = f"{from_memory:,} of {len(tokens):,}"
    case.figure("a session that memory knows (`known`)", "us", ways["memory"])
    case.figure("the same by `check`, which would ask otherwise", "us", ways["check"])
    case.figure("a session that is asked about over HTTP", "us", ways["asked"])
    case.figure("PyJWT, ES256, one key", "us", ways["jwt"])
    case.ratio(f"from memory / {GOAL_US:g} us", ways["memory"], [GOAL_US] * numbers.rounds, at_most=1.0)
    case.ratio("PyJWT's ES256 / from memory", ways["jwt"], ways["memory"], at_least=GOAL_TIMES)
    return case


def _each(
    requests: list[list[tuple[bytes, bytes]]],
    ask: Callable[[list[tuple[bytes, bytes]]], object],
    clock: Callable[[], float] = time.thread_time,
) -> float:
    began = clock()
    for each in requests:
        ask(each)
    return (clock() - began) / len(requests) * 1e6


def _again(
    requests: list[list[tuple[bytes, bytes]]],
    ask: Callable[[list[tuple[bytes, bytes]]], object],
    seconds: float,
) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for each in requests:
            ask(each)


def _jwt() -> Callable[[object], object]:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    claims = {"sub": "73567828582056094", "aud": "shop", "exp": time.time() + 3600, "scope": "openid"}
    token, public = jwt.encode(claims, key, algorithm="ES256"), key.public_key()

    def read(_: object) -> object:
        return jwt.decode(token, public, algorithms=["ES256"], audience="shop")

    return read
