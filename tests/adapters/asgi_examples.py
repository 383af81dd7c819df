"""The ASGI apps of examples/ as they are really started: each in a process of its own, by uvicorn."""

from __future__ import annotations

import sys
from contextlib import contextmanager

import httpx
from websockets.sync.client import connect

from adapters.example_apps import EXAMPLES, ExampleApp, listening, sent_through_proxy
from ports import free_port

FRAMEWORKS = ("asgi", "fastapi", "litestar")


class AsgiApp(ExampleApp):
    """An app that runs; it has connections that stay open."""

    @contextmanager
    def events_of(self, browser):
        """The event stream, open."""
        with (
            httpx.Client(timeout=30, headers=sent_through_proxy(browser)) as http,
            http.stream("GET", f"{self.url}/events") as answer,
        ):
            yield answer

    def socket_of(self, browser, **headers):
        """The WebSocket, open."""
        sent = sent_through_proxy(browser) | headers
        agent = sent.pop("user-agent")
        url = f"ws://localhost:{self.port}/socket"
        return connect(url, additional_headers=sent, user_agent_header=agent)


@contextmanager
def started(framework, address, key, *words):
    """The example of a framework beside a service, for as long as the block lasts."""
    port, folder = free_port(), EXAMPLES / f"{framework}_app"
    command = [
        sys.executable, "-m", "uvicorn", "--app-dir", folder, f"{framework}_app:app", "--port", port,
        "--no-proxy-headers", "--timeout-graceful-shutdown", "2", *words,
    ]  # fmt: skip
    with listening(command, port, SIGNEDIN_ADDRESS=address, SIGNEDIN_KEY=key) as (process, said):
        yield AsgiApp(port, process)
    assert not [line for line in said if _is_bad(line)], "".join(said)


def _is_bad(line):
    """uvicorn 0.54 calls a refusal in the place of a handshake an error of its own; nothing else may be one."""
    return "Traceback" in line or ("ERROR" in line and "without completing handshake" not in line)
