"""Apps in browsers: which pages of other origins may read what `/oauth` answers (ASVS 3.4.2).

What everybody may know, from anywhere. Pushed requests, tokens, userinfo and revocation only for the origins of the
https addresses that public clients have registered to be led back to: nobody else has a use for them in a browser. Never with
cookies: no answer allows credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from signedin.actions.find_client import origins_of_public
from signedin.actions.means import Means
from signedin.gate.cors import KNOWN_FOR, is_preflight, may_read, with_vary
from signedin.gate.middleware import App, Message, Receive, Scope, Send
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.sent import header

FOR_CLIENTS = {
    "/oauth/par": b"POST", "/oauth/token": b"POST", "/oauth/userinfo": b"GET, POST", "/oauth/revoke": b"POST",
}  # fmt: skip
FOR_ANYBODY = frozenset({
    "/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
})  # fmt: skip
"""Their answers say so themselves (oauth/public.py); only a question beforehand is answered here."""
HEADERS = b"authorization, content-type, dpop"
SHOWN = b"www-authenticate, dpop-nonce, retry-after"
READ_EVERY = 5
"""Seconds for which the registered origins need not be read again."""


class ClientCors:
    """ASGI middleware around the doors."""

    def __init__(self, app: App, means: Means, clock: Callable[[], float] = monotonic) -> None:
        self._app, self._means, self._clock = app, means, clock
        self._origins: frozenset[str] = frozenset()
        self._read_at: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; say to the origin of a registered app that it may read the answer, and answer its question."""
        path, origin = (
            scope.get("path"),
            header(scope["headers"], b"origin") if scope["type"] == "http" else None,
        )
        if path in FOR_ANYBODY and origin and is_preflight(scope):
            await _allow(send, "*", b"GET")
        elif path not in FOR_CLIENTS:
            await self._app(scope, receive, send)
        elif origin and is_preflight(scope) and await self._is_known(origin):
            await _allow(send, origin, FOR_CLIENTS[path])
        else:
            await self._app(scope, receive, _telling(send, origin if await self._is_known(origin) else None))

    async def _is_known(self, origin: str | None) -> bool:
        if not origin:
            return False
        now = self._clock()
        if self._read_at is None or now - self._read_at >= READ_EVERY:
            try:
                self._origins, self._read_at = await origins_of_public(self._means), now
            except (DatabaseProblem, Unavailable):
                return False
        return origin in self._origins


def _telling(send: Send, origin: str | None) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = with_vary(list(message.get("headers", ())))
            if origin is not None:
                message["headers"] += [*may_read(origin), (b"access-control-expose-headers", SHOWN)]
        await send(message)

    return telling


async def _allow(send: Send, origin: str, methods: bytes) -> None:
    headers = [
        *may_read(origin), (b"access-control-allow-methods", methods), (b"access-control-allow-headers", HEADERS),
        (b"access-control-max-age", KNOWN_FOR), (b"vary", b"origin, access-control-request-method"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
