"""Started on something broken: one clear sentence, status 1, and nothing is changed."""

from __future__ import annotations

import asyncio
import fcntl
import json
import random
import secrets
import shutil
import socket
import sqlite3
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from people import ADA, CHROME_ON_MACOS, PASSWORD, Clock, settings_in
from served import a_place
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device
from signedin.server.cli import main
from signedin.server.means import close_means, open_means
from signedin.store import sqlite as database


@dataclass
class Installation:
    """Its files, and the command with the settings that lead to them."""

    folder: Path

    @property
    def database(self):
        return self.folder / "signedin.db"

    @property
    def keyring(self):
        return self.folder / "secret.json"

    @property
    def places(self):
        return self.folder / "places.mmdb"

    def environment(self, **more):
        ours = {"database_url": f"sqlite:///{self.database}", "secret_file": self.keyring,
                "geo_db": self.places, "mail_dir": self.folder / "mail"}  # fmt: skip
        return {f"SIGNEDIN_{name.upper()}": str(value) for name, value in (ours | more).items()}

    def run(self, *words, **settings):
        """Run the command in this process; returns its result."""
        return CliRunner().invoke(main, words, env=self.environment(**settings))

    def content(self):
        """The database and its log, for comparing."""
        files = [self.database, self.folder / "signedin.db-wal"]
        return [file.read_bytes() for file in files if file.exists() and file.stat().st_size]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder, now = tmp_path_factory.mktemp("whole"), Clock()()
    means = open_means(settings_in(folder, 8000))
    asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), now))
    visit = Visit("203.0.113.7", CHROME_ON_MACOS, read_device(CHROME_ON_MACOS), "1")
    asyncio.run(sign_in(means, ADA, PASSWORD, visit, Ticks(), now))
    close_means(means)
    return folder


@pytest.fixture
def installation(whole, tmp_path, monkeypatch):
    """A copy of it; nobody waits long for a lock."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    monkeypatch.setitem(database.open_raw.__kwdefaults__, "timeout", 0.2)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(whole, tmp_path / "installation")
    return Installation(tmp_path / "installation")


START = ("serve", "--port", "0")
EVERY = (START, ("account", "list"), ("sweep",), ("session", "list", ADA), ("db", "upgrade"))


def spoiled(path, *pages, length=4096):
    """Overwrite pages of a file with noise, always the same."""
    noise = random.Random(1)
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * length)
            file.write(noise.randbytes(length))


def cut(path, size):
    with path.open("r+b") as file:
        file.truncate(size)


def newer(path):
    with sqlite3.connect(path) as conn:
        conn.execute("UPDATE alembic_version SET version_num = '9999'")
        conn.execute("UPDATE facts SET value = '9999' WHERE name = 'oldest_code'")
    conn.close()


def another_keyring(path):
    kept = json.loads(path.read_text())
    kept["keys"]["0"]["key"] = "A" * 43 + "="
    path.write_text(json.dumps(kept))


BROKEN = {
    "a text": (lambda i: i.database.write_text("no database at all\n" * 1000), "not a Signedin database"),
    "a picture": (lambda i: i.database.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 9000), "not a Signedin database"),
    "noise": (lambda i: i.database.write_bytes(secrets.token_bytes(9000)), "not a Signedin database"),
    "a folder": (lambda i: (i.database.unlink(), i.database.mkdir()), "cannot be opened"),
    "cut after its first pages": (lambda i: cut(i.database, 3 * 4096), "damaged"),
    "cut in the middle": (lambda i: cut(i.database, i.database.stat().st_size // 2 + 100), "damaged"),
    "its first page noise": (lambda i: spoiled(i.database, 0), "not a Signedin database"),
    "newer": (lambda i: newer(i.database), "newer than this version"),
    "no keyring": (lambda i: i.keyring.unlink(), "Restore it from your backup"),
    "a broken keyring": (lambda i: i.keyring.write_text("{}"), "is broken"),
    "an empty keyring": (lambda i: i.keyring.write_text(""), "is broken"),
    "another keyring": (lambda i: another_keyring(i.keyring), "is not the keyring that this database"),
    "a keyring for all to read": (lambda i: i.keyring.chmod(0o644), "Run: chmod 600"),
    "a keyring that is a folder": (lambda i: (i.keyring.unlink(), i.keyring.mkdir()), "cannot be opened"),
}  # fmt: skip


def is_one_sentence(result, sentence):
    assert result.exit_code == 1, result.output
    assert sentence in result.output
    lines = [line for line in result.output.splitlines() if not line.startswith("{")]
    assert 1 <= len(lines) <= 2, result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return True


@pytest.mark.security("16.5.1", "16.5.3", "2.3.3")
@pytest.mark.parametrize("command", EVERY, ids=" ".join)
@pytest.mark.parametrize("what", BROKEN)
def test_whatever_is_broken_is_said_in_one_sentence_and_left_as_it_is(installation, what, command):
    spoil, sentence = BROKEN[what]
    spoil(installation)
    before = installation.content() if installation.database.is_file() else None
    assert is_one_sentence(installation.run(*command), sentence)
    if before is not None:
        assert installation.content() == before


@pytest.mark.parametrize("page", [2, 5, 9, 20, 33])
@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_a_damaged_page_is_said_so_or_not_met_and_never_more_than_a_sentence(
    installation, page, command, monkeypatch
):
    spoiled(installation.database, page)
    monkeypatch.setattr("signedin.server.serving.run", lambda *_: None)
    result = installation.run(*command)
    assert result.exit_code == 0 or is_one_sentence(result, "The database")


@contextmanager
def written_by_another_program(installation):
    other = sqlite3.connect(installation.database, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield
    other.close()


@contextmanager
def kept_by_another_process(installation):
    with (installation.folder / "signedin.db.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize(
    "lock", [written_by_another_program, kept_by_another_process], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("command", [START, ("sweep",), ("db", "upgrade")], ids=" ".join)
def test_a_locked_database_is_said_so_and_afterwards_the_same_command_works(
    installation, lock, command, monkeypatch
):
    with lock(installation):
        assert is_one_sentence(installation.run(*command), "The database is locked by another program.")
    monkeypatch.setattr("signedin.server.serving.run", lambda *_: None)
    assert installation.run(*command).exit_code == 0


def test_a_missing_database_is_made_by_a_start_and_said_to_be_missing_by_all_else(installation, monkeypatch):
    installation.database.unlink()
    monkeypatch.setattr("signedin.server.serving.run", lambda *_: None)
    for command in (("account", "list"), ("sweep",), ("session", "list", ADA), ("db", "status")):
        assert is_one_sentence(installation.run(*command), "There is no database")
        assert not installation.database.exists()
    started = installation.run(*START)
    assert started.exit_code == 0, started.output
    assert "with this code:" in started.output


def test_an_upgrade_where_there_is_nothing_makes_the_keyring_too_so_that_the_next_command_works(installation):
    installation.database.unlink()
    installation.keyring.unlink()
    assert installation.run("db", "upgrade").exit_code == 0
    assert installation.run("account", "list").exit_code == 0


@pytest.mark.parametrize("setting", ["database_url", "secret_file"])
def test_a_path_that_leads_through_a_file_is_said_in_one_sentence(installation, setting):
    path = installation.places / "below" / "file"
    installation.places.write_text("a file")
    value = f"sqlite:///{path}" if setting == "database_url" else path
    for command in EVERY:
        assert is_one_sentence(installation.run(*command, **{setting: value}), str(installation.places))


@pytest.mark.parametrize("content", [None, b"", b"no places", b"\0" * 5000])
def test_a_missing_or_corrupt_place_file_keeps_nothing_from_starting_and_the_doctor_says_so(
    installation, content, monkeypatch
):
    if content is not None:
        installation.places.write_bytes(content)
    monkeypatch.setattr("signedin.server.serving.run", lambda *_: None)
    assert installation.run(*START).exit_code == 0
    assert installation.run("account", "list").exit_code == 0
    told = installation.run("doctor")
    assert told.exit_code == 0
    assert "LOOK  place file: The place file" in told.output
    assert "signedin geo update" in told.output


def test_an_address_that_is_taken_is_said_in_one_sentence_before_anything_is_made(installation):
    installation.database.unlink()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = installation.run("serve", "--port", port)
        assert is_one_sentence(result, f"Another program listens on port {port} of 127.0.0.1 already.")
    assert is_one_sentence(installation.run("serve", "--host", "192.0.2.1"), "192.0.2.1")
    assert not installation.database.exists()


RIGHTS = {
    "a database that may not be written": (lambda p: p.database.chmod(0o400), "cannot be written to"),
    "a database that may not be read": (lambda p: p.database.chmod(0), "cannot be opened"),
    "a folder that may not be written": (lambda p: p.database.parent.chmod(0o500), "cannot be written to"),
    "a folder that may not be entered": (lambda p: p.database.parent.chmod(0), "Permission denied"),
    "a keyring that may not be read": (lambda p: (p.folder / "keys" / "secret.json").chmod(0), "cannot be opened"),
    "a keyring's folder that may not be entered": (lambda p: (p.folder / "keys").chmod(0), "Permission denied"),
}  # fmt: skip


@pytest.fixture(scope="module")
def place():
    with a_place() as place:
        place.somebody()
        yield place


@pytest.mark.security("16.5.1", "16.5.3")
@pytest.mark.parametrize("what", RIGHTS)
def test_rights_that_are_missing_are_said_in_one_sentence(place, what):
    spoil, sentence = RIGHTS[what]
    kept = [(path, path.stat().st_mode) for path in (place.folder, *place.folder.rglob("*"))]
    spoil(place)
    try:
        started = place.run("serve", "--port", str(place.port))
    finally:
        for path, mode in kept:
            if path.exists() or path.is_symlink():
                path.chmod(mode & 0o777)
    assert started.returncode == 1, started.stderr
    assert sentence in started.stderr
    assert "Traceback" not in started.stderr
    assert len(started.stderr.splitlines()) <= 2


@pytest.mark.parametrize("room", [0, 4096 * 20])
def test_a_disk_without_room_is_said_in_one_sentence_and_with_room_all_is_well(room):
    with a_place() as place, ExitStack():
        started = place.run("db", "upgrade", largest_file=room)
        assert started.returncode == 1, started.stdout
        assert "Traceback" not in started.stderr
        assert len(started.stderr.splitlines()) <= 2
        place.somebody()
