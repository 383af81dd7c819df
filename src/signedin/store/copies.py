"""Copies of the database: one made while it is in use, and one put in its place."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from signedin.rules.errors import DatabaseProblem
from signedin.store.problems import told_clearly
from signedin.store.sqlite import SqliteDatabase, open_raw
from signedin.store.write_lock import WriteLock

PAGES = 2000
"""How many pages are copied at a time, about 8 MB."""
LOGS = ("-wal", "-shm")


def back_up(
    database: SqliteDatabase, target: Path, tell: Callable[[int, int], object] = lambda *_: None
) -> int:
    """Copy the database as it is at one moment, while it goes on being used; returns the bytes of the copy.

    Nobody is held up: only opening and closing hold the write lock, the copying itself reads one snapshot. The
    copy is one whole file that only its owner may read, or there is none. `tell` is told how many pages of how
    many are copied.

    Raises:
        DatabaseProblem: the database cannot be read, or there is something at `target` already.
        OSError: the copy cannot be written.
    """
    with _beside(target) as beside, told_clearly():
        with database.writing():
            source = open_raw(database.path)
        try:
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the snapshot is taken here
            with closing(sqlite3.connect(beside)) as copy:
                source.backup(copy, pages=PAGES, progress=lambda _, left, total: tell(total - left, total))
                copy.execute("PRAGMA journal_mode=DELETE")
                _refuse_damaged(copy, beside)
            source.execute("ROLLBACK")
        finally:
            with database.writing():
                source.close()
        _settle(beside)
        try:
            os.link(beside, target)
        except FileExistsError:
            raise DatabaseProblem(
                f"There is something at {target} already.", hint="Choose another name."
            ) from None
    _settle(target.parent)
    return target.stat().st_size


@contextmanager
def unpacked(file: Path, near: Path) -> Iterator[Path]:
    """A copy of a backup to work on, in a folder of its own beside the database; gone afterwards.

    Raises:
        DatabaseProblem: it is no whole database.
        OSError: it cannot be read, or not be copied.
    """
    near.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=near.parent) as folder:
        copy = Path(folder) / near.name
        shutil.copyfile(file, copy)
        with suppress(FileNotFoundError):  # a database that was copied as a file may have its log beside it
            shutil.copyfile(f"{file}-wal", f"{copy}-wal")
        with told_clearly(), closing(sqlite3.connect(copy, isolation_level=None)) as conn:
            _refuse_damaged(conn, file)
        yield copy


def put_in_place(copy: Path, database: Path, now: datetime) -> Path | None:
    """Put a copy in the place of the database, in one step; what was there is kept beside it, and its path returned.

    Raises:
        DatabaseProblem: another program has the database open.
        OSError: it cannot be moved.
    """
    with closing(open_raw(copy)) as conn:
        conn.execute("PRAGMA journal_mode=DELETE")
    copy.chmod(0o600)
    _settle(copy)
    with WriteLock(database).held(5.0):
        kept = _kept_aside(database, now) if database.exists() else None
        copy.replace(database)
    _settle(database.parent)
    return kept


def _kept_aside(database: Path, now: datetime) -> Path:
    """Give the old file a second name; its log is in it then, or has a name beside that when it is damaged."""
    named = f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}"
    names = (database.with_name(f"{named}-{number}" if number else named) for number in count())
    kept = next(each for each in names if not each.exists())
    is_damaged = False
    try:
        with closing(open_raw(database, timeout=0.5)) as conn:
            is_open_elsewhere = conn.execute("PRAGMA journal_mode=DELETE").fetchone()[0] != "delete"
    except sqlite3.DatabaseError as error:
        is_open_elsewhere = "locked" in str(error) or "busy" in str(error)
        is_damaged = not is_open_elsewhere
    if is_open_elsewhere:
        raise DatabaseProblem("Another program has the database open.", hint="Stop it, then restore.")
    os.link(database, kept)
    if is_damaged:
        for log in LOGS:
            with suppress(FileNotFoundError):
                Path(f"{database}{log}").replace(f"{kept}{log}")
    return kept


def _refuse_damaged(conn: sqlite3.Connection, file: Path) -> None:
    said = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        raise DatabaseProblem(f"{file} is damaged: {said}", hint="Use another backup.")


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A new file beside the one that is meant, for its owner only; gone afterwards."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield beside
    finally:
        for name in ("", "-journal", *LOGS):
            Path(f"{beside}{name}").unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Let a file, or a folder's entries, reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
