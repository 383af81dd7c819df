"""The ASGI apps of examples/ as they are really started: each in a process of its own, by uvicorn."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from websockets.sync.client import connect

EXAMPLES = Path(__file__).parents[2] / "examples"
FRAMEWORKS = ("asgi", "fastapi", "litestar")
NAVIGATES = {"sec-fetch-mode": "navigate"}


@dataclass
class AsgiApp:
    """An app that runs; `process` is its own."""

    port: int
    process: subprocess.Popen

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    def asked_by(self, browser, path="/orders", **headers):
        """What the app answers to a browser's request; the proxy in front of it says where that browser is."""
        return httpx.get(self.url + path, headers=sent_through_proxy(browser) | headers, timeout=30)

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

    def stop(self):
        """As somebody who presses Ctrl-C: what waits to be reported is."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


def sent_through_proxy(browser):
    http = browser.http
    sent = {"user-agent": http.headers["user-agent"], "x-forwarded-for": http.headers["x-forwarded-for"]}
    return sent | ({"cookie": f"theme=dark; signedin={browser.secret}"} if browser.secret else {})


@contextmanager
def started(framework, address, key, *words):
    """The example of a framework beside a service, for as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = EXAMPLES / f"{framework}_app"
    named = {"SIGNEDIN_ADDRESS": address, "SIGNEDIN_KEY": key, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [
        sys.executable, "-m", "uvicorn", "--app-dir", folder, f"{framework}_app:app", "--port", str(port),
        "--no-proxy-headers", "--timeout-graceful-shutdown", "2", *words,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, env=os.environ | named, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = []
    reading = threading.Thread(target=lambda: said.extend(process.stdout), daemon=True)
    reading.start()
    try:
        _wait_for(port, process, said)
        yield AsgiApp(port, process)
    finally:
        process.kill()
        process.wait()
        reading.join(5)
    assert not [line for line in said if _is_bad(line)], "".join(said)


def _is_bad(line):
    """uvicorn 0.54 calls a refusal in the place of a handshake an error of its own; nothing else may be one."""
    return "Traceback" in line or ("ERROR" in line and "without completing handshake" not in line)


def _wait_for(port, process, said):
    pause = threading.Event()
    for _ in range(1500):
        if process.poll() is not None:
            pause.wait(0.2)
            raise AssertionError(f"it stopped: {''.join(said)}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.02)
        else:
            return
    raise TimeoutError("nobody listens")
