"""The command `signedin` for tests: with settings of its own, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import signals
from people import ADA, PASSWORD
from signedin.server.cli import main


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    status: int
    out: str
    err: str

    @property
    def value(self):
        """What it printed as JSON."""
        return json.loads(self.out)


class CommandLine:
    """Somebody at a shell in a folder: `signedin("account list --json".split())`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment: dict[str, str | None] = {}
        self.database = folder / "var" / "signedin.db"
        self.keyring = folder / "var" / "secret.json"

    def __call__(self, *words: str, typed: str | None = None) -> Said:
        """Run a command; whatever it does not expect itself is a failure of the test."""
        done = CliRunner(env=self.environment).invoke(main, list(words), input=typed)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def done(self, *words: str, typed: str | None = None) -> Said:
        """Run a command that has to succeed."""
        said = self(*words, typed=typed)
        assert said.status == 0, said
        return said

    def somebody(self, email: str = ADA, name: str = "Ada") -> None:
        """Make an account."""
        self.done("account", "add", email, "--name", name, "--password-stdin", typed=f"{PASSWORD}\n")


class Process:
    """The command in a process of its own, for what only a real one can show."""

    def __init__(self, folder: Path, *words: str, first: str = "", **streams: int) -> None:
        program = f"{first}\nfrom signedin.server.cli import main; main()"
        path = os.pathsep.join(str(Path(__file__).parents[2] / part) for part in ("src", "tests"))
        self.running = subprocess.Popen(
            [sys.executable, "-c", program, *words], cwd=folder, text=True, env={**os.environ, "PYTHONPATH": path},
            preexec_fn=signals.heard,  # noqa: PLW1509  # it takes no lock
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
        )  # fmt: skip

    def line(self) -> str:
        """The next line it prints."""
        return self.running.stdout.readline()

    def stopped(self, number: int = signal.SIGTERM) -> Said:
        """Tell it to stop, and wait until it has."""
        self.running.send_signal(number)
        return self.ended()

    def ended(self) -> Said:
        """What it had said when it ended."""
        out, err = self.running.communicate(timeout=60)
        return Said(self.running.returncode, out, err)


@pytest.fixture
def process(tmp_path):
    """Starts the command in a process; none is left over."""
    started = []

    def start(*words, **streams):
        started.append(Process(tmp_path, *words, **streams))
        return started[-1]

    yield start
    for each in started:
        each.running.kill()
        each.running.communicate()


def is_refused(port: int) -> bool:
    """Nobody listens there; who had listened when the connection was begun cuts it off instead."""
    with suppress(ConnectionResetError):
        try:
            socket.create_connection(("127.0.0.1", port), 30).close()
        except ConnectionRefusedError:
            return True
    return False


def answer_of(url: str) -> httpx.Response:
    """The first answer there, once somebody listens."""
    pause = threading.Event()
    for _ in range(1200):
        try:
            return httpx.get(url, timeout=60)
        except httpx.ConnectError:
            pause.wait(0.05)
    raise TimeoutError(f"nobody answers at {url}")


@pytest.fixture
def signedin(tmp_path, monkeypatch):
    """The command line in an empty folder: nothing of this machine's environment reaches it."""
    for name in [name for name in os.environ if name.startswith("SIGNEDIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path)


@pytest.fixture
def installed(signedin):
    """The same, with a database and one account."""
    signedin.done("db", "upgrade")
    signedin.somebody()
    return signedin
