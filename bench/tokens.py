"""What an authorization server does all day, beside npm oidc-provider: codes, refreshes, introspection, userinfo."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.figures import Case
from bench.filling import fill, opened
from bench.giving import CALLBACK, CLIENT, VERIFIER, Giving
from bench.installing import Missing, installed, said_by, versions
from bench.machine import ROOT, free_again, keep_to, processor_seconds
from bench.sampling import sampled
from bench.serving import Serving, free_port, product, running
from bench.wire import Wire
from signedin.rules.pkce import challenge_of

NAMED = ROOT / "bench" / "peers" / "oidc_provider"
OURS, THEIRS = "Signedin", "oidc-provider"
CONNECTIONS = 16
DEEDS = ("a code redeemed", "a refresh", "an introspection", "userinfo")
GOALS = {"a refresh": 1.0, "an introspection": 3.0}


@dataclass(frozen=True)
class Numbers:
    """How much of everything."""

    people: int
    codes: int
    asked: int
    rounds: int
    hurried: bool = False


SIZES = {
    "tiny": Numbers(20, 20, 40, 1, hurried=True),
    "small": Numbers(10_000, 400, 3_000, 5),
    "full": Numbers(100_000, 1_000, 10_000, 10),
}


@dataclass(frozen=True)
class Asked:
    """An authorization server, where its endpoints are, and who makes codes as its consents would."""

    serving: Serving
    paths: dict[str, str]
    secret: str
    codes: Callable[[int], list[str]]


def measure(size: str, folder: Path) -> Case:
    """The four deeds in turn, each with credentials that the one before left, on SQLite both."""
    numbers, case = SIZES[size], Case("tokens", "Tokens beside another authorization server")
    with ExitStack() as stack:
        asked = {OURS: stack.enter_context(_ours(folder, numbers))}
        try:
            asked[THEIRS] = stack.enter_context(_theirs(folder, asked[OURS].secret, numbers))
            case.facts[THEIRS] = (
                f"{versions(NAMED)}; one Node process, its adapter on better-sqlite3 (WAL, FULL)"
            )
            case.facts["node"] = said_by("node", "--version")
        except Missing as why:
            case.notes.append(f"{THEIRS} was left out: {why}.")
        keep_to(1)
        _rounds(case, asked, numbers)
        if case.is_missed:
            with sampled(case, f"{OURS}, all four deeds:", asked[OURS].serving.pid):
                _round(asked[OURS], numbers)
    free_again()
    case.facts["requests"] = (
        f"{CONNECTIONS} connections, server on one core, client on another; loopback http"
    )
    case.facts["tokens"] = (
        f"opaque, ID tokens by RS256, refresh tokens in rotation; {numbers.people:,} people of ours"
    )
    return case


def _rounds(case: Case, asked: dict[str, Asked], numbers: Numbers) -> None:
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for number in range(numbers.rounds + 1):
        for name, who in asked.items():
            measured = _round(who, numbers)
            if number:  # compilers and caches are warm from then on
                for deed in DEEDS:
                    found.setdefault((deed, name), []).append(measured[deed])
    for (deed, name), pairs in found.items():
        case.figure(f"{deed}; {name}", "requests/s", [rate for rate, _ in pairs], is_rate=True)
    for (deed, name), pairs in found.items():
        case.figure(
            f"{deed}; {name}: processor time of the server", "us a request", [each for _, each in pairs]
        )
    for deed in DEEDS if THEIRS in asked else ():
        ours, theirs = ([rate for rate, _ in found[deed, name]] for name in (OURS, THEIRS))
        case.ratio(f"{deed}; {OURS} / {THEIRS}", ours, theirs, at_least=GOALS.get(deed), are_rates=True)


def _round(who: Asked, numbers: Numbers) -> dict[str, tuple[float, float]]:
    """Requests a second and microseconds of the server's processor each, deed by deed."""
    found: dict[str, tuple[float, float]] = {}

    def timed(deed: str, requests: list[bytes]) -> list[dict[str, Any]]:
        used, began = processor_seconds(who.serving.pid), time.perf_counter()
        answers = asyncio.run(_each_once(who.serving.port, requests))
        took, used = time.perf_counter() - began, processor_seconds(who.serving.pid) - used
        found[deed] = (len(requests) / took, used / len(requests) * 1e6)
        return answers

    def form(path: str, fields: dict[str, str]) -> bytes:
        return _request(who, who.paths[path], fields)

    proof = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    codes = who.codes(numbers.codes)
    told = timed(DEEDS[0], [form("token", proof | {"code": each}) for each in codes])
    for _ in range(2):
        again = [
            form("token", {"grant_type": "refresh_token", "refresh_token": each["refresh_token"]})
            for each in told
        ]
        told = timed(DEEDS[1], again)
    live = [each["access_token"] for each in told]
    chosen = random.Random(7).choices(live, k=numbers.asked)
    said = timed(DEEDS[2], [form("introspect", {"token": each}) for each in chosen])
    if not all(each["active"] and each["sub"] for each in said):
        raise RuntimeError("a living token was told as dead")
    people = timed(DEEDS[3], [_request(who, who.paths["userinfo"], None, each) for each in chosen])
    if [each["sub"] for each in people] != [each["sub"] for each in said]:
        raise RuntimeError("userinfo and introspection tell of different people")
    return found


async def _each_once(port: int, requests: Iterable[bytes]) -> list[dict[str, Any]]:
    """The answers in the order of the requests, over a few connections; each has to be 200."""
    turn, answers = iter(enumerate(requests)), dict[int, dict[str, Any]]()

    async def one_connection() -> None:
        wire = Wire(port)
        for number, each in turn:
            answer = await wire.ask(each)
            if answer.status != 200:
                raise RuntimeError(f"answered {answer}")
            answers[number] = json.loads(answer.body)
        wire.close()

    await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))
    return [answers[number] for number in sorted(answers)]


def _request(who: Asked, path: str, fields: dict[str, str] | None, bearer: str = "") -> bytes:
    body = b"" if fields is None else urlencode(fields).encode()
    proof = f"Bearer {bearer}" if bearer else "Basic " + b64encode(f"{CLIENT}:{who.secret}".encode()).decode()
    lines = [f"{'GET' if fields is None else 'POST'} {path} HTTP/1.1", f"Host: localhost:{who.serving.port}",
             f"Authorization: {proof}"]  # fmt: skip
    if fields is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextmanager
def _ours(folder: Path, numbers: Numbers) -> Iterator[Asked]:
    home = folder / "signedin"
    home.mkdir()
    with opened(home) as means:
        giving = Giving(means, fill(means, numbers.people, 1).accounts)
        with product(home) as serving:
            paths = {name: f"/oauth/{name}" for name in ("token", "introspect", "userinfo")}
            yield Asked(serving, paths, giving.secret, giving.codes)


@contextmanager
def _theirs(folder: Path, secret: str, numbers: Numbers) -> Iterator[Asked]:
    """Raises: Missing when this machine lacks something it needs."""
    packages, home, port = installed(NAMED, hurried=numbers.hurried), folder / "theirs", free_port()
    shutil.copytree(NAMED, home)
    (home / "node_modules").symlink_to(packages / "node_modules")
    own = {"NODE_ENV": "production", "CLIENT": CLIENT, "SECRET": secret, "CHALLENGE": challenge_of(VERIFIER)}
    with running(["node", "peer.mjs", "serve", str(port)], port, 0, home, own) as serving:

        def codes(count: int) -> list[str]:
            async def ask() -> bytes:
                wire = Wire(port)
                answer = await wire.ask(
                    f"POST /codes?n={count} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n".encode()
                )
                wire.close()
                return answer.body

            return list(json.loads(asyncio.run(ask())))

        yield Asked(
            serving,
            {"token": "/token", "introspect": "/token/introspection", "userinfo": "/me"},
            secret,
            codes,
        )
