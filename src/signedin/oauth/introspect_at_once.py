"""The question that resource servers ask at every request, answered in front of the framework: `/oauth/introspect`.

Only what is plain is answered here: a client with a secret in a Basic header, a form, no page of a browser. Everything
else, and whatever is refused, goes on to `introspect.py` as it came, and is answered, counted and told in the log there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

from signedin.actions.introspect import introspect
from signedin.actions.means import Means
from signedin.gate.client_authentication import client_at_once
from signedin.gate.middleware import App, Message, Receive, Scope, Send
from signedin.oauth.arriving import NO_STORE
from signedin.oauth.form import KIND, LARGEST, read_form
from signedin.oauth.introspect import PATH
from signedin.rules.errors import Refused

_KIND = KIND.encode()
_HEADERS = (
    (b"content-type", b"application/json"),
    *((name.encode(), value.encode()) for name, value in NO_STORE),
)


class IntrospectAtOnce:
    """ASGI middleware in front of the gate: whom the browser's cookies are is nothing that is asked here."""

    def __init__(self, app: App, means: Means, base_url: str, clock: Callable[[], datetime]) -> None:
        self._app, self._means, self._base_url, self._clock = app, means, base_url, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on with all that has been read."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        first = await receive()
        body = await self._answered(scope["headers"], first)
        if body is None:
            await self._app(scope, _again(first, receive), send)
            return
        headers = [*_HEADERS, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answered(self, headers: list[tuple[bytes, bytes]], message: Message) -> bytes | None:
        """What the token says; `None` for everything that is not plain or not right."""
        if message["type"] != "http.request" or message.get("more_body") or len(message["body"]) > LARGEST:
            return None
        sent = dict(headers)
        if len(sent) != len(headers) or sent.get(b"content-type") != _KIND or b"origin" in sent:
            return None
        try:
            caller = await client_at_once(self._means, sent.get(b"authorization", b""))
            form = read_form(message["body"]) if caller else {}
            if caller is None or not form.get("token") or not form.keys() <= {"token", "token_type_hint"}:
                return None
            told = await introspect(self._means, caller, form["token"], self._base_url, self._clock())
        except Refused:
            return None
        return json.dumps(told, ensure_ascii=False).encode()


def _again(first: Message, receive: Receive) -> Receive:
    """What was read already, and then what comes."""
    read = [first]

    async def receive_again() -> Message:
        return read.pop() if read else await receive()

    return receive_again
