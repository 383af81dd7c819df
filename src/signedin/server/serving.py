"""Serving: the application behind uvicorn, with what a newcomer needs printed first."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import click
import structlog
import uvicorn

from signedin.server.app import build
from signedin.server.listening import listening
from signedin.server.server import Server
from signedin.server.settings import Settings

log = structlog.get_logger("signedin.server")
STOPPED_BY = (signal.SIGTERM, signal.SIGINT)


def serve_forever(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop.

    Raises:
        PortTaken: nobody can be served there; nothing was opened or printed.
    """
    serve(settings, build, greet, host, port)


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
            ready(server)
            run(server, sockets)
        finally:
            ignore_signals()
            server.close()
            log.info("stopped")


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
    """Run uvicorn; open streams do not hold up a stop for longer than two seconds."""
    config = uvicorn.Config(
        server.app,  # type: ignore[arg-type]  # uvicorn narrows the scope's type
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65_536,
    )
    serving = uvicorn.Server(config)
    # uvicorn stops at these signals by itself, and raises them again when it has stopped: then there is nothing
    # more to be done.
    for number in STOPPED_BY:
        signal.signal(number, lambda *_: setattr(serving, "should_exit", True))
    try:
        serving.run(sockets)
    except SystemExit:
        sys.exit("The server could not start; its log says why.")


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
