"""What is open under a session in WSGI, a streamed body: over when the session is, and nothing is passed on after (R49, P5).

A server in WSGI asks the body for a piece and waits. Each piece is passed on only while the session is known to live
at that instant. A body that waits itself cannot be told from outside that it is over: there the connection is cut,
where the server has put it into the environ.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from signedin.client import SyncClient

Sent = list[tuple[bytes, bytes]]
Piece = TypeVar("Piece", str, bytes)
_CONNECTIONS = ("gunicorn.socket", "werkzeug.socket")
"""Where servers say on what they answer."""


def under_session(
    client: SyncClient, sent: Sent, address: str, body: Iterable[Piece], environ: Mapping[str, Any]
) -> Iterator[Piece]:
    """The pieces of a body, for as long as the session lives by which `sent` was let in from `address`."""
    cut = _Cut(environ)
    with client.open(sent, cut.cut, address=address) as held:
        try:
            for piece in body:
                if not client.still(held):
                    return
                yield piece
        finally:
            cut.let_go()


async def awaited_under_session(
    client: SyncClient, sent: Sent, address: str, body: AsyncIterable[Piece]
) -> AsyncIterator[Piece]:
    """The same of a body that is awaited. Who answers on what is not known there, so nothing is cut."""
    with client.open(sent, _unheard, address=address) as held:
        async for piece in body:
            if not await asyncio.to_thread(client.still, held):
                return
            yield piece


def _unheard(_reason: str) -> None:
    """Noticed before the next piece."""


class _Cut:
    """Cuts the connection that is answered on, as long as it is: it may be another answer's afterwards."""

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._connection = _connection_of(environ)
        self._lock = threading.Lock()

    def cut(self, _reason: str) -> None:
        """In the feed's thread. What the system has taken before still arrives; nothing that is written after does."""
        with self._lock, suppress(OSError):
            if isinstance(self._connection, socket.socket):
                # Of a connection in TLS the one beneath: its own would first go on in clear.
                socket.socket.shutdown(self._connection, socket.SHUT_RDWR)
            elif self._connection is not None:
                self._connection.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        """The body has ended."""
        with self._lock:
            self._connection = None


def _connection_of(environ: Mapping[str, Any]) -> Any:
    """The connection; `None` where the server does not say, or where others are answered on it at the same time."""
    if not str(environ.get("SERVER_PROTOCOL", "")).startswith("HTTP/1"):
        return None
    return next((environ[name] for name in _CONNECTIONS if name in environ), None)
