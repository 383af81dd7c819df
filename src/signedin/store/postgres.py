"""The database on PostgreSQL: the same units of work as on SQLite, over a bounded pool of connections.

Endings and sign-ins commit with `synchronous_commit=on`; activity with `off`, which may lose its last moments in
a crash and nothing else. A commit whose outcome is not known is never told as success.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.wording import marked as _
from signedin.store import last_of_all
from signedin.store.connecting import ENCODING
from signedin.store.database import Database
from signedin.store.held import has_ended
from signedin.store.line import Line
from signedin.store.lineage import known_at
from signedin.store.problems import told_clearly

P = ParamSpec("P")
T = TypeVar("T")

WRITERS, READERS = 6, 6
"""Connections: what changes something never stands in line behind pages that are read."""
READ_SECONDS, WRITE_SECONDS = 5.0, 10.0
_AT_LEISURE = sa.text("SET LOCAL idle_in_transaction_session_timeout = '60s'")
"""For what is done by nobody's request: migrations, a restore."""

NOT_KNOWN = _("Look whether it was done before you do it again: that is not known.")
"""What is said of a write that had begun and was given up: its commit may be on the way."""
PINNED = {
    # What statements mean, however the role, the database or the server is set.
    "timezone": "UTC",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "standard_conforming_strings": "on",
    "client_min_messages": "warning",  # a commit that was told not to wait for its standby warns, and says nothing else
    # Who waits is told so by us; who is paused or cut off in a transaction holds its rows for three seconds at most.
    "statement_timeout": "0",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "3s",
    "idle_session_timeout": "0",
    # Whatever is asked is a few rows by an index, or counted at leisure: helpers and compiled code take longer to be
    # there than the answer takes, and the processors from checks.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
}
"""Settings of PostgreSQL that every connection is given; docs/running.md says them, and what is left to the operator."""


def options_of(settings: Mapping[str, str]) -> str:
    r"""Settings of PostgreSQL as libpq hands them on.

    >>> options_of({"timezone": "UTC", "default_transaction_isolation": "read committed"})
    '-c timezone=UTC -c default_transaction_isolation=read\\ committed'
    """
    return " ".join(f"-c {name}=" + value.replace(" ", "\\ ") for name, value in settings.items())


CONNECT = {
    "connect_timeout": "3",
    "target_session_attrs": "primary",  # of several hosts in the address: a check never asks a standby
    # A peer that has gone silent is noticed: by the kernel for what is under way, by keepalives for what waits.
    "tcp_user_timeout": "8000",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "application_name": "signedin",
    "client_encoding": ENCODING,
    "options": options_of(PINNED),
}


class PostgresDatabase(Database):
    """One PostgreSQL database, reached three ways: to write for good, to note activity, and to read."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url).set(drivername="postgresql+psycopg")
        self.known = known_at(self.url)
        self._engine = self._connected(WRITERS, synchronous_commit="on")
        self._reading = self._connected(READERS, default_transaction_read_only="on")
        self._notes = self._connected(1, synchronous_commit="off").execution_options(
            isolation_level="AUTOCOMMIT"  # a note that waits for its process holds no row
        )
        self._writers, self._readers = Line(WRITERS, "write", NOT_KNOWN), Line(READERS, "read")
        self._noting = Line(1, "activity")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nothing is to be held: PostgreSQL's writers take care of themselves."""
        yield

    @property
    def said(self) -> str:
        """Its address, without the password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)

    def is_there(self) -> bool:
        """Yes: whoever runs PostgreSQL has made it, and a connection says if not."""
        return True

    def create(self) -> None:
        """Nothing: whoever runs PostgreSQL has made the database."""

    @property
    def engine(self) -> sa.Engine:
        """The engine for migrations."""
        return self._engine

    async def write(
        self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run a deed in one durable transaction.

        Raises:
            Unavailable: too much waits already and nothing was changed; or the answer did not come in time, and it
                is not known (the hint says which).
            DatabaseProblem: the database cannot be used; nothing was changed, or it is not known.
        """
        until = monotonic() + WRITE_SECONDS
        return await self._writers.run(
            WRITE_SECONDS, lambda: self._now(self._engine, until, deed, *args, **kw)
        )

    async def note(
        self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Run a deed whose last moments may be lost in a crash: activity."""
        return await self._noting.run(WRITE_SECONDS, lambda: self.note_now(deed, *args, **kw))

    async def read(
        self, question: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """Ask the store something; a read never writes."""
        return await self._readers.run(READ_SECONDS, lambda: self.read_now(question, *args, **kw))

    def write_now(self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """The same as `write`, in the caller's own thread."""

        def at_leisure(conn: sa.Connection) -> T:
            conn.execute(_AT_LEISURE)
            return deed(conn, *args, **kw)

        return self._now(self._engine, inf, at_leisure)

    def note_now(self, deed: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs) -> T:
        """The same as `note`, in the caller's own thread."""
        return self._now(self._notes, inf, deed, *args, **kw)

    def read_now(
        self, question: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kw: P.kwargs
    ) -> T:
        """The same as `read`, in the caller's own thread."""
        with told_clearly(), self._reading.connect() as conn:
            return question(conn.execution_options(postgresql_readonly=True), *args, **kw)

    def connect_once(self) -> None:
        """Connect anew, beside every connection that is held, and let go of it.

        Raises:
            DatabaseProblem: nobody can.
        """
        with told_clearly():
            address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self.known.connect(address, **CONNECT).close()

    def close(self) -> None:
        """Finish what is under way and let the connections go."""
        for line in (self._writers, self._readers, self._noting):
            line.close()
        for engine in (self._engine, self._reading, self._notes):
            engine.dispose()

    def _now(
        self,
        engine: sa.Engine,
        until: float,
        deed: Callable[Concatenate[sa.Connection, P], T],
        *args: P.args,
        **kw: P.kwargs,
    ) -> T:
        with told_clearly(), engine.connect() as conn:
            warnings: list[str] = conn.info["warnings"]
            with conn.begin():
                last_of_all.begin(conn)
                done = deed(conn, *args, **kw)
                last_of_all.settle(conn)
                if monotonic() > until:
                    raise Unavailable  # whoever asked has been told so: nothing is kept
                warnings.clear()
            # A warning of the commit: whoever waited for the synchronous standby was told to wait no more. And another
            # may have taken over while this one was on its way to a database that knows nothing of that.
            if warnings or self.known.is_old(conn.connection.driver_connection):
                raise DatabaseProblem(
                    _("The database could not make sure that this is kept."),
                    hint=_("Try again in a moment."),
                )
            return done

    def _connected(self, size: int, **options: str) -> sa.Engine:
        engine = sa.create_engine(
            self.url,
            pool_size=size,
            max_overflow=0,
            pool_timeout=READ_SECONDS,
            pool_use_lifo=True,
            hide_parameters=True,  # errors are logged, and parameters are people's
            connect_args=CONNECT | {"options": options_of(PINNED | options)},
        )

        @sa.event.listens_for(engine, "connect")
        def _listen(connection: Any, record: Any) -> None:
            warnings: list[str] = []
            record.info["warnings"] = warnings

            def heard(notice: Any) -> None:
                if notice.severity_nonlocalized == "WARNING":
                    warnings.append(notice.sqlstate or "")

            connection.add_notice_handler(heard)

        @sa.event.listens_for(engine, "do_connect")
        def _connect(_dialect: Any, _record: Any, _args: Any, how: dict[str, Any]) -> Any:
            return self.known.connect(**how)

        @sa.event.listens_for(engine, "checkout")
        def _refuse_ended(connection: Any, _record: Any, _proxy: Any) -> None:
            """Let the pool make another in the place of a connection that has been ended, or whose database was succeeded."""
            if connection.closed or has_ended(connection.fileno()) or self.known.is_old(connection):
                raise sa.exc.DisconnectionError

        return engine
