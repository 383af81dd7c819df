"""A real server in a process of its own, kept to one core, and something bare beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from bench.machine import ROOT, keep_to, megabytes, processor_seconds

LONGEST_START = 60
SERVER = ["-c", "from signedin.server.cli import main; main()", "serve", "--host", "127.0.0.1", "--port"]


@dataclass(frozen=True)
class Serving:
    """A server that answers on a port of loopback."""

    port: int
    pid: int

    @property
    def megabytes(self) -> float:
        """The memory it occupies."""
        return megabytes(self.pid)


@contextmanager
def product(
    folder: Path, core: int | None = 0, *, database_url: str = "", workers: int = 1
) -> Iterator[Serving]:
    """`signedin serve` on the installation under `folder`, behind a proxy on loopback."""
    port = free_port()
    own = {
        "SIGNEDIN_DATABASE_URL": database_url or f"sqlite:///{folder / 'signedin.db'}",
        "SIGNEDIN_SECRET_FILE": str(folder / "secret.json"),
        "SIGNEDIN_MAIL_DIR": str(folder / "mail"),
        "SIGNEDIN_TRUSTED_PROXIES": "127.0.0.0/8",
        "SIGNEDIN_REGISTRATION": "open",
        "SIGNEDIN_CALLS_A_MINUTE": "999999",
    }
    words = [*SERVER, str(port), *(["--workers", str(workers)] if workers > 1 else [])]
    with running([sys.executable, *words], port, core, folder, own) as serving:
        _until_ready(port, folder / f"server-{port}.log")
        _until_at_rest(serving.pid)
        yield serving


@contextmanager
def bare(folder: Path, layer: str, core: int = 0) -> Iterator[Serving]:
    """A bare ASGI callable, or the gate in front of one, on the same uvicorn (bench/bare.py)."""
    port = free_port()
    words = [sys.executable, "-m", "bench.bare", layer, str(port), str(folder)]
    with running(words, port, core, folder, {}) as serving:
        yield serving


@contextmanager
def running(
    words: list[str], port: int, core: int | None, folder: Path, own: dict[str, str]
) -> Iterator[Serving]:
    """Any program that serves on a port, from when it listens there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIGNEDIN_")}
    path = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    log = folder / f"server-{port}.log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            words, cwd=folder, env={**kept, "PYTHONPATH": path, **own}, stdout=told, stderr=told
        )  # fmt: skip
    try:
        if core is not None:
            keep_to(core, process.pid)
        _wait(process, port, log)
        yield Serving(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")


def _until_ready(port: int, log: Path) -> None:
    """Several processes listen before they answer."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError):
            urlopen(f"http://localhost:{port}/health/ready", timeout=5).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server is not ready: {log.read_text(errors='replace')[-2000:]}")


def _until_at_rest(pid: int) -> None:
    """What a server does once when it starts, tidying and anchoring, is not what is measured."""
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        before = processor_seconds(pid)
        time.sleep(1)
        if processor_seconds(pid) - before < 0.05:
            return


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])
