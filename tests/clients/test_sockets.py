"""WebSockets through real proxies: let in when they open, and closed when their session ends or their time is over."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager

import pytest

from clients.proxies import EXAMPLES, caddy, nginx, started
from people import CHROME_ON_MACOS, SAFARI_ON_IPHONE
from ports import free_ports
from served import a_place, served

pytestmark = pytest.mark.xdist_group("sockets behind proxies")
NEVER = {"ASK_EVERY": "3000"}
"""An app that leaves it all to the proxy."""


class Wire:
    """A WebSocket as its bytes."""

    def __init__(self, proxy, cookie):
        self.wire = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
        lines = [
            "GET /news HTTP/1.1", f"Host: localhost:{proxy.port}", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", f"Cookie: {cookie}",
        ]  # fmt: skip
        self.wire.sendall("\r\n".join([*lines, "", ""]).encode())
        self.got = b""
        while b"\r\n\r\n" not in self.got:
            self._more()
        head, _, self.got = self.got.partition(b"\r\n\r\n")
        self.status = int(head.split()[1])

    def frame(self):
        """The next frame: its kind and what it says; `None` when the connection was cut off."""
        try:
            while len(self.got) < 2 or len(self.got) < 2 + self.got[1]:
                self._more()
        except (EOFError, ConnectionError):
            return None
        size = 2 + self.got[1]
        one, self.got = self.got[:size], self.got[size:]
        return one[0] & 0x0F, one[2:]

    def until_closed(self, within=20.0):
        """Everything that comes until the end, which is the code of closing or `None`."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            frame = self.frame()
            if frame is None:
                return None
            if frame[0] == 0x8:
                return struct.unpack(">H", frame[1])[0]
        raise AssertionError("it was never closed")

    def _more(self):
        part = self.wire.recv(4096)
        if not part:
            raise EOFError
        self.got += part


@contextmanager
def behind(proxy_of, tmp_path, app=None, **how):
    """An app with WebSockets behind a proxy: Signedin, the proxy, and a browser that is signed in."""
    port, app_port = free_ports(2)
    known = {"SIGNEDIN_BASE_URL": f"http://localhost:{port}", "SIGNEDIN_TRUSTED_PROXIES": "127.0.0.1/32"}
    with ExitStack() as stack:
        place = stack.enter_context(a_place(**known))
        place.somebody()
        words = (
            "key",
            "issue",
            "--service",
            "sockets",
            "--scope",
            "sessions:check",
            "--app-type",
            "web",
            "--json",
        )
        made = place.run(*words)
        assert made.returncode == 0, made.stderr
        told = {"SIGNEDIN_CHECK": f"http://127.0.0.1:{place.port}/v1/check?app_type=web", "ASK_EVERY": "0.2"}
        told |= {"SIGNEDIN_KEY": json.loads(made.stdout)["token"]} | (app or {})
        stack.enter_context(served(place))
        proxy = stack.enter_context(proxy_of(tmp_path, port, place.port, app_port, **how))
        program = str(EXAMPLES / "guarded_app" / "socket_app.py")
        stack.enter_context(started([sys.executable, program, str(app_port)], app_port, **told))
        browser = proxy.browser(CHROME_ON_MACOS)
        assert browser.sign_in().status_code == 303
        yield proxy, browser


@pytest.mark.guide("R48", "D15")
@pytest.mark.security("attack-2", "7.4.1")
@pytest.mark.parametrize(
    ("proxy_of", "how"), [(nginx, {"conf": "socket.conf"}), (caddy, {})], ids=["nginx", "caddy"]
)
def test_an_app_that_asks_again_closes_what_was_opened_under_an_ended_session(tmp_path, proxy_of, how):
    with behind(proxy_of, tmp_path, **how) as (proxy, laptop):
        assert Wire(proxy, "signedin=x").status == 401
        phone = proxy.browser(SAFARI_ON_IPHONE)
        assert phone.sign_in().status_code == 303
        row = phone.current()["id"]
        mine, other = Wire(proxy, f"signedin={phone.secret}"), Wire(proxy, f"signedin={laptop.secret}")
        assert (mine.status, other.status) == (101, 101)
        assert [mine.frame() for _ in range(10)] == [(1, b"news")] * 10
        laptop.revoke(row)
        began = time.monotonic()
        assert mine.until_closed() == 4401
        assert time.monotonic() - began < 5
        assert mine.frame() is None, "nothing is told after"
        for _ in range(100):
            assert other.frame() == (1, b"news"), "and nobody else is cut off"
        assert Wire(proxy, f"signedin={phone.secret}").status == 401


@pytest.mark.security("attack-2")
def test_caddy_closes_with_a_reload_what_its_check_has_let_in_before(tmp_path):
    (admin,) = free_ports(1)
    with behind(caddy, tmp_path, app=NEVER, admin=f"127.0.0.1:{admin}") as (proxy, laptop):
        wire = Wire(proxy, f"signedin={laptop.secret}")
        assert [wire.frame() for _ in range(30)] == [(1, b"news")] * 30, "of itself Caddy 2.6 closes nothing"
        file, address = str(tmp_path / "Caddyfile"), f"127.0.0.1:{admin}"
        words = [
            proxy.program,
            "reload",
            "--force",
            "--config",
            file,
            "--adapter",
            "caddyfile",
            "--address",
            address,
        ]
        subprocess.run(words, check=True, capture_output=True, timeout=60)
        assert wire.until_closed() in (None, 1001)
        _until(lambda: Wire(proxy, f"signedin={laptop.secret}").status == 101)


@pytest.mark.security("attack-2")
def test_nginx_closes_with_a_reload_what_its_check_has_let_in_before(tmp_path):
    how = {"conf": "socket.conf", "more": "worker_shutdown_timeout 1s;"}
    with behind(nginx, tmp_path, app=NEVER, **how) as (proxy, laptop):
        wire = Wire(proxy, f"signedin={laptop.secret}")
        assert [wire.frame() for _ in range(30)] == [(1, b"news")] * 30, "of itself nginx closes nothing"
        os.kill(proxy.process.pid, signal.SIGHUP)
        assert wire.until_closed() is None
        _until(lambda: Wire(proxy, f"signedin={laptop.secret}").status == 101)


def _until(happens):
    pause = threading.Event()
    for _ in range(200):
        if happens():
            return
        pause.wait(0.05)
    raise TimeoutError
