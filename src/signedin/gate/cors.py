"""Other origins: none may read what the API answers, unless it is listed by its exact name (security 3.4.2).

A listed origin calls with a bearer token that it was given. Cookies are never taken from it: no answer allows
credentials, so a browser does not show what was answered to them, and the gate takes none where an Origin is another's.
"""

from __future__ import annotations

from collections.abc import Collection

from signedin.gate.middleware import App, Message, Receive, Scope, Send
from signedin.rules.sent import header

WHERE = "/v1/"
METHODS = b"GET, POST, PATCH, DELETE"
HEADERS = b"authorization, content-type, if-none-match"
SHOWN = b"etag, ratelimit, ratelimit-policy, retry-after, www-authenticate"
KNOWN_FOR = b"600"
"""Seconds for which a browser need not ask again: an origin that is taken off the list is refused after that."""


class Cors:
    """ASGI middleware around the doors; does nothing at all where no origin is listed."""

    def __init__(self, app: App, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; say to a listed origin that it may read the answer, and answer its question beforehand."""
        if not (self._origins and scope["type"] == "http" and scope["path"].startswith(WHERE)):
            await self._app(scope, receive, send)
            return
        origin = header(scope["headers"], b"origin")
        is_listed = origin in self._origins
        if is_listed and is_preflight(scope):
            await _allow(send, origin or "")
            return

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = with_vary(list(message.get("headers", ())))
                if is_listed:
                    message["headers"] += [
                        *may_read(origin or ""),
                        (b"access-control-expose-headers", SHOWN),
                    ]
            await send(message)

        await self._app(scope, receive, telling)


def is_preflight(scope: Scope) -> bool:
    """Whether a browser asks beforehand what it may send."""
    return (
        scope["method"] == "OPTIONS"
        and header(scope["headers"], b"access-control-request-method") is not None
    )


async def _allow(send: Send, origin: str) -> None:
    headers = [
        *may_read(origin), (b"access-control-allow-methods", METHODS), (b"access-control-allow-headers", HEADERS),
        (b"access-control-max-age", KNOWN_FOR), (b"vary", b"origin, access-control-request-method"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def may_read(origin: str) -> list[tuple[bytes, bytes]]:
    """The header that lets pages of an origin read an answer; never with credentials."""
    return [(b"access-control-allow-origin", origin.encode("latin-1"))]


def with_vary(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """What is answered differs by origin, also for those that are not listed: a cache must not mix them up."""
    before = [value for name, value in headers if name.lower() == b"vary"]
    rest = [(name, value) for name, value in headers if name.lower() != b"vary"]
    return [*rest, (b"vary", b", ".join([*before, b"origin"]))]
