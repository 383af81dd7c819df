"""Uses that wait to be written, on this machine's disk: a process that is killed takes none of them with it (D28).

A page holds who was used and when, and nothing else. Its process locks it for as long as it lives, so that a page
which nobody locks was left over. It is not forced onto the disk: with the power of the machine it may be lost.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Self

import structlog

from signedin.rules.account import AccountId
from signedin.rules.moments import from_micros, to_micros

FOLDER = "uses"
MOST_PAGES = 100
_LINE = re.compile(rb"^(\d{1,19}) ([!-~]{1,100}) (\d{1,17})$", re.MULTILINE)
log = structlog.get_logger("signedin.activity")


class Seen(NamedTuple):
    """A use: of which row of which account, and when."""

    account_id: AccountId
    row_id: str
    at: datetime


class Page(NamedTuple):
    """A file of uses that is locked by this process."""

    path: Path
    descriptor: int

    @classmethod
    def begun_in(cls, folder: Path) -> Self:
        """A new one.

        Raises:
            OSError: it cannot be made there.
        """
        while True:
            path = folder / f"{os.getpid()}-{secrets.token_hex(8)}"
            page = cls(path, os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600))
            if page.is_ours():
                return page
            page.let_go()  # taken for a left over one before it was locked

    def is_ours(self) -> bool:
        """Whether nobody else has it; from now on it is this process's."""
        with suppress(BlockingIOError):
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return os.fstat(self.descriptor).st_nlink > 0
        return False

    def seen(self) -> list[Seen]:
        """The uses on it; a line that was cut off by the end of its process is none."""
        with open(self.descriptor, "rb", closefd=False) as file:  # it has no path of its own any more
            lines = _LINE.findall(file.read().rpartition(b"\n")[0])
        return [Seen(AccountId(int(whose)), row.decode(), from_micros(int(at))) for whose, row, at in lines]

    def let_go(self) -> None:
        """What is on it is still to be written, by whoever finds it next."""
        os.close(self.descriptor)

    def tear_out(self) -> None:
        """What is on it has been written where it belongs."""
        self.path.unlink(missing_ok=True)
        os.close(self.descriptor)


class Notebook:
    """The pages of one process: one at a time is written on, and those before are kept until they are not needed."""

    def __init__(self, keyring: Path) -> None:
        self._folder = keyring.with_name(FOLDER)
        self._page: Page | None = None
        self._before: list[Page] = []
        self._is_told = False
        self.turn()

    def write(self, account_id: int, row_id: str, at: datetime) -> None:
        """Note a use; where that cannot be, a crash may lose it, and nobody waits for it."""
        if self._page is not None:
            try:
                os.write(self._page.descriptor, b"%d %s %d\n" % (account_id, row_id.encode(), to_micros(at)))
            except OSError as error:
                self._tell(error)

    def turn(self) -> None:
        """Begin a new page; the ones before stay until it is said that their uses are in the database."""
        if self._page is not None:
            self._before.append(self._page)
        self._page, self._is_told = None, False
        if len(self._before) > MOST_PAGES:  # of a database that comes and goes for hours
            self._before.pop(0).tear_out()
        try:
            self._folder.mkdir(exist_ok=True, mode=0o700)
            self._page = Page.begun_in(self._folder)
        except OSError as error:
            self._tell(error)

    def written(self) -> None:
        """All that stood on the pages before this one is in the database."""
        for page in self._before:
            page.tear_out()
        self._before.clear()

    def close(self) -> None:
        """Nothing waits any more."""
        self.written()
        if self._page is not None:
            self._page.tear_out()
            self._page = None

    def left_over(self) -> Iterator[Page]:
        """The pages of processes of this machine that were killed; each is this one's now."""
        for path in sorted(self._folder.glob("*-*")):
            with suppress(FileNotFoundError):
                page = Page(path, os.open(path, os.O_RDWR))
                if page.is_ours():
                    yield page
                else:
                    page.let_go()

    def _tell(self, error: OSError) -> None:
        if not self._is_told:
            log.warning("uses cannot be noted on disk", path=str(self._folder), error=error.strerror)
        self._is_told = True
