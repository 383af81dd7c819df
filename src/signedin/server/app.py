"""The only place where all parts meet: settings in, an ASGI application out."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from litestar import Litestar
from litestar.di import Provide

from signedin.actions.audit import anchor
from signedin.actions.keep_lease import Leases
from signedin.actions.means import Means
from signedin.actions.note_use import FLUSH_EVERY, flush
from signedin.actions.sweep import sweep
from signedin.api import sessions as api_sessions
from signedin.gate.credentials import CookieNames
from signedin.gate.keep import Kept
from signedin.gate.known import KnownSessions
from signedin.gate.lease import Lease, hold_lease
from signedin.gate.middleware import App, Gate
from signedin.gate.own_name import OwnName
from signedin.gate.recognise import Recogniser
from signedin.gate.security_headers import SecurityHeaders
from signedin.post.deliver import deliver, to_folder, to_server
from signedin.server import health
from signedin.server.last_resort import LastResort
from signedin.server.means import close_means, open_means, utc_now
from signedin.server.refusals import exception_handlers, refuser
from signedin.server.settings import Settings
from signedin.store import accounts
from signedin.store.boot_clock import boot_time
from signedin.web import (
    help_page,
    language_form,
    sessions_page,
    sessions_stream,
    setup_page,
    sign_in_page,
    static_files,
)
from signedin.web.door import Door
from signedin.web.rendering import environment

log = structlog.get_logger("signedin.server")
Clock = Callable[[], datetime]


@dataclass(slots=True)
class Server:
    """A running Signedin: its parts, so that the command line and tests can reach them."""

    settings: Settings
    means: Means
    clock: Clock
    setup: str | None = field(default=None, repr=False)
    app: App | None = None
    lease: Lease | None = None

    def setup_code(self) -> str | None:
        """The one-time code for the first account, or `None` once there is one."""
        if self.setup is not None and not self.means.database.read_now(accounts.is_empty):
            self.setup = None
        return self.setup

    def close(self) -> None:
        """Let go of everything; whoever closes last tidies the file's log, under its lock."""
        close_means(self.means)


def build(settings: Settings, clock: Clock = utc_now) -> Server:
    """Put the application together."""
    means = open_means(settings, serving=True)
    server = Server(settings, means, clock)
    if means.lines is not None:
        server.lease = Lease(KnownSessions(boot_time), boot_time)
    if means.database.read_now(accounts.is_empty):
        server.setup = "-".join(secrets.token_hex(2).upper() for _ in range(4))
    names = CookieNames.for_base_url(settings.base_url)
    recogniser = Recogniser(means, server.lease.known if server.lease else None)
    door = Door(
        means, recogniser, names, environment(), settings.base_url, settings.brand_name, settings.support_contact,
        server.setup_code, clock,
    )  # fmt: skip
    kept, handlers = Kept(means, names, settings.base_url), exception_handlers(door)
    pages = Litestar(
        [*_pages(), *api_sessions.ROUTES, health.live, health.ready],
        dependencies={
            "door": Provide(lambda: door, sync_to_thread=False),
            "kept": Provide(lambda: kept, sync_to_thread=False),
        },
        exception_handlers=handlers,
        lifespan=[_jobs(server)],
        openapi_config=None,
        request_max_body_size=1_000_000,
        logging_config=None,
    )
    # Litestar types its scope as a TypedDict.
    inside: App = pages  # type: ignore[assignment]
    gate = Gate(inside, means, recogniser, names, settings.trusted_proxies, clock, refuser(handlers))
    inner = LastResort(OwnName(gate, settings.base_url))
    server.app = SecurityHeaders(inner, is_secure=names.is_secure)
    return server


def _pages() -> list[Any]:
    return [
        sessions_page.home, sessions_page.sessions_page, sessions_page.alive, sessions_page.revoke_page,
        sessions_page.revoke_form, sessions_page.not_me, sessions_page.recognize,
        sessions_page.logout_all_page, sessions_page.logout_all_form, sessions_stream.sessions_stream,
        sign_in_page.sign_in_page, sign_in_page.sign_in_form, sign_in_page.sign_out,
        setup_page.setup_page, setup_page.setup_form, setup_page.register_page, setup_page.register_form,
        setup_page.invite_page, help_page.help_page, help_page.privacy_page, language_form.language_form,
        static_files.static_file,
    ]  # fmt: skip


def _jobs(server: Server) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_: Litestar) -> AsyncIterator[None]:
        jobs = [
            asyncio.create_task(_every(FLUSH_EVERY.total_seconds(), "flush", lambda: flush_now(server))),
            asyncio.create_task(_every(5, "post", lambda: _post(server))),
            asyncio.create_task(
                _every(300, "sweep", lambda: sweep(server.means, server.clock()), at_once=True)
            ),
            *_holding_a_lease(server),
        ]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            with suppress(Exception):
                await flush_now(server)
                await anchor(server.means, server.clock())

    return run


def _holding_a_lease(server: Server) -> list[asyncio.Task[None]]:
    """On PostgreSQL: the lease, and the ear that hears of endings before the next renewal."""
    lease, bus = server.lease, server.means.bus
    if lease is None or bus is None:
        return []
    hint = asyncio.Event()
    holding = hold_lease(lease, Leases(server.means), hint)
    return [asyncio.create_task(holding), asyncio.create_task(bus.listen(hint))]


async def flush_now(server: Server) -> None:
    """Write the notes of use that wait."""
    means = server.means
    await flush(means.recent, means.database, means.keyring, means.places)


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
