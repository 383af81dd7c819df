"""What a server does by itself, beside answering: notes of use, letters, the sweep, and its lease."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

import structlog
from litestar import Litestar

from signedin.actions.audit import anchor
from signedin.actions.count_overview import count_overview, note_refused
from signedin.actions.go_on_ending import go_on_with_all
from signedin.actions.keep_lease import Leases, standing
from signedin.actions.note_failed import write_failed
from signedin.actions.note_use import FLUSH_EVERY, flush
from signedin.actions.sweep import sweep
from signedin.actions.take_up import take_up
from signedin.gate.lease import hold_lease
from signedin.post.calling import Caller
from signedin.post.deliver import deliver, to_folder, to_server
from signedin.post.logouts import Logouts
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.lease import RENEW_EVERY
from signedin.server import metrics
from signedin.server.server import Server

TELLS_EVERY = 2
"""Seconds until a client begins to hear of an ending."""
TELLS_FAILED_EVERY = 15
"""Seconds until wrong passwords that are over stand in Activity."""
LOOKS_FOR_MANY_EVERY = 1
"""Seconds until an ending for many begins to go on, or is taken over."""
COUNTS_EVERY = 60
"""Seconds until refused sign-ins are counted with those of other processes; all the rest is counted less often."""
log = structlog.get_logger("signedin.server")


@asynccontextmanager
async def running(server: Server, _: Litestar | None = None) -> AsyncIterator[None]:
    """Everything that runs by itself, for as long as the application serves."""
    await take_up_uses(server)
    caller = Caller(server.settings.private_receivers)
    logouts = Logouts(server.means, caller, server.settings.base_url, server.clock)
    jobs = [
        asyncio.create_task(_every(FLUSH_EVERY.total_seconds(), "flush", lambda: flush_now(server))),
        asyncio.create_task(
            _every(TELLS_FAILED_EVERY, "failed", lambda: write_failed(server.means, server.clock()))
        ),
        asyncio.create_task(_every(5, "post", lambda: _post(server))),
        asyncio.create_task(_every(TELLS_EVERY, "logouts", logouts.begin, at_once=True)),
        asyncio.create_task(_every(300, "sweep", lambda: sweep(server.means, server.clock()), at_once=True)),
        asyncio.create_task(_every(LOOKS_FOR_MANY_EVERY, "endings", _going_on(server))),
        asyncio.create_task(_every(COUNTS_EVERY, "overview", _counting(server), at_once=True)),
        *_holding_a_lease(server),
    ]
    try:
        with metrics.told(server):
            yield
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await logouts.stop()
        await caller.close()
        await _at_last(server)
        await server.ear.close()
        if server.means.lines is not None:
            await server.means.lines.close()
        if server.closes_itself:
            await asyncio.to_thread(server.close)


async def _at_last(server: Server) -> None:
    """Write what this process holds; what cannot be written keeps nothing else from being written."""
    means, now = server.means, server.clock()
    for deed in (
        flush_now(server), note_refused(means, now), write_failed(means, now, all_of_it=True), anchor(means, now),
    ):  # fmt: skip
        with suppress(Exception):
            await deed


def _holding_a_lease(server: Server) -> list[asyncio.Task[None]]:
    """On PostgreSQL: the lease, and the ear that hears of endings before the next renewal."""
    lease, bus = server.lease, server.means.bus
    if lease is None or bus is None:
        return []
    hint = asyncio.Event()
    holding = hold_lease(lease, Leases(server.means), hint)
    watching = _every(RENEW_EVERY, "watch", lambda: watch_nodes(server))
    return [asyncio.create_task(each) for each in (holding, bus.listen(hint), watching)]


async def watch_nodes(server: Server) -> None:
    """See who holds a lease, how each of them does, and what is promised."""
    if server.watch is not None:
        server.watch.see(await standing(server.means))


async def flush_now(server: Server) -> None:
    """Write the notes of use that wait; where that takes longer than a turn, the list is older than it says (R15)."""
    means, began = server.means, monotonic()
    count = await flush(means.recent, means.database, means.keyring, means.places)
    took = monotonic() - began
    if took > FLUSH_EVERY.total_seconds():
        log.warning(
            "uses are written slowly: the list may be older than a minute", count=count, seconds=round(took)
        )


async def take_up_uses(server: Server) -> None:
    """Write what was seen before a crash; what cannot be written now waits for the next start."""
    means = server.means
    try:
        count = await take_up(means.recent, means.database, means.keyring, means.places)
    except (DatabaseProblem, Unavailable) as problem:
        log.warning("uses of before a crash cannot be written yet", code=problem.code)
        return
    if count:
        log.info("uses of before a crash were written", count=count)


def _going_on(server: Server) -> Callable[[], Awaitable[None]]:
    """Go on with endings for many, under a name that no other process has."""
    who = secrets.token_hex(12)
    return lambda: go_on_with_all(server.means, who, server.clock)


def _counting(server: Server) -> Callable[[], Awaitable[None]]:
    return lambda: count_overview(server.means, server.clock())


async def _post(server: Server) -> None:
    settings = server.settings
    carrier = to_server(settings.smtp_url) if settings.smtp_url else to_folder(settings.mail_dir)
    await deliver(server.means, carrier, settings.mail_from, settings.base_url, server.clock())


async def _every(seconds: float, name: str, job: Callable[[], object], *, at_once: bool = False) -> None:
    while True:
        if not at_once:
            await asyncio.sleep(seconds)
        at_once = False
        try:
            await job()  # type: ignore[misc]  # every job is a coroutine function
        except Exception as error:  # noqa: BLE001  # a job that fails is tried again; the next turn must come
            log.warning("a job failed and will be tried again", job=name, error=type(error).__name__)
