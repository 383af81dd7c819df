"""What one server process hears of endings, for the client libraries that listen to it.

It listens and reads only while somebody does, and reads each ending once however many there are.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from signedin.actions.lend import Lending, endings_since
from signedin.actions.means import Means
from signedin.rules.ending import Ending
from signedin.rules.errors import DatabaseProblem, Unavailable

MOST_RECENT = 1_000
AGAIN_AFTER = 0.2
log = structlog.get_logger("signedin.gate")


class Ear:
    """One for each process; `lending` is where those who listen have their leases."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.lending = Lending(means)
        self._listening: set[asyncio.Event] = set()
        self._recent: deque[Ending] = deque(maxlen=MOST_RECENT)
        self._lineage = ""
        self._until: int | None = None
        self._hearing: asyncio.Task[None] | None = None

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is something new to read."""
        news = asyncio.Event()
        self._listening.add(news)
        if self._hearing is None or self._hearing.done():
            self._until = None
            self._hearing = asyncio.create_task(self._hear())
        try:
            yield news
        finally:
            self._listening.discard(news)
            if not self._listening and self._hearing is not None:
                self._hearing.cancel()
                self._hearing = None

    async def since(self, number: int) -> tuple[str, list[Ending]]:
        """The endings after a number, and their lineage: what was heard lately is not read again.

        Raises:
            DatabaseProblem, Unavailable: it is not known.
        """
        if self._until is not None and self._recent and self._recent[0].seq <= number + 1:
            return self._lineage, [ending for ending in self._recent if ending.seq > number]
        return await endings_since(self.means, number)

    async def close(self) -> None:
        """Listen no more."""
        if self._hearing is not None:
            self._hearing.cancel()
        await self.lending.close()

    async def _hear(self) -> None:
        hint = asyncio.Event()
        hint.set()
        assert self.means.bus is not None
        listening = asyncio.create_task(self.means.bus.listen(hint))
        try:
            while True:
                await hint.wait()
                hint.clear()
                try:
                    await self._read()
                except Exception as error:  # whatever it is, those who listen are to hear of what comes next
                    if not isinstance(error, DatabaseProblem | Unavailable):
                        log.error("endings could not be read for the feed", exc_info=error)
                    await asyncio.sleep(AGAIN_AFTER)
                    hint.set()
        finally:
            listening.cancel()

    async def _read(self) -> None:
        """Read what is new, and wake everybody: who asks for more than was heard here reads it for itself."""
        head, lineage = await self.lending.head()
        if self._until is None or lineage != self._lineage or head < self._until:
            self._recent.clear()  # just begun, or the database was succeeded
            self._until, self._lineage = head, lineage
        while self._until < head:
            _, found = await endings_since(self.means, self._until)
            if not found:
                break
            self._recent.extend(found)
            self._until = found[-1].seq
        for news in self._listening:
            news.set()
