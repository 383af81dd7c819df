"""The question that resource servers ask at every request, answered in front of the framework: `/oauth/introspect`.

Only what is plain is answered here: a client with a secret in a Basic header, a form, no page of a browser. Everything
else, and whatever is refused, goes on to `introspect.py` as it came, and is answered, counted and told in the log there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from signedin.actions.introspect import introspect
from signedin.actions.means import Means
from signedin.gate.client_authentication import client_at_once
from signedin.gate.hosts import Hosts
from signedin.gate.middleware import App, Message, Receive, Scope, Send
from signedin.gate.security_headers import always
from signedin.oauth.at_once import again, is_post_to, plain, tell
from signedin.oauth.form import read_form
from signedin.oauth.introspect import PATH
from signedin.rules.errors import Refused


class IntrospectAtOnce:
    """ASGI middleware in front of everything but the check: whom the browser's cookies are is nothing that is asked here.

    So it sees for itself that it is our own host that was asked, and its answers carry the headers of every answer.
    """

    def __init__(
        self, app: App, means: Means, base_url: str, clock: Callable[[], datetime], hosts: Hosts, *, is_secure: bool
    ) -> None:  # fmt: skip
        self._app, self._means, self._base_url, self._clock = app, means, base_url, clock
        self._hosts, self._always = hosts, always(is_secure=is_secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on with all that has been read."""
        if not is_post_to(scope, PATH):
            await self._app(scope, receive, send)
            return
        first = await receive()
        told = await self._told(scope["headers"], first)
        if told is None:
            await self._app(scope, again(first, receive), send)
            return
        await tell(send, told, self._always)

    async def _told(self, headers: list[tuple[bytes, bytes]], message: Message) -> dict[str, Any] | None:
        """What the token says; `None` for everything that is not plain or not right."""
        sent = dict(headers)
        body = plain([sent.get(b"content-type", b"")], message)
        if body is None or len(sent) != len(headers) or b"origin" in sent:
            return None
        if self._hosts.is_another(sent.get(b"host", b"").decode("latin-1")):
            return None
        try:
            caller = await client_at_once(self._means, sent.get(b"authorization", b""))
            form = read_form(body) if caller else {}
            if caller is None or not form.get("token") or not form.keys() <= {"token", "token_type_hint"}:
                return None
            return await introspect(self._means, caller, form["token"], self._base_url, self._clock())
        except Refused:
            return None
