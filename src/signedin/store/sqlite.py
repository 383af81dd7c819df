"""The database as one SQLite file: engines, transactions and the one lock around everything that writes to it.

One unit of work is one hop to a thread: `await database.write(fn, ...)` runs `fn(conn, ...)` in one
transaction and commits it. Endings and sign-ins commit with `synchronous=FULL`, activity with NORMAL.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.wording import marked as _
from signedin.store.database import Database
from signedin.store.problems import told_clearly
from signedin.store.write_lock import WriteLock, needs_write_lock

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS = 5.0
MOST_WAITING = 512
CHECKPOINT_BYTES = 4 * 1024 * 1024
CHECKPOINT_WAITS_MS = 50
"""How long a tidying of the log waits for readers; a stopped one must not hold up everybody's writes."""


class SqliteDatabase(Database):
    """One SQLite file, opened three ways: to write for good, to note activity, and to read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = WriteLock(path) if needs_write_lock() else None
        self._durable = _engine(path, synchronous="FULL", begin="BEGIN IMMEDIATE", size=1)
        self._notes = _engine(path, synchronous="NORMAL", begin="BEGIN IMMEDIATE", size=1)
        self._readers = _engine(path, synchronous="NORMAL", begin="BEGIN", size=3, reads_only=True)
        self._writer = ThreadPoolExecutor(1, "signedin-writer")
        self._reading = ThreadPoolExecutor(2, "signedin-reader")
        self._waiting = 0
        self._file, self._log = _identity(path), Path(f"{path}-wal")
        self._tidy_at = CHECKPOINT_BYTES

    @property
    def said(self) -> str:
        """The file's path."""
        return str(self.path)

    def is_there(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def create(self) -> None:
        """Make the file if there is none; two processes that start at once make one.

        Raises:
            DatabaseProblem: it cannot be made, or is no database.
        """
        with self._held():
            open_raw(self.path, create=True).close()

    @property
    def engine(self) -> sa.Engine:
        """The durable engine, for migrations."""
        return self._durable

    async def write(
        self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run a deed in one durable transaction.

        Raises:
            Unavailable: too much waits already; nothing was changed.
            DatabaseProblem: the database is locked, read-only, full or gone; nothing was changed.
        """
        return await self._hop(self._writer, lambda: self.write_now(deed, *args, **kw))

    async def note(
        self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run a deed whose last moments may be lost at power failure: activity."""
        return await self._hop(self._writer, lambda: self.note_now(deed, *args, **kw))

    async def read(
        self, question: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Ask the store something; a read never writes."""
        return await self._hop(self._reading, lambda: self.read_now(question, *args, **kw))

    def write_now(self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """The same as `write`, in the caller's own thread."""
        with self.writing(), self._durable.begin() as conn:
            return deed(conn, *args, **kw)

    def note_now(self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """The same as `note`, in the caller's own thread."""
        with self.writing(), self._notes.begin() as conn:
            return deed(conn, *args, **kw)

    def read_now(
        self, question: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """The same as `read`, in the caller's own thread."""
        with told_clearly(), self._readers.connect() as conn:
            return question(conn, *args, **kw)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold what must be held while anything writes to the file, then tidy its log when it has grown."""
        with self._held():
            self._refuse_another_file()
            yield
            if self._lock is not None:
                self._tidy_when_grown()

    @contextmanager
    def _held(self) -> Iterator[None]:
        with told_clearly():
            if self._lock is None:
                yield
                return
            with self._lock.held(BUSY_SECONDS):
                yield

    def _refuse_another_file(self) -> None:
        """Refuse to write into a file that has left its place: what is acknowledged there would be lost."""
        found = _identity(self.path)
        if found is None:
            raise missing()
        self._file = self._file or found
        if self._file != found:
            raise another_file()

    def _tidy_when_grown(self) -> None:
        """Move the log into the file. The deed is done before: what fails here is tried again later."""
        size = self._log.stat().st_size if self._log.exists() else 0
        if size <= self._tidy_at:
            return
        self._tidy_at = size + CHECKPOINT_BYTES
        with (
            suppress(sa.exc.DBAPIError),
            self._readers.connect().execution_options(isolation_level="AUTOCOMMIT") as conn,
        ):
            conn.exec_driver_sql(f"PRAGMA busy_timeout={CHECKPOINT_WAITS_MS}")
            is_busy, *_ = conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            conn.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
            if not is_busy:
                self._tidy_at = CHECKPOINT_BYTES

    async def _hop(self, pool: ThreadPoolExecutor, unit: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise Unavailable
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, unit)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Finish what is under way and close the file; the last closing tidies its log, so the lock is held."""
        self._writer.shutdown()
        self._reading.shutdown()
        with self._held():
            for engine in (self._readers, self._notes, self._durable):
                engine.dispose()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def open_raw(
    path: Path, synchronous: str = "NORMAL", *, timeout: float = BUSY_SECONDS, create: bool = False
) -> sqlite3.Connection:
    """A raw connection as every connection to the file must be: no log tidying of its own, no transactions.

    A new file may be read by its owner only, and so may what SQLite puts beside it.

    Raises:
        DatabaseProblem: there is no such file, and none is to be made.
    """
    if not create and not path.exists():
        raise missing()
    if create:
        with suppress(OSError):  # it is there already, or SQLite says what is wrong with the place
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    where = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    conn = sqlite3.connect(where, timeout=timeout, isolation_level=None, check_same_thread=False, uri=True)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute(f"PRAGMA synchronous={synchronous}")
    if needs_write_lock():
        conn.execute("PRAGMA wal_autocheckpoint=0")
    return conn


def missing() -> DatabaseProblem:
    """What is said when the database is not where it should be."""
    return DatabaseProblem(
        _("There is no database file where it should be."),
        hint=_("Run `signedin db upgrade` to make a new one, or put it back, or restore a backup."),
        reason="missing",
    )


def another_file() -> DatabaseProblem:
    """What is said when another file has taken the place of the database."""
    return DatabaseProblem(
        _("The database file was replaced by another while it was open."),
        hint=_("Restart the server."),
        reason="replaced",
    )


def _engine(path: Path, *, synchronous: str, begin: str, size: int, reads_only: bool = False) -> sa.Engine:
    def opened() -> sqlite3.Connection:
        conn = open_raw(path, synchronous)
        if reads_only:
            conn.execute("PRAGMA query_only=ON")
        return conn

    engine = sa.create_engine(
        "sqlite://",
        creator=opened,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=2,
        hide_parameters=True,  # errors are logged, and parameters are people's
    )

    @sa.event.listens_for(engine, "begin")
    def _begin(conn: sa.Connection) -> None:
        if conn.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            conn.exec_driver_sql(begin)

    return engine
