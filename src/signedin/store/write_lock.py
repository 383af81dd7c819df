"""The lock around every write to a SQLite file, between threads and between processes.

SQLite 3.7.0 to 3.51.2 can corrupt a file when two connections write and checkpoint at the same moment (the
WAL-reset bug). On such versions no connection checkpoints by itself, and one file lock is held around every
write transaction, every checkpoint and every closing, by every process.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _

FIXED_IN = (3, 51, 3)


def needs_write_lock() -> bool:
    """Whether the SQLite in use has the WAL-reset bug."""
    return sqlite3.sqlite_version_info < FIXED_IN


class WriteLock:
    """One lock per database file, beside it under `<file>.lock`."""

    def __init__(self, database: Path) -> None:
        self._path = Path(f"{database}.lock")
        self._threads = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Hold the lock; whoever holds it already may go deeper.

        Raises:
            DatabaseProblem: another process held it all that time, or its file cannot be made.
        """
        with self._threads:
            if self._depth:
                yield
                return
            with self._opened() as file:
                _lock(file.fileno(), seconds)
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1

    def _opened(self) -> BinaryIO:
        try:
            return self._path.open("ab")
        except OSError as error:
            raise DatabaseProblem(
                _("The folder of the database cannot be written to."),
                hint=_("Check that it exists, its owner and its rights, and that the disk is not full."),
                reason="read_only",
            ) from error


def locked() -> DatabaseProblem:
    """What is said when somebody else has the database for themselves."""
    return DatabaseProblem(
        _("The database is locked by another program."),
        hint=_("Stop the other program, or wait and try again."),
        reason="locked",
    )


def _lock(descriptor: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    pause = 0.0002
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise locked() from None
            time.sleep(pause)
            pause = min(pause * 2, 0.01)
        else:
            return
