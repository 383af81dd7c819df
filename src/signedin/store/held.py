"""Connections to PostgreSQL that are held open on an event loop: asked in turn, and given up when no answer comes."""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import AsyncConnection

from signedin.rules.errors import Unavailable
from signedin.store.lineage import known_at
from signedin.store.problems import problem_of

MOST_WAITING = 256
SECONDS = 2.0
"""How long one who asks waits, whatever is in the way."""


def has_ended(fileno: int) -> bool:
    """Whether an idle connection has something to say: nothing was asked, so it can only be its end.

    Costs one call of the system and no round trip; without it the first request on each held connection would
    fail after a restart of the database.
    """
    looked = select.poll()
    looked.register(fileno, select.POLLIN)
    return bool(looked.poll(0))


def seconds_to_connect(url: sa.URL, connect: dict[str, str]) -> float:
    """How long connecting takes when every host of the address but the last is silent."""
    hosts = url.query.get("host", url.host) or ""
    return float(connect["connect_timeout"]) * str(hosts).count(",")


class HeldLines:
    """The connections of one event loop; those who wait stand in one bounded queue.

    Connecting has a time of its own and goes on when who asked has given up, for whoever asks next: behind a host
    that is silent, the next of the address is reached only after seconds. `besides` are seconds that who asks waits
    longer for that.
    """

    def __init__(self, url: sa.URL, connect: dict[str, str], lines: int, *, besides: float = 0.0) -> None:
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connect = connect
        self._besides = besides
        self._known = known_at(url)
        self._idle: deque[AsyncConnection[Any]] = deque()
        self._coming: set[asyncio.Task[AsyncConnection[Any]]] = set()
        self._free = asyncio.Semaphore(lines)
        self._waiting = 0
        self.made = 0
        """How many connections have been made: what was seen before the last of them, the database may have lost."""

    async def ask(
        self,
        question: str,
        values: tuple[object, ...] | Mapping[str, object],
        made: int | None = None,
    ) -> list[Any]:
        """Every row of the answer; nothing is asked when more connections have been made than `made`.

        Raises:
            DatabaseProblem, Unavailable: it is not known.
        """
        if self._waiting >= MOST_WAITING:
            raise Unavailable
        self._waiting += 1
        try:
            async with asyncio.timeout(SECONDS + self._besides), self._free:
                return await self._ask(question, values, made)
        except TimeoutError:
            raise Unavailable from None
        except (psycopg.Error, OSError) as error:
            raise problem_of(error) from error
        finally:
            self._waiting -= 1

    async def _ask(
        self, question: str, values: tuple[object, ...] | Mapping[str, object], made: int | None
    ) -> list[Any]:
        conn = await self._whole_one()
        if made not in {None, self.made}:
            self._idle.append(conn)
            raise Unavailable
        answer = asyncio.ensure_future(_rows(conn, question, values))
        try:
            # Shielded, because psycopg waits ten seconds more for a server that is silent when it is told to stop.
            rows = await asyncio.shield(answer)
        except BaseException:  # broken, or left in the middle of an answer: never asked again
            _cut(conn)
            answer.add_done_callback(lambda _: _abandon(conn))
            raise
        self._idle.append(conn)
        return rows

    async def _whole_one(self) -> AsyncConnection[Any]:
        while self._idle:
            conn = self._idle.pop()
            if not (conn.closed or has_ended(conn.fileno()) or self._known.is_old(conn)):
                return conn
            _abandon(conn)
        return await self._connected()

    async def _connected(self) -> AsyncConnection[Any]:
        coming = self._coming.pop() if self._coming else asyncio.create_task(self._connection())
        try:
            return await asyncio.shield(coming)
        except asyncio.CancelledError:
            # Never more of them than lines: each was begun, or is taken up, on a line.
            self._coming.add(coming)
            coming.add_done_callback(self._arrived)
            raise

    async def _connection(self) -> AsyncConnection[Any]:
        conn = await self._known.connect_held(self._conninfo, autocommit=True, **self._connect)
        self.made += 1
        return conn

    def _arrived(self, coming: asyncio.Task[AsyncConnection[Any]]) -> None:
        """Keep a connection that nobody waits for any more; one that failed is tried anew by who asks next."""
        if coming not in self._coming:
            return  # taken up meanwhile
        self._coming.remove(coming)
        if not coming.cancelled() and coming.exception() is None:
            self._idle.append(coming.result())

    async def close(self) -> None:
        """Let the connections go."""
        while self._coming:
            self._coming.pop().cancel()
        while self._idle:
            await self._idle.pop().close()


async def _rows(
    conn: AsyncConnection[Any], question: str, values: tuple[object, ...] | Mapping[str, object]
) -> list[Any]:
    return await (await conn.execute(question, values, prepare=True)).fetchall()


def _cut(conn: AsyncConnection[Any]) -> None:
    """End the connection beneath whoever still waits for an answer on it: they learn of it at once."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(conn.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def _abandon(conn: AsyncConnection[Any]) -> None:
    with suppress(psycopg.Error):
        conn.pgconn.finish()
