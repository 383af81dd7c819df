"""What is open under a session, a stream or a WebSocket: over when the session is, in both directions (R49, P5).

A message is passed on only while the session is known to live at that instant. When it ends, the other side is told
at once, and the app is cancelled where it waits, as it is when the other side goes away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from signedin.adapters.asgi_refusals import ENDED, NOT_NOW, App, Message, Receive, Scope, Send
from signedin.client import NotSignedIn, Open, SignedIn

_Headers = list[tuple[bytes, bytes]]


class Recognises(Protocol):
    """Whoever says who it is: a client library, or Signedin itself within the same process."""

    def start(self) -> Awaitable[object]:
        """Begin; called once the app does."""

    def close(self) -> Awaitable[object]:
        """End, with the app."""

    def known(self, headers: _Headers, address: str = "", agent: str = "") -> SignedIn | None:
        """Somebody, if that can be said without waiting."""

    def check(
        self, headers: _Headers, *, address: str = "", agent: str = "", scope: str = ""
    ) -> Awaitable[SignedIn | NotSignedIn]:
        """Somebody, or nobody and why; raises `Unavailable` where it cannot be known."""

    def hold(
        self, headers: _Headers, close: Callable[[str], object], *, scope: str = "", address: str = ""
    ) -> Open:
        """Call `close` on this loop within a second of the end of the session, or of leave to come from there."""

    def release(self, one: Open) -> None:
        """It was closed otherwise."""

    def still(self, one: Open) -> Awaitable[bool]:
        """Whether the session lives, known at this instant."""


class SessionEnded(OSError):
    """What an app that goes on sending is told, as of a connection that was lost."""


class _UnderSession:
    """One run of the app for somebody; `held` is there while something is open that ends with the session."""

    def __init__(self, client: Recognises, headers: _Headers, needed: str, address: str) -> None:
        self._client = client
        self._headers = headers
        self._needed, self._address = needed, address
        self._held: Open | None = None
        self._is_ended = False
        self._is_known = True
        self._is_cancelled = False
        self._finishing: asyncio.Task[None] | None = None

    async def run(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app answer, for as long as it may."""
        self._receive, self._send = receive, send
        self._task = asyncio.current_task()
        taking, giving = self._ways()
        try:
            await app(scope, taking, giving)
        except asyncio.CancelledError:
            if self._is_cancelled_by_others():
                raise
        except Exception:
            if not self._is_ended:
                raise  # what goes wrong in an app that is cut off says nothing
        finally:
            self._release()
        if self._finishing is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.wait([self._finishing])

    def _ways(self) -> tuple[Receive, Send]:
        """How the app receives and sends."""
        raise NotImplementedError

    async def _finish(self) -> None:
        """Tell the other side that it is over."""
        raise NotImplementedError

    def _hold(self) -> None:
        self._held = self._client.hold(self._headers, self._end, scope=self._needed, address=self._address)

    def _release(self) -> None:
        if self._held is not None:
            self._client.release(self._held)
            self._held = None

    def _end(self, reason: str) -> None:
        """On the loop, once: nothing that the app still has under way reaches the other side after this."""
        if self._held is None or self._is_ended:
            return
        self._is_ended, self._is_known = True, reason != "unavailable"
        if self._task is not None and self._task is not asyncio.current_task():
            self._is_cancelled = self._task.cancel()
        self._finishing = asyncio.ensure_future(self._finish_safely())

    def _is_cancelled_by_others(self) -> bool:
        return not self._is_cancelled or (self._task is not None and self._task.uncancel() > 0)

    async def _may_go_on(self) -> bool:
        held = self._held
        if held is not None and not self._is_ended and not await self._client.still(held):
            self._end(held.reason or "unavailable")
        return not self._is_ended

    async def _finish_safely(self) -> None:
        with suppress(Exception):  # it is gone already
            await self._finish()


class Stream(_UnderSession):
    """A request; what it answers is held from its beginning on if it does not say how long it is."""

    def _ways(self) -> tuple[Receive, Send]:
        return self._receive, self._sending

    async def _sending(self, message: Message) -> None:
        if self._held is None and not self._is_ended:
            await self._send(message)
            if message["type"] == "http.response.start" and _is_open_ended(message):
                self._hold()
            return
        if not await self._may_go_on():
            raise SessionEnded("the session has ended")
        if not message.get("more_body", False):
            self._release()
        await self._send(message)

    async def _finish(self) -> None:
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})


class Socket(_UnderSession):
    """A WebSocket, held from before it is accepted until either side closes it."""

    _is_accepted = False

    def _ways(self) -> tuple[Receive, Send]:
        self._hold()
        return self._receiving, self._sending

    async def _receiving(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self._release()
        elif not await self._may_go_on():
            return {"type": "websocket.disconnect", "code": ENDED}
        return message

    async def _sending(self, message: Message) -> None:
        if not await self._may_go_on():
            raise SessionEnded("the session has ended")
        if message["type"] == "websocket.accept":
            self._is_accepted = True
        elif message["type"] != "websocket.send":
            self._release()  # the app closes it, or answers otherwise
        await self._send(message)

    async def _finish(self) -> None:
        code, reason = (ENDED, "the session has ended") if self._is_known else (NOT_NOW, "try again later")
        await self._send({"type": "websocket.close", "code": code, "reason": reason})


def _is_open_ended(message: Message) -> bool:
    headers: Any = message.get("headers") or ()
    for name, _ in headers:
        if name == b"content-length" or bytes(name).lower() == b"content-length":
            return False
    return True
