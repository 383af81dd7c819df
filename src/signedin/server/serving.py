"""Serving: the application behind uvicorn, with what a newcomer needs printed first."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import click
import structlog
import uvicorn
from uvicorn.supervisors import Multiprocess

from signedin.gate.middleware import App
from signedin.rules.errors import Refused
from signedin.server.app import build
from signedin.server.listening import listening
from signedin.server.logs import configure_logs
from signedin.server.parting import ENDS_AFTER, Parting
from signedin.server.server import Server
from signedin.server.settings import Settings
from signedin.store import installation
from signedin.store.keyring import KeyringProblem

log = structlog.get_logger("signedin.server")
LONGEST_WAIT = 30.0
"""Seconds until a process that cannot begin tries again."""
SWITCH_SECONDS = 0.0002
IS_HUNG_UP = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN  # nohup
STOPPED_BY = (signal.SIGTERM, signal.SIGINT, *((signal.SIGHUP,) if IS_HUNG_UP else ()))
"""HUP too, where one process serves alone: nobody is there to go on meanwhile, so it ends in good order."""


def serve_forever(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop, by as many processes as the settings say.

    Raises:
        PortTaken: nobody can be served there; nothing was opened or printed.
    """
    if settings.workers == 1:
        serve(settings, build, greet, host, port)
    else:
        serve_by_many(settings, host, port)


def serve_by_many(settings: Settings, host: str, port: int) -> None:
    """Listen, and let several processes answer what comes; one that dies or hangs is replaced.

    SIGHUP replaces each by a new one, with whatever code is installed then; nothing that was begun is dropped, and
    what comes meanwhile is answered by the others (uvicorn's supervisor).

    Raises:
        PortTaken: nobody can be served there; nothing was made.
    """
    with listening(host, port) as sockets, stopped_by_signals():
        chosen = with_port(settings, sockets[0].getsockname()[1])
        first = build(chosen)  # brings the database forward, before anybody serves
        try:
            _tell_where(first)
            greet(first)
        finally:
            first.close()
        config = _config(partial(worker, chosen, first.setup), factory=True, workers=settings.workers)
        log.info("started", base_url=chosen.base_url, workers=settings.workers)
        _Several(config, sockets).run()
        log.info("stopped")


class _Several(Multiprocess):
    """uvicorn's supervisor, which lets go of the port when it stops: what came later would wait for nobody."""

    def terminate_all(self) -> None:
        """Stop every process; from here on whoever comes is refused at once, and goes where somebody answers."""
        for each in self.sockets:
            each.close()
        super().terminate_all()


def worker(settings: Settings, setup: str | None) -> App:
    """The application in a process of its own, which ends when the one that began it does."""
    configure_logs()
    threading.Thread(target=_end_with_parent, name="signedin-parent", daemon=True).start()
    with stopped_by_signals():  # at once: uvicorn's own handlers would wait until this has returned
        server = _built(settings, setup)
    server.closes_itself = True
    app = server.app
    assert app is not None
    leave_alone_what_stays()
    let_checks_through()
    return app


def _built(settings: Settings, setup: str | None, pause: Callable[[float], object] = time.sleep) -> Server:
    """What replaces a process that died waits for the database, longer each time, instead of dying of it as well."""
    seconds = 1.0
    while True:
        try:
            return build(settings, setup=setup)
        except (Refused, KeyringProblem) as problem:
            why = problem.sentence if isinstance(problem, Refused) else str(problem)
            log.warning("a process cannot begin and will try again", why=why, seconds=seconds)
        pause(seconds)
        seconds = min(2 * seconds, LONGEST_WAIT)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def serve(
    settings: Settings, make: Callable[[Settings], Server], ready: Callable[[Server], None], host: str, port: int
) -> None:  # fmt: skip
    """Listen, make the server, say that it is ready, and serve until told to stop; then let go of everything.

    Raises:
        PortTaken: nobody can be served there; nothing was made.
    """
    with listening(host, port) as sockets, stopped_by_signals():
        server = make(with_port(settings, sockets[0].getsockname()[1]))
        log.info(
            "started", base_url=server.settings.base_url, registration=server.settings.registration.value
        )
        try:
            _tell_where(server)
            ready(server)
            leave_alone_what_stays()
            let_checks_through()
            run(server, sockets)
        finally:
            ignore_signals()
            server.close()
            log.info("stopped")


def leave_alone_what_stays() -> None:
    """Keep the garbage collector from looking again and again at what was made at the start and stays to the end.

    A full collection is a pause for every request: without this a tenth of a second and more.
    """
    gc.collect()
    gc.freeze()


def let_checks_through() -> None:
    """A thread that computes gives the interpreter to whoever waits for it sooner than Python's usual 5 ms.

    A check lets go of the interpreter once, for SQLite, and waits so long to have it back while uses are written.
    """
    sys.setswitchinterval(SWITCH_SECONDS)


def _tell_where(server: Server) -> None:
    """Leave the address that people use to the command line, which does not know of a port chosen here."""
    server.means.database.write_now(installation.serve_at, server.settings.base_url)


def with_port(settings: Settings, port: int) -> Settings:
    """On this machine alone the address people use follows the port, unless it was set."""
    if "base_url" in settings.sources:
        return settings
    return replace(settings, base_url=f"http://localhost:{port}")


def greet(server: Server) -> None:
    """Print the address, and for an empty database the one-time set-up code."""
    click.echo(f"Signedin is at {server.settings.base_url}")
    code = server.setup_code()
    if code:
        click.echo(f"Make the first account at {server.settings.base_url}/setup with this code: {code}")


def run(server: Server, sockets: list[socket.socket]) -> None:
    """Run uvicorn; what was begun before a stop is finished, and open streams hold it up for two seconds at most."""
    serving = uvicorn.Server(_config(server.app))
    # uvicorn stops at these signals by itself, and raises them again when it has stopped: then there is nothing
    # more to be done.
    for number in STOPPED_BY:
        signal.signal(number, lambda *_: setattr(serving, "should_exit", True))
    try:
        serving.run(sockets)
    except SystemExit:
        sys.exit("The server could not start; its log says why.")


def _config(app: Any, **options: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Parting,
        ws="none",  # there is none here, whatever else is installed for an app's own
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=ENDS_AFTER,
        h11_max_incomplete_event_size=65_536,
        timeout_worker_healthcheck=30,
        **options,
    )


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Until uvicorn listens to signals itself, they end what is under way in good order, with status 0."""
    before = {number: signal.signal(number, lambda *_: sys.exit(0)) for number in STOPPED_BY}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """From here on the end is near anyway; letting go of the database is not to be interrupted."""
    for number in STOPPED_BY:
        signal.signal(number, signal.SIG_IGN)
