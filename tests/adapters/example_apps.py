"""The example apps as they are really started: each in a process of its own, by its framework's own server."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from ports import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"
NAVIGATES = {"sec-fetch-mode": "navigate"}


def django_words(port):
    return [
        sys.executable,
        EXAMPLES / "django_app" / "django_app.py",
        "runserver",
        "--noreload",
        f"127.0.0.1:{port}",
    ]


def flask_words(port):
    app = EXAMPLES / "flask_app" / "flask_app.py"
    return [sys.executable, "-m", "flask", "--app", app, "run", "--port", str(port)]


def node_words(port):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node on this machine")
    return [node, EXAMPLES / "node_app" / "node_app.mjs", str(port)]


WORDS = {"django": django_words, "flask": flask_words}


@dataclass
class ExampleApp:
    """An app that runs; `process` is its own."""

    port: int
    process: subprocess.Popen

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    def asked_by(self, browser, path="/orders", **headers):
        """What the app answers to a browser's request; the proxy in front of it says where that browser is."""
        return httpx.get(self.url + path, headers=sent_through_proxy(browser) | headers, timeout=30)

    def stop(self):
        """As somebody who presses Ctrl-C: what waits to be reported is."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(20)


def sent_through_proxy(browser):
    """The headers of a browser's request as the proxy passes them on."""
    http = browser.http
    sent = {"user-agent": http.headers["user-agent"], "x-forwarded-for": http.headers["x-forwarded-for"]}
    return sent | ({"cookie": f"theme=dark; signedin={browser.secret}"} if browser.secret else {})


@contextmanager
def started(words, address, key, **more):
    """An app beside a service, for as long as the block lasts."""
    named = {"SIGNEDIN_ADDRESS": address, "SIGNEDIN_KEY": key} if address else {}
    port = free_port()
    with listening(words(port), port, **named, **more) as (process, _):
        yield ExampleApp(port, process)


@contextmanager
def listening(words, port, **named):
    """A program from when it listens there, and the lines that it says."""
    process = subprocess.Popen(
        [*map(str, words)], env=os.environ | named | {"PYTHONDONTWRITEBYTECODE": "1"}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=_listens_to_interrupts,  # noqa: PLW1509  # it does one call of the system and takes no lock
    )  # fmt: skip
    said = []
    reading = threading.Thread(target=lambda: said.extend(process.stdout), daemon=True)
    reading.start()
    try:
        _wait_for(port, process, said)
        yield process, said
    finally:
        process.kill()
        process.wait()
        reading.join(5)


def _listens_to_interrupts():
    """Also where whoever runs the tests does not, as a job in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


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
