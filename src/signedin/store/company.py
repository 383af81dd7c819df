"""Whether this server process has been alone with its SQLite file since it began.

Alone, what it has seen of a session's last use is all there is. In company another process may have seen a later
one, and may have been killed before it wrote that down: then a minute of doubt is given (D28).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _


class Company:
    """A file beside the database in which every server process leaves one byte at its start, and holds a lock."""

    def __init__(self, database: Path) -> None:
        try:
            self._file = Path(f"{database}.servers").open("ab", buffering=0)  # noqa: SIM115  # held while serving
        except OSError as error:
            raise DatabaseProblem(
                _("The folder of the database cannot be written to."),
                hint=_("Check that it exists, its owner and its rights, and that the disk is not full."),
            ) from error
        with _one_at_a_time(database):
            self._began_alone = self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._began_alone:
                os.ftruncate(self._file.fileno(), 0)
            else:
                self._lock(fcntl.LOCK_SH)
            self._file.write(b".")
            self._size = self._size_now()
            self._lock(fcntl.LOCK_SH)

    def is_alone(self) -> bool:
        """Whether nobody else has served since this process began."""
        return self._began_alone and self._size_now() == self._size

    def close(self) -> None:
        """Leave."""
        self._file.close()

    def _size_now(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _lock(self, how: int) -> bool:
        try:
            fcntl.flock(self._file.fileno(), how)
        except BlockingIOError:
            return False
        return True


@contextmanager
def nobody_serves(database: Path) -> Iterator[None]:
    """Keep servers from starting meanwhile.

    Raises:
        DatabaseProblem: one is running.
    """
    with Path(f"{database}.servers").open("ab") as file:
        try:
            with _one_at_a_time(database):
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseProblem("A server is running on this database.", hint="Stop it first.") from None
        yield


@contextmanager
def _one_at_a_time(database: Path) -> Iterator[None]:
    """Nobody else begins meanwhile: between an exclusive lock and a shared one there is a moment without any."""
    folder = os.open(database.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
