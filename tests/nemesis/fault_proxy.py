"""A wire between a process and its database that can be cut in every way wires fail."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from contextlib import suppress
from enum import Enum


class Wire(Enum):
    """What the wire does to what goes over it."""

    FINE = "fine"
    STALLED = "stalled: nothing passes, nothing is closed"
    REPLIES_LOST = "questions pass, answers are lost"
    QUESTIONS_LOST = "questions are lost, answers pass"
    SLOW = "everything passes, a fifth of a second late"
    RESET = "every connection is reset, none is made"


class FaultProxy:
    """Listens on a port of its own and passes on; in a thread of its own."""

    def __init__(self, port_of_the_database: int) -> None:
        self._there = port_of_the_database
        self.wire = Wire.FINE
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def set(self, wire: Wire) -> None:
        """From now on. What was lost stays lost: those connections are broken when the wire is fine again."""
        was, self.wire = self.wire, wire
        lossy = {Wire.REPLIES_LOST, Wire.QUESTIONS_LOST}
        if wire is Wire.RESET or (was in lossy and wire is Wire.FINE):
            self._loop.call_soon_threadsafe(self._reset_all)

    def close(self) -> None:
        """Cut everything for good."""
        self._loop.call_soon_threadsafe(self._end_all)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(asyncio.start_server(self._serve, sock=self._listening))
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(self._loop), return_exceptions=True))
        self._loop.close()

    def _end_all(self) -> None:
        self._listening.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.stop()

    def _reset_all(self) -> None:
        for writer in list(self._open):
            _reset(writer)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):  # the end of the test
            await self._served(reader, writer)

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if self.wire is Wire.RESET:
                return
            await self._while_stalled()
            there, to_there = await asyncio.open_connection("127.0.0.1", self._there)
        except OSError:
            _reset(writer)
            self._open.discard(writer)
            return
        self._open.add(to_there)
        try:
            ways = (
                self._pass(reader, to_there, Wire.QUESTIONS_LOST),
                self._pass(there, writer, Wire.REPLIES_LOST),
            )
            await asyncio.wait(
                [asyncio.ensure_future(way) for way in ways], return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for each in (writer, to_there):
                _reset(each)
                self._open.discard(each)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost_by: Wire) -> None:
        while True:
            try:
                data = await reader.read(65_536)
            except OSError:
                return
            if not data:
                return
            await self._while_stalled()
            if self.wire is lost_by:
                continue
            if self.wire is Wire.SLOW:
                await asyncio.sleep(0.2)
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                return

    async def _while_stalled(self) -> None:
        while self.wire is Wire.STALLED:  # noqa: ASYNC110  # it is set from another thread
            await asyncio.sleep(0.01)


def _reset(writer: asyncio.StreamWriter) -> None:
    at_once = struct.pack("ii", 1, 0)  # no lingering: the other end hears a reset, not an end
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    writer.transport.abort()
