"""`/v1/check` beside what other libraries answer when an app asks whose session this is, in turn, in one run."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import Case
from bench.filling import fill, opened
from bench.installing import Missing, installed, needs, said_by, versions
from bench.machine import ROOT, free_again, processor_seconds
from bench.rotating import as_cookie, rate_of
from bench.sampling import sampled
from bench.serving import Serving, free_port, product, running
from bench.wire import Answer, Wire, request
from signedin.rules.secret import Kind, make_token

NAMED = ROOT / "bench" / "peers"
SESSIONS_EACH = 5
CONNECTIONS = 16
CHECKED = 100
"""Of so many sessions it is asserted whose they are, before anything is measured."""
OURS = "Signedin"


@dataclass(frozen=True)
class Numbers:
    """How much of everything."""

    people: int
    asked: int
    seconds: float
    rounds: int
    hurried: bool = False
    """Whether what would have to be compiled first is left out."""


SIZES = {
    "tiny": Numbers(5, 10, 0.2, 1, hurried=True),
    "small": Numbers(10_000, 5_000, 2, 5),
    "full": Numbers(10_000, 5_000, 5, 10),
}


@dataclass(frozen=True)
class Peer:
    """A library that answers the same question, and how it is run."""

    name: str
    folder: str
    run: str
    work: str
    goal: float | None = None
    ends_at_once: bool = True
    own: dict[str, str] = field(default_factory=dict)


PEERS = (
    Peer("better-auth, cookie cache off", "better_auth",
         "one Node process, better-sqlite3 (WAL), auth.api.getSession behind node:http",
         "two reads; a use is written once a day", goal=40),
    Peer("better-auth, cookie cache on", "better_auth", "the same",
         "a signature, no read; goes on letting in what has ended until the cookie's cache is over",
         ends_at_once=False, own={"COOKIE_CACHE": "1"}),
    Peer("django-allauth, activity tracked", "django_allauth",
         "one gunicorn worker of four threads, kept connections, SQLite (WAL)",
         "four reads and a write of the last use; expiry does not slide", goal=60),
    Peer("express-session + Redis", "express_session", "one Node process, redis-server on the client's core",
         "GET and EXPIRE; no accounts, no list, no Logout All", goal=5),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """Something that answers whose a session is: lines of cookies, and whose they are."""

    serving: Serving
    path: str
    live: list[tuple[str, str]]
    unknown: str
    ended: str = ""
    ends_at_once: bool = True


def measure(size: str, folder: Path) -> Case:
    """Everybody's 50,000 sessions, 5,000 of them in turn, at 16 connections."""
    numbers, case = SIZES[size], Case("peers", "The check beside other libraries")
    with ExitStack() as stack:
        asked = {OURS: stack.enter_context(_ours(folder, numbers))}
        for peer in PEERS:
            try:
                asked[peer.name] = stack.enter_context(_theirs(folder, peer, numbers))
            except Missing as why:
                case.notes.append(f"{peer.name} was left out: {why}.")
        for name, who in asked.items():
            asyncio.run(_knows_whom(name, who))
        _rates(case, asked, folder, numbers)
        if case.is_missed:
            with sampled(case, f"{OURS}:", asked[OURS].serving.pid):
                _rate(asked[OURS], folder, numbers.seconds)
    free_again()
    for peer in PEERS:
        if peer.name in asked:
            case.facts[peer.name] = f"{versions(NAMED / peer.folder)}; {peer.run}; {peer.work}"
    for program in filter(shutil.which, ("node", "redis-server")):
        case.facts[program] = said_by(program, "--version")
    case.facts["request"] = (
        f"whose session this is, {CONNECTIONS} connections, server on one core, client on another"
    )
    case.facts["sessions"] = (
        f"{numbers.people * SESSIONS_EACH:,} each, of which {numbers.asked:,} are asked for in turn"
    )
    return case


def _rates(case: Case, asked: dict[str, Asked], folder: Path, numbers: Numbers) -> None:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in asked}
    for number in range(numbers.rounds + 1):
        for name, who in asked.items():
            measured = _rate(who, folder, numbers.seconds)
            if number:  # compilers and caches are warm from then on
                found[name].append(measured)
    rates = {name: [rate for rate, _ in values] for name, values in found.items()}
    for name, values in rates.items():
        case.figure(name, "requests/s", values, is_rate=True)
    for name, pairs in found.items():
        case.figure(f"{name}: processor time of the server", "us a request", [each for _, each in pairs])
    for peer in PEERS:
        if peer.name in rates:
            case.ratio(
                f"{OURS} / {peer.name}", rates[OURS], rates[peer.name], at_least=peer.goal, are_rates=True
            )


def _rate(who: Asked, folder: Path, seconds: float) -> tuple[float, float]:
    """Requests a second, and microseconds of processor time for each (Linux): what busy neighbours change little."""
    used, began = processor_seconds(who.serving.pid), time.monotonic()
    lines = [line for line, _ in who.live]
    rate = rate_of(who.serving.port, who.path, lines, seconds, CONNECTIONS, folder, status=200, before="")
    took = time.monotonic() - began
    return rate, (processor_seconds(who.serving.pid) - used) / (rate * took) * 1e6


@contextmanager
def _ours(folder: Path, numbers: Numbers) -> Iterator[Asked]:
    home = folder / "signedin"
    home.mkdir()
    with opened(home) as means:
        filled = fill(means, numbers.people, SESSIONS_EACH)
        unknown = make_token(Kind.SES, filled.accounts[0], means.keyring.way_keys)
    whose = [str(int(filled.accounts[at // SESSIONS_EACH])) for at in range(len(filled.tokens))]
    live = random.Random(7).sample(list(zip(filled.tokens, whose, strict=True)), numbers.asked)
    with product(home) as serving:
        lines = [(f"signedin={token}", user) for token, user in live]
        yield Asked(serving, "/v1/check", lines, f"signedin={unknown}")


@contextmanager
def _theirs(folder: Path, peer: Peer, numbers: Numbers) -> Iterator[Asked]:
    """The peer in a folder of its own, filled by its own program.

    Raises: Missing when this machine lacks something it needs.
    """
    packages = installed(NAMED / peer.folder, hurried=numbers.hurried)
    home, port = folder / peer.name.replace(" ", "-"), free_port()
    shutil.copytree(NAMED / peer.folder, home)
    own = {"NODE_ENV": "production", "PYTHONPATH": f"{packages}{os.pathsep}{home}", **peer.own}
    with ExitStack() as stack:
        if peer.folder == "express_session":
            own["REDIS_URL"] = stack.enter_context(_redis(home))
        if (packages / "node_modules").exists():
            (home / "node_modules").symlink_to(packages / "node_modules")
            filling, words = ["node", "peer.mjs", "fill"], ["node", "peer.mjs", "serve", str(port)]
        else:
            alone = [sys.executable, "-S"]  # nothing of the bench's own environment
            filling, words = [*alone, "peer.py", "fill"], [*alone, "-m", "gunicorn", *_gunicorn(port)]
        how_many = map(str, (numbers.people, SESSIONS_EACH, numbers.asked))
        subprocess.run([*filling, *how_many], cwd=home, env={**os.environ, **own}, check=True)
        told = json.loads((home / "cookies.json").read_text())
        live = [(each["cookie"], str(each["user"])) for each in told["live"]]
        serving = stack.enter_context(running(words, port, 0, home, own))
        yield Asked(serving, "/who", live, told["unknown"], told["ended"], peer.ends_at_once)


def _gunicorn(port: int) -> list[str]:
    return ["--worker-class=gthread", "--workers=1", "--threads=4", "--keep-alive=75", "--log-level=warning", "--no-control-socket",
            f"--bind=127.0.0.1:{port}", "peer:application"]  # fmt: skip


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    needs("redis-server")
    port = free_port()
    words = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    with running(words, port, 1, folder, {}):
        yield f"redis://127.0.0.1:{port}/0"


async def _knows_whom(name: str, who: Asked) -> None:
    """Whose each session is; nobody for what it has never seen; and whether an end holds at once, as is said of it."""
    wire = Wire(who.serving.port)

    async def ask(line: str) -> Answer:
        return await wire.ask(request(who.path, as_cookie(line), port=who.serving.port))

    for line, user in who.live[:CHECKED]:
        answer = await ask(line)
        if answer.status != 200 or _user(answer) != user:
            raise RuntimeError(f"{name} answered {answer} for a session of {user}")
    expected = {who.unknown: 401} | ({who.ended: 401 if who.ends_at_once else 200} if who.ended else {})
    for line, status in expected.items():
        answer = await ask(line)
        if answer.status != status:
            raise RuntimeError(f"{name} answered {answer}, not {status}")
    wire.close()


def _user(answer: Answer) -> str:
    ours = dict(answer.headers).get("signedin-account")
    return ours or str(json.loads(answer.body)["user"])
