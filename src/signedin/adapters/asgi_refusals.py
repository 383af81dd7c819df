"""What whoever may not pass is told by the ASGI middleware: as a request, and as a WebSocket."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple
from urllib.parse import quote

from signedin.rules import errors
from signedin.rules.problem import MEDIA_TYPE, problem
from signedin.rules.scope import not_by_this_key
from signedin.rules.sent import Headers, header

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
ENDED = 4401
"""The code with which a WebSocket is closed when its session ends, and where nobody is signed in."""
NOT_NOW = 1013
FORBIDDEN = 4403
"""From a page of another host, or by a key without the scope."""
_DENIAL = "websocket.http.response"


class Refusal(NamedTuple):
    """An answer in the place of the app's: a problem for programs, the way to the sign-in page for people."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    code: int

    async def send(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a WebSocket is answered like a request where the server can do that, and else closed."""
        if scope["type"] == "http":
            await self._answer("http.response", send, has_body=scope["method"] != "HEAD")
            return
        await receive()  # websocket.connect
        if _DENIAL in (scope.get("extensions") or {}):
            await self._answer(_DENIAL, send, has_body=True)
        else:
            await send({"type": "websocket.close", "code": self.code})

    async def _answer(self, kind: str, send: Send, *, has_body: bool) -> None:
        headers = [*self.headers, (b"content-length", b"%d" % len(self.body))]
        await send({"type": f"{kind}.start", "status": self.status, "headers": headers})
        await send({"type": f"{kind}.body", "body": self.body if has_body else b""})


def nobody(scope: Scope, headers: Headers, reason: str, sign_in: str) -> Refusal:
    """Nobody is signed in: 401 with the reason, as `/v1/check` says it; who goes to a page signs in and comes back."""
    if scope["type"] == "http" and header(headers, b"sec-fetch-mode") == "navigate":
        location = f"{sign_in}?next={_wanted(scope)}".encode("ascii", "replace")
        return Refusal(303, ((b"location", location), _NO_STORE), b"", ENDED)
    refused = errors.NotSignedIn(reason)
    said = (b"www-authenticate", f'Session error="{reason}"'.encode("latin-1", "replace"))
    return _problem(401, refused, ENDED, said, reason=reason)


def not_allowed(scope: str) -> Refusal:
    """Somebody, whose key does not hold the scope."""
    said = (b"www-authenticate", f'Bearer error="insufficient_scope", scope="{scope}"'.encode())
    return _problem(403, not_by_this_key(scope), FORBIDDEN, said)


def _problem(
    status: int, refused: errors.Refused, code: int, *headers: tuple[bytes, bytes], **more: str
) -> Refusal:
    body = json.dumps(problem(status, refused.code, refused.sentence, refused.hint, **more)).encode()
    kind = (b"content-type", MEDIA_TYPE.encode())
    return Refusal(status, (kind, _NO_STORE, *headers), body, code)


def _wanted(scope: Scope) -> str:
    """The page that was asked for, to come back to: a path alone, never a host that the client has named."""
    raw = scope.get("raw_path")
    path = raw.decode("latin-1") if raw else quote(str(scope["path"]), safe="/")
    query = scope.get("query_string", b"").decode("latin-1")
    return quote(f"{path}?{query}" if query else path, safe="/")


_NO_STORE = (b"cache-control", b"no-store")
NOT_KNOWN = _problem(503, errors.Unavailable(), NOT_NOW, (b"retry-after", b"2"))
FOREIGN = _problem(403, errors.CrossSite(), FORBIDDEN)
