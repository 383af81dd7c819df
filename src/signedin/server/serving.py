"""Serving: the application behind uvicorn, with what a newcomer needs printed first."""

from __future__ import annotations

import click
import structlog
import uvicorn

from signedin.server.app import Server, build
from signedin.server.logs import configure_logs
from signedin.server.settings import Settings

log = structlog.get_logger("signedin.server")


def serve_forever(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop."""
    configure_logs()
    server = build(settings)
    log.info("started", base_url=settings.base_url, registration=settings.registration.value)
    try:
        greet(server)
        run(server, host, port)
    finally:
        server.close()
        log.info("stopped")


def greet(server: Server) -> None:
    """Print the address, and for an empty database the one-time set-up code."""
    click.echo(f"Signedin is at {server.settings.base_url}")
    code = server.setup_code()
    if code:
        click.echo(f"Make the first account at {server.settings.base_url}/setup with this code: {code}")


def run(server: Server, host: str, port: int) -> None:
    """Run uvicorn; open streams do not hold up a stop for longer than two seconds."""
    config = uvicorn.Config(
        server.app,  # type: ignore[arg-type]  # uvicorn narrows the scope's type
        host=host,
        port=port,
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=65_536,
    )
    uvicorn.Server(config).run()
