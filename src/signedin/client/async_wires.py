"""Connections to the service for whoever waits on an event loop: kept open, asked one question at a time."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from signedin.client.address import Address
from signedin.client.answers import Unavailable
from signedin.client.exchange import Answer, Incoming, Malformed

MOST_OPEN, MOST_WAITING = 32, 1_000
PIECE = 65_536
_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Lines:
    """Those of one event loop."""

    def __init__(self) -> None:
        self.idle: list[_Line] = []
        self.free = asyncio.Semaphore(MOST_OPEN)
        self.waiting = 0


class AsyncWires:
    """The connections of one process: each event loop has its own."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines] = WeakKeyDictionary()

    async def ask(self, question: bytes, seconds: float) -> Answer:
        """The answer to one question; on a kept connection that has ended meanwhile it is asked once more on a new one.

        Raises:
            Unavailable: there is none in time, or too many wait already.
        """
        lines = self._lines.setdefault(asyncio.get_running_loop(), _Lines())
        if lines.waiting >= MOST_WAITING:
            raise Unavailable("Too many questions wait for the service.")
        lines.waiting += 1
        try:
            async with asyncio.timeout(seconds), lines.free:
                return await self._ask(lines, question)
        except (OSError, Malformed) as error:  # TimeoutError too
            raise Unavailable("The service does not answer.") from error
        finally:
            lines.waiting -= 1

    async def close(self) -> None:
        """Let this loop's idle ones go."""
        lines = self._lines.pop(asyncio.get_running_loop(), None)
        for _, writer in lines.idle if lines else ():
            writer.close()

    async def _ask(self, lines: _Lines, question: bytes) -> Answer:
        if lines.idle:
            incoming = Incoming()
            try:
                return await _asked(lines, lines.idle.pop(), question, incoming)
            except OSError:
                if incoming.heard_anything:
                    raise
        return await _asked(lines, await self._opened(), question, Incoming())

    async def _opened(self) -> _Line:
        address = self._address
        if address.socket is not None:
            return await asyncio.open_unix_connection(
                address.socket, ssl=address.tls, server_hostname=address.host if address.tls else None
            )
        return await asyncio.open_connection(address.host, address.port, ssl=address.tls)


async def _asked(lines: _Lines, line: _Line, question: bytes, incoming: Incoming) -> Answer:
    reader, writer = line
    try:
        writer.write(question)
        await writer.drain()
        while not incoming.is_complete:
            data = await reader.read(PIECE)
            if not data:
                raise ConnectionError("the connection has ended")
            incoming.feed(data)
    except BaseException:
        writer.transport.abort()
        raise
    if incoming.may_go_on:
        lines.idle.append(line)
    else:
        writer.close()
    return incoming.answer()
