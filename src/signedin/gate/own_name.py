"""On one's own machine: whoever comes by 127.0.0.1 goes on at localhost, where cookies and forms work (D18)."""

from __future__ import annotations

from urllib.parse import urlsplit

from signedin.gate.middleware import App, Receive, Scope, Send
from signedin.rules.sent import header

LOOPBACK = frozenset({"127.0.0.1", "[::1]", "0.0.0.0"})  # noqa: S104  # names to come by, nothing is bound


class OwnName:
    """ASGI middleware; does nothing at all where the base URL is not on localhost."""

    def __init__(self, app: App, base_url: str) -> None:
        self._app = app
        self._base_url = base_url
        self._is_local = urlsplit(base_url).hostname == "localhost"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or send to the same page at localhost."""
        if not (
            self._is_local and scope["type"] == "http" and scope["method"] == "GET" and _is_loopback(scope)
        ):
            await self._app(scope, receive, send)
            return
        query = scope.get("query_string", b"")
        where = self._base_url.encode() + scope["raw_path"] + (b"?" + query if query else b"")
        headers = [(b"location", where), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 307, "headers": headers})
        await send({"type": "http.response.body", "body": b""})


def _is_loopback(scope: Scope) -> bool:
    host = header(scope["headers"], b"host") or ""
    path: str = scope["path"]
    is_page = path.startswith("/") and not path.startswith(("/v1/", "/health/", "/static/"))
    return is_page and host.rpartition(":")[0] in LOOPBACK
