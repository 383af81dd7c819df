"""The session check on PostgreSQL when memory cannot answer, and who an ending waits for: one prepared statement each.

On held connections and the event-loop thread, always on the primary, and never for long: what does not answer in time is not known.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from psycopg import AsyncConnection

from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.lease import Node
from signedin.rules.living import Living
from signedin.store.held import has_ended
from signedin.store.problems import problem_of

LINES = 4
MOST_WAITING = 256
SECONDS = 2.0

_LIVING = """
SELECT s.session_id, s.app_type, s.began_at, s.idle, s.overall_until, a.last_at, NULLIF(c.state, 'active'),
       CASE WHEN s.first_proof < c.epoch THEN coalesce(c.epoch_at, 0) END, s.first_proof
FROM sessions s
JOIN accounts c ON c.account_id = s.account_id
JOIN activity a ON a.account_id = s.account_id AND a.row_id = s.session_id
WHERE s.account_id = %s AND s.digest = %s
"""
_ENDED = "SELECT reason, ended_at, idle FROM tombstones WHERE account_id = %s AND digest = %s"
_LATE = """
SELECT h.seq, n.node_id, n.boot_id, n.renewals, n.applied
FROM endings_head h LEFT JOIN nodes n ON n.applied < coalesce(%s, h.seq)
"""
_STRUCK_OFF = """
DELETE FROM nodes WHERE node_id IN (
  SELECT n.node_id FROM nodes n JOIN unnest(%s::text[], %s::text[], %s::bigint[]) AS s(node_id, boot_id, renewals)
    ON n.node_id = s.node_id AND n.boot_id = s.boot_id AND n.renewals = s.renewals
  FOR UPDATE OF n SKIP LOCKED)
RETURNING node_id
"""
_NUMBER = "SELECT number FROM accounts WHERE account_id = %s"


class PostgresChecks:
    """A few connections that are held open for checks, on whichever event loop asks."""

    def __init__(self, url: sa.URL, connect: dict[str, str]) -> None:
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connect = connect
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines] = WeakKeyDictionary()

    async def living(self, account_id: int, digest: bytes) -> Living | None:
        """The session with this digest in the live table, whatever the clock says of it.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        row = await self._first(_LIVING, account_id, digest)
        return Living._make(row) if row else None

    async def ended(self, account_id: int, digest: bytes) -> tuple[str, int, int | None] | None:
        """Why and when the session with this digest ended, and its idle period, while that is remembered.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        row: tuple[str, int, int | None] | None = await self._first(_ENDED, account_id, digest)
        return row

    async def number(self, account_id: int) -> int:
        """The number of the account's latest event.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        row = await self._first(_NUMBER, account_id)
        return int(row[0]) if row else 0

    async def late(self, seq: int | None = None) -> tuple[int, list[Node]]:
        """The number of the latest ending, and the nodes that have not applied it, or the one asked about.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        rows = await self._ask(_LATE, seq)
        return int(rows[0][0]), [Node(*row[1:]) for row in rows if row[1] is not None]

    async def strike_off(self, silent: Sequence[Node]) -> int:
        """Forget nodes that were waited for in vain and have not renewed since; returns how many.

        One statement that waits for nobody: whose row somebody holds is not silent, or is seen to by another ending.

        Raises:
            DatabaseProblem, Unavailable: it is not known; another ending will see to it.
        """
        columns = [
            [node.node_id for node in silent],
            [node.boot_id for node in silent],
            [node.renewals for node in silent],
        ]
        return len(await self._ask(_STRUCK_OFF, *columns))

    async def close(self) -> None:
        """Let this loop's connections go."""
        lines = self._lines.pop(asyncio.get_running_loop(), None)
        if lines is not None:
            await lines.close()

    async def _first(self, question: str, *values: object) -> Any:
        rows = await self._ask(question, *values)
        return rows[0] if rows else None

    async def _ask(self, question: str, *values: object) -> list[Any]:
        loop = asyncio.get_running_loop()
        lines = self._lines.get(loop)
        if lines is None:
            lines = self._lines[loop] = _Lines(self._conninfo, self._connect)
        return await lines.ask(question, values)


class _Lines:
    """The connections of one event loop; those who wait stand in one bounded queue."""

    def __init__(self, conninfo: str, connect: dict[str, str]) -> None:
        self._conninfo = conninfo
        self._connect = connect
        self._idle: deque[AsyncConnection[Any]] = deque()
        self._free = asyncio.Semaphore(LINES)
        self._waiting = 0

    async def ask(self, question: str, values: tuple[object, ...]) -> list[Any]:
        if self._waiting >= MOST_WAITING:
            raise Unavailable
        self._waiting += 1
        try:
            async with asyncio.timeout(SECONDS), self._free:
                return await self._ask(question, values)
        except TimeoutError:
            raise Unavailable from None
        except (psycopg.Error, OSError) as error:
            raise problem_of(error) from error
        finally:
            self._waiting -= 1

    async def _ask(self, question: str, values: tuple[object, ...]) -> list[Any]:
        conn = await self._whole_one()
        try:
            rows = await (await conn.execute(question, values, prepare=True)).fetchall()
        except BaseException:  # broken, or left in the middle of an answer: never asked again
            await _abandon(conn)
            raise
        self._idle.append(conn)
        return rows

    async def _whole_one(self) -> AsyncConnection[Any]:
        while self._idle:
            conn = self._idle.pop()
            if not (conn.closed or has_ended(conn.fileno())):
                return conn
            await _abandon(conn)
        return await self._connected()

    async def _connected(self) -> AsyncConnection[Any]:
        return await AsyncConnection.connect(self._conninfo, autocommit=True, **self._connect)  # type: ignore[arg-type]

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


async def _abandon(conn: AsyncConnection[Any]) -> None:
    try:
        conn.pgconn.finish()
    except psycopg.Error as error:
        raise DatabaseProblem from error
