"""The check over HTTP: requests a second, layer by layer, beside a bare ASGI callable on the same uvicorn."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Case
from bench.filling import fill, opened
from bench.machine import free_again
from bench.serving import Serving, bare, product
from bench.wire import as_fast_as_it_goes, request

PATH = "/settings/sessions/alive"


@dataclass(frozen=True)
class Numbers:
    """How much of everything."""

    people: int
    seconds: float
    rounds: int


SIZES = {"tiny": Numbers(5, 0.2, 1), "small": Numbers(2_000, 2, 3), "full": Numbers(20_000, 5, 10)}


def measure(size: str, folder: Path) -> Case:
    """Is this browser still signed in? asked as fast as the server answers."""
    numbers = SIZES[size]
    case = Case("gate", "The check over HTTP")
    with opened(folder) as means:
        token = fill(means, numbers.people, 5).tokens[0]
    rates: dict[str, list[float]] = {"bare ASGI callable": [], "behind the gate": [], "the product": []}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(bare(folder, "bare")),
            stack.enter_context(bare(folder, "gate")),
            stack.enter_context(product(folder)),
        ]
        for _ in range(numbers.rounds):
            for name, server in zip(rates, servers, strict=True):
                rate, who = _rate(server, token, numbers.seconds)
                rates[name].append(rate)
                case.facts["client"] = who
    free_again()
    for name, values in rates.items():
        case.figure(name, "requests/s", values, is_rate=True)
    first = rates["bare ASGI callable"]
    case.ratio("behind the gate / bare", rates["behind the gate"], first, are_rates=True)
    case.ratio("the product / bare", rates["the product"], first, are_rates=True)
    case.facts["request"] = f"GET {PATH}, 16 connections, server on one core, client on another"
    case.facts["sessions"] = f"{numbers.people * 5:,}"
    case.notes.append(
        "Between the gate and the product stands the framework: routing, its request and its answer. "
        "The hot path for other programs, `/v1/check`, answers in front of both: case `check-http`."
    )
    return case


def _rate(server: Serving, token: str, seconds: float) -> tuple[float, str]:
    cookie = f"signedin={token}"
    asked = request(PATH, {"signedin": token}, port=server.port)
    return as_fast_as_it_goes(server.port, asked, PATH, cookie, seconds, core=1)
