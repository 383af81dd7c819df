"""The bus: a hint that something has ended, so that nobody has to wait for the next renewal. Never more.

It may lose, repeat and reorder; whoever hears anything reads the log of endings, and so does every renewal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Protocol

import sqlalchemy as sa
import structlog
from psycopg import sql

from signedin.store.endings import CHANNEL
from signedin.store.lineage import known_at

RETRY_SECONDS = 0.2
LONGEST_RETRY = 5.0
QUIET_SECONDS = 30.0
TELL_SECONDS = 1.0
"""By then the next renewal has told it."""
log = structlog.get_logger("signedin.bus")


class Hint(Protocol):
    """Whoever wants to hear: an event, mostly."""

    def set(self) -> None:
        """Something may have ended."""


class Bus(Protocol):
    """Somewhere to hear that something has ended."""

    async def listen(self, hint: Hint) -> None:
        """Set the event at every hint, and at every new connection: something may have been missed."""

    async def tell(self, seq: int) -> None:
        """Hint to everybody that an ending with this number was committed."""


class PostgresBus:
    """LISTEN and NOTIFY. What is told travels with the commit itself (store/endings.py)."""

    def __init__(self, url: sa.URL, connect: dict[str, str]) -> None:
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connect = connect
        self._known = known_at(url)

    async def listen(self, hint: Hint) -> None:
        """Listen for ever; a lost connection is made anew."""
        await _again_and_again("postgres", lambda: self._listen(hint))

    async def tell(self, seq: int) -> None:
        """Nothing: NOTIFY was part of the transaction."""

    async def _listen(self, hint: Hint) -> None:
        async with await self._known.connect_held(self._conninfo, autocommit=True, **self._connect) as conn:
            await conn.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
            hint.set()  # what was committed before LISTEN took effect
            while not self._known.is_old(conn):
                async for _ in conn.notifies(timeout=QUIET_SECONDS):
                    hint.set()
                await conn.execute("SELECT 1")  # a connection that has died in silence is noticed


class RedisBus:
    """Publish and subscribe on Redis, for where LISTEN cannot be used (PgBouncer) or would be too busy."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def listen(self, hint: Hint) -> None:
        """Listen for ever; a lost connection is made anew."""
        await _again_and_again("redis", lambda: self._listen(hint))

    async def tell(self, seq: int) -> None:
        """Publish the number; when that fails, the next renewal tells it anyway."""
        from redis import RedisError
        from redis.asyncio import Redis

        # The library's own timeouts are for connecting, for greeting and for publishing each.
        with suppress(RedisError, OSError):
            async with asyncio.timeout(TELL_SECONDS), Redis.from_url(self._url) as redis:
                await redis.publish(CHANNEL, str(seq))

    async def _listen(self, hint: Hint) -> None:
        from redis.asyncio import Redis

        async with (
            Redis.from_url(self._url, socket_connect_timeout=3, health_check_interval=10) as redis,
            redis.pubsub(ignore_subscribe_messages=True) as channel,
        ):
            await channel.subscribe(CHANNEL)
            hint.set()
            while True:
                if await channel.get_message(timeout=QUIET_SECONDS) is not None:
                    hint.set()


async def _again_and_again(name: str, listen: Callable[[], Coroutine[Any, Any, None]]) -> None:
    pause = RETRY_SECONDS
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await listen()
        except Exception as error:  # noqa: BLE001  # whatever it was: who listens no more hears nothing
            log.warning("the bus is gone and will be tried again", bus=name, error=type(error).__name__)
        if asyncio.get_running_loop().time() - began > LONGEST_RETRY:
            pause = RETRY_SECONDS
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_RETRY)
