"""No way back: a process takes no connection to a database that is older than the one it has already been on.

After a promotion the old primary may be started again. What ended since is not ended there, so whoever has seen
its successor asks it nothing: that counts as a database that is away (docs/decisions/0019-lineage.md).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import psycopg
import sqlalchemy as sa
import structlog
from psycopg import AsyncConnection, Connection

from signedin.rules.errors import DatabaseProblem
from signedin.rules.lease import waits_until
from signedin.rules.lineage import Lineage, Succession
from signedin.rules.wording import marked as _
from signedin.store.boot_clock import boot_time
from signedin.store.connecting import attempts, refuse_other_encodings, why_not
from signedin.store.lineage_note import LineageNote, Noted

LINEAGE = """((SELECT system_identifier FROM pg_control_system())::text
  || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8))"""
"""Which database this is, and which of its successors: another after every fail-over (the timeline).

Every role may ask this, unless somebody has taken that away.
"""
_ASKED = f"SELECT {LINEAGE}"
TOLD_AGAIN_AFTER = 60.0
"""Seconds between two lines in the log about the same refused database."""
NOTED_AGAIN_AFTER = 1.0
"""Seconds between two tries to put the machine's note right."""
REFUSED = {
    Succession.OLDER: (
        _("The database is an older one than was used before: an old primary, after another took over."),
        _("Keep the old primary away, and let SIGNEDIN_DATABASE_URL reach the one that took over (docs/running.md)."),
        "older_lineage",
    ),
    Succession.FOREIGN: (
        _("The database is another one than was used before."),
        _("Stop every server, see that it is the right one, and start them (docs/running.md)."),
        "another_database",
    ),
}  # fmt: skip
_known: WeakValueDictionary[str, Known] = WeakValueDictionary()


def lineage(conn: sa.Connection) -> Lineage:
    """Which lineage a connection is to."""
    return Lineage.read(str(conn.scalar(sa.text(_ASKED))))


def known_at(url: sa.URL) -> Known:
    """What this process knows of the database at an address: one for all that connect to it."""
    name = url.set(drivername="postgresql").render_as_string(hide_password=True)
    return _known.setdefault(name, Known())


class Known:
    """The newest lineage that this process has been on, and which connection is to which."""

    def __init__(self) -> None:
        self.newest: Lineage | None = None
        self.note: LineageNote | None = None
        self._succeeded_at = self._note_again_from = float("-inf")
        self._taking = Lock()
        self._of: WeakKeyDictionary[object, Lineage] = WeakKeyDictionary()
        self._told: dict[Lineage, float] = {}

    def is_old(self, conn: object) -> bool:
        """Whether a connection is to a database that has been succeeded since it was made.

        Also where only another process of this machine has seen that: it is asked before every question.
        """
        found = self._of.get(conn)
        return found != self.newest or (found is not None and self._is_noted_older(found))

    def has_just_succeeded(self) -> bool:
        """Whether a lease of before may still run in a process of this machine: it is renewed no more."""
        with suppress(DatabaseProblem):
            noted = self._noted()
            at = max(self._succeeded_at, noted.took_over_at if noted else self._succeeded_at)
            return 0 <= boot_time() - at < waits_until(0)
        return True

    def connect(self, conninfo: str = "", **how: Any) -> Connection[Any]:
        """Connect to the newest there is among the hosts of the address.

        Raises:
            DatabaseProblem: nobody can be reached, or all that can be is an older one, another, or not in UTF-8.
        """
        refusal: DatabaseProblem | None = None
        for each in attempts(conninfo, how):
            try:
                conn = Connection.connect(**each)
            except psycopg.Error as error:
                if refusal is None:
                    raise why_not(error, each) from error
                continue
            try:
                refuse_other_encodings(conn)
                self._take(conn, conn.execute(_ASKED).fetchone())
                conn.rollback()
            except BaseException as problem:  # noqa: BLE001  # raised again there, unless it is a refusal
                refusal = _put_away(conn, problem)
            else:
                return conn
        raise refusal or DatabaseProblem

    async def connect_held(self, conninfo: str, **how: Any) -> AsyncConnection[Any]:
        """The same on an event loop.

        Raises:
            DatabaseProblem: nobody can be reached, or all that can be is an older one, another, or not in UTF-8.
        """
        refusal: DatabaseProblem | None = None
        for each in attempts(conninfo, how):
            try:
                conn = await AsyncConnection.connect(**each)
            except psycopg.Error as error:
                if refusal is None:
                    raise await asyncio.to_thread(why_not, error, each) from error
                continue
            try:
                refuse_other_encodings(conn)
                self._take(conn, await (await conn.execute(_ASKED)).fetchone())
            except BaseException as problem:  # noqa: BLE001  # raised again there, unless it is a refusal
                refusal = _put_away(conn, problem)
            else:
                return conn
        raise refusal or DatabaseProblem

    def _take(self, conn: object, row: Any) -> None:
        """Take a connection, or refuse it.

        Raises:
            DatabaseProblem: it is to an older database, or another one.
        """
        found = Lineage.read(row[0])
        with self._taking:
            newest = self._newest_of(found)
            how = found.beside(newest)
            if how in REFUSED:
                self._tell(found)
                sentence, hint, reason = REFUSED[how]
                raise DatabaseProblem(sentence, hint=hint, reason=reason)
            self._of[conn] = found
            if found != self.newest:
                self._succeeded(found, how, newest)

    def _newest_of(self, found: Lineage) -> Lineage | None:
        """What this process has seen, or another on this machine of the same database.

        One that is another database than what was noted is taken at the start: it was restored, or moved.
        """
        noted = self._noted()
        if noted is None or noted.lineage.system != (self.newest or found).system:
            return self.newest
        return max(noted.lineage, self.newest or noted.lineage)

    def _noted(self) -> Noted | None:
        return self.note.read() if self.note else None

    def _is_noted_older(self, found: Lineage) -> bool:
        try:
            noted = self._noted()
        except DatabaseProblem:
            return True  # connecting anew says why
        if noted is None or found == noted.lineage:
            return False
        self._note_again(found, noted.lineage)
        return found.beside(noted.lineage) is Succession.OLDER

    def _note_again(self, found: Lineage, noted: Lineage) -> None:
        """Put right a note of an older one: of a process that was held up while it wrote what was newest once."""
        if self.note is None or found.beside(noted) is not Succession.SUCCEEDED:
            return
        if boot_time() >= self._note_again_from:
            self._note_again_from = boot_time() + NOTED_AGAIN_AFTER
            self.note.write(found, boot_time())

    def _succeeded(self, found: Lineage, how: Succession, before: Lineage | None) -> None:
        if self.newest is not None:
            self._succeeded_at = boot_time()
            log = structlog.get_logger("signedin.store")
            log.warning(
                "another took over as the database", before=self.newest.timeline, timeline=found.timeline
            )
        self.newest = found
        if self.note is not None and how is Succession.SUCCEEDED:
            self.note.write(found, None if before is None else boot_time())

    def _tell(self, found: Lineage) -> None:
        now = monotonic()
        if now - self._told.get(found, -TOLD_AGAIN_AFTER) < TOLD_AGAIN_AFTER:
            return
        self._told[found] = now
        newest = self._newest_of(found)
        structlog.get_logger("signedin.store").error(
            "an older or another database is refused", refused="/".join(map(str, found)),
            newest="/".join(map(str, newest or ())),
        )  # fmt: skip


def _put_away(conn: Connection[Any] | AsyncConnection[Any], problem: BaseException) -> DatabaseProblem:
    """End a connection that was not taken; another host is tried only where this one was refused.

    Raises:
        BaseException: it was something else.
    """
    with suppress(psycopg.Error):
        conn.pgconn.finish()
    if not isinstance(problem, DatabaseProblem):
        raise problem
    return problem
