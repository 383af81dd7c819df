"""The database as everything else sees it: one deed, one transaction, one hop away from the event loop.

`await database.write(deed, ...)` runs `deed(conn, ...)` in one transaction and commits it. Which database it is -
one SQLite file (sqlite.py) or PostgreSQL (postgres.py) - is nobody else's business.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

P = ParamSpec("P")
T = TypeVar("T")


class Database(ABC):
    """Where everything is remembered, opened three ways: to write for good, to note activity, and to read."""

    @property
    @abstractmethod
    def said(self) -> str:
        """Where it is, as people may read it: no password."""

    @abstractmethod
    def is_there(self) -> bool:
        """Whether there is anything to ask; on PostgreSQL whoever runs it has made it."""

    @property
    @abstractmethod
    def engine(self) -> sa.Engine:
        """The durable engine, for migrations."""

    @abstractmethod
    def create(self) -> None:
        """Make what can be made before the tables are.

        Raises:
            DatabaseProblem: it cannot be made, or is no database.
        """

    @abstractmethod
    async def write(
        self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run a deed in one durable transaction.

        Raises:
            Unavailable: too much waits already, or no answer came in time.
            DatabaseProblem: the database cannot be used; nothing was changed, or it is not known.
        """

    @abstractmethod
    async def note(
        self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run a deed whose last moments may be lost in a crash: activity."""

    @abstractmethod
    async def read(
        self, question: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Ask the store something; a read never writes."""

    @abstractmethod
    def write_now(self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """The same as `write`, in the caller's own thread."""

    @abstractmethod
    def note_now(self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """The same as `note`, in the caller's own thread."""

    @abstractmethod
    def read_now(
        self, question: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """The same as `read`, in the caller's own thread."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[None]:
        """Hold what must be held while anything is changed."""

    @abstractmethod
    def close(self) -> None:
        """Finish what is under way and let go."""
