"""nginx and Caddy as they are really started, from the files in examples/, in front of Signedin and a guarded app."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from people import Browser

SHOP = "shop.example.net"
EXAMPLES = Path(__file__).parents[2] / "examples"
NGINX = """
daemon off; {user} pid {folder}/nginx.pid; worker_processes 1; error_log {folder}/nginx.log; {more}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    include {conf};
}}
"""
CADDY = "{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n"


@dataclass
class Answer:
    """What came back: nothing of it is left out or put together."""

    raw: bytes

    @property
    def status(self) -> int:
        """The status of the first answer; 0 when there was none."""
        words = self.raw[:20].split()
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0

    @property
    def is_let_in(self) -> bool:
        """Whether the guarded app took anybody for signed in, in whichever of the answers."""
        return b"guarded-app: let in" in self.raw.lower()

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]


@dataclass
class Proxy:
    """A proxy that listens on loopback, and how to come to it."""

    name: str
    port: int
    host: str = "localhost"
    process: subprocess.Popen[bytes] | None = None
    program: str = ""

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def browser(self, agent: str) -> Browser:
        browser = Browser(self.base_url, agent)
        browser.http.headers.pop("x-forwarded-for")  # who that is, is seen by the proxy
        return browser

    def send(self, raw: bytes, come_from: str = "127.0.0.1") -> Answer:
        """Send bytes as they are, and take what comes until the connection ends."""
        received = bytearray()
        try:
            with socket.create_connection(
                ("127.0.0.1", self.port), timeout=5, source_address=(come_from, 0)
            ) as wire:
                wire.sendall(raw)
                while part := wire.recv(65_536):
                    received += part
        except (ConnectionError, TimeoutError):
            pass  # cut off in the middle: what came so far counts
        return Answer(bytes(received))

    def get(self, path: str = "/", *headers: str, come_from: str = "127.0.0.1") -> Answer:
        """Ask for a page with these header lines."""
        lines = [f"GET {path} HTTP/1.1", f"Host: localhost:{self.port}", "Connection: close", *headers]
        return self.send("\r\n".join([*lines, "", ""]).encode("latin-1"), come_from)


@contextmanager
def guarded_app(port: int) -> Iterator[None]:
    """The app of the examples, in a process of its own."""
    words = [sys.executable, str(EXAMPLES / "guarded_app" / "guarded_app.py"), str(port)]
    with started(words, port):
        yield


@contextmanager
def nginx(
    folder: Path, port: int, signedin: int, app: int, *, conf: str = "signedin.conf", more: str = "",
    host: str = "localhost",
) -> Iterator[Proxy]:  # fmt: skip
    """nginx with the files of examples/nginx, on these ports."""
    program = found("nginx")
    for file in (EXAMPLES / "nginx").iterdir():
        named = {
            "127.0.0.1:8080": port,
            "127.0.0.1:8081": port,
            "127.0.0.1:8000": signedin,
            "127.0.0.1:9000": app,
        }
        (folder / file.name).write_text(_moved(file.read_text(), named).replace(SHOP, f"{host}:{port}"))
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user, conf=conf, more=more))
    words = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    with started(words, port) as process:
        yield Proxy("nginx", port, host, process)


@contextmanager
def caddy(
    folder: Path, port: int, signedin: int, app: int, *, conf: str = "Caddyfile", name: str = "app.example.org",
    host: str = "localhost", admin: str = "off",
) -> Iterator[Proxy]:  # fmt: skip
    """Caddy with the file of examples/caddy, on these ports, under whatever name one comes."""
    program = found("caddy")
    named = {"127.0.0.1:8000": signedin, "127.0.0.1:9000": app}
    text = _moved((EXAMPLES / "caddy" / conf).read_text(), named)
    assert f"\n{name} {{" in text
    text = text.replace(f"\n{name} {{", f"\n:{port} {{").replace(SHOP, f"{host}:{port}")
    (folder / "Caddyfile").write_text(CADDY.replace("admin off", f"admin {admin}") + text)
    words = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    homes = {name: str(folder) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with started(words, port, **homes) as process:
        yield Proxy("caddy", port, host, process, program)


PROXIES = {"nginx": nginx, "caddy": caddy}
ELSEWHERE = {
    "nginx": partial(nginx, conf="other-host.conf", host="127.0.0.1"),
    "caddy": partial(caddy, conf="other-host.Caddyfile", name=SHOP, host="127.0.0.1"),
}
"""The same in front of an app on another host than Signedin's."""


def found(program: str) -> str:
    """Where a program is; a test that needs it is skipped where it is not."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if path is None:
        pytest.skip(f"there is no {program} on this machine")
    return path


def _moved(text: str, named: dict[str, int]) -> str:
    """The file with other ports; nothing else of it changes."""
    for address, port in named.items():
        text = text.replace(address, f"127.0.0.1:{port}")
    return text


@contextmanager
def started(words: list[str], port: int, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program that listens there; its end comes with the block."""
    process = subprocess.Popen(
        words, env=os.environ | more, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip
    said = bytearray()
    reading = threading.Thread(target=lambda: said.extend(process.stdout.read()), daemon=True)
    reading.start()
    try:
        _wait_for(process, port, said)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reading.join(5)


def _wait_for(process: subprocess.Popen[bytes], port: int, said: bytearray) -> None:
    pause = threading.Event()
    for _ in range(500):
        if process.poll() is not None:
            pause.wait(0.2)
            raise AssertionError(f"it stopped: {said.decode(errors='replace')}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            pause.wait(0.02)
        else:
            return
    raise TimeoutError("nobody listens")
