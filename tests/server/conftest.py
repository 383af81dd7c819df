"""The command `signedin` for tests: with settings of its own, in a folder of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

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


@pytest.fixture
def signedin(tmp_path, monkeypatch):
    """The command line in an empty folder: nothing of this machine's environment reaches it."""
    import os

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
