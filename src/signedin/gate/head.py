"""HEAD is answered everywhere like GET, without the body: asked as GET, so that no route has to know of it."""

from __future__ import annotations

import asyncio

from signedin.gate.middleware import App, Message, Receive, Scope, Send

TELLS_METHODS = frozenset({204, 405})
"""The answers that say in Allow which methods there are."""


class Head:
    """ASGI middleware around everything: a stream has begun when its head is there, and is ended then."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; HEAD as GET."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._asked_as_get(scope, send)
        else:
            await self._app(scope, receive, _telling_of_head(send))

    async def _asked_as_get(self, scope: Scope, send: Send) -> None:
        is_asked, is_ended = False, asyncio.Event()

        async def nothing_more() -> Message:
            nonlocal is_asked
            if is_asked:
                await is_ended.wait()
                return {"type": "http.disconnect"}
            is_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}

        async def head_alone(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
            elif not is_ended.is_set():
                is_ended.set()
                await send({"type": "http.response.body", "body": b""})

        await self._app({**scope, "method": "GET"}, nothing_more, head_alone)


def _telling_of_head(send: Send) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] in TELLS_METHODS:
            message["headers"] = [_with_head(*pair) for pair in message.get("headers", ())]
        await send(message)

    return telling


def _with_head(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() != b"allow":
        return name, value
    methods = {each.strip() for each in value.split(b",")}
    return name, b", ".join(sorted(methods | ({b"HEAD"} if b"GET" in methods else set())))
