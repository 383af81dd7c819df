"""Threads with a connection each, and those who wait for them in one line (on PostgreSQL)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import monotonic
from typing import Any, TypeVar

from signedin.rules.errors import Unavailable

T = TypeVar("T")

MOST_WAITING = 512
"""How many may wait in one line."""


class Line:
    """Threads with a connection each, and those who wait for them: so many, and so long.

    `given_up` is the hint about what had begun when its time was over.
    """

    def __init__(self, threads: int, name: str, given_up: str | None = None) -> None:
        self._pool = ThreadPoolExecutor(threads, f"signedin-{name}")
        self._given_up = given_up
        self._waiting = 0

    async def run(self, seconds: float, unit: Callable[[], T]) -> T:
        """Run it in a thread; what has not begun when its time is over never does.

        What was given up counts as waiting until a thread has passed over it: while no answers come, neither grows.
        """
        if self._waiting >= MOST_WAITING:
            raise Unavailable
        self._waiting += 1
        until, began = monotonic() + seconds, Event()
        work = asyncio.wrap_future(self._pool.submit(_in_time, until, unit, began))
        work.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(work), seconds)
        except TimeoutError:
            raise Unavailable(hint=self._given_up if began.is_set() else None) from None
        except asyncio.CancelledError:
            work.cancel()
            raise

    def _done(self, work: asyncio.Future[Any]) -> None:
        self._waiting -= 1
        if not work.cancelled():
            work.exception()  # looked at, also where nobody waits for it any more

    def close(self) -> None:
        self._pool.shutdown()


def _in_time(until: float, unit: Callable[[], T], began: Event) -> T:
    if monotonic() > until:
        raise Unavailable
    began.set()
    return unit()
