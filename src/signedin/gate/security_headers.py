"""The headers that every answer carries, whatever made it: also errors, also static files."""

from __future__ import annotations

from signedin.gate.middleware import App, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
ALWAYS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def always(*, is_secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of every answer, for an installation with or without TLS."""
    return (*ALWAYS, STRICT_TRANSPORT) if is_secure else ALWAYS


class SecurityHeaders:
    """ASGI middleware that adds what is missing, and no-store where nothing else was said."""

    def __init__(self, app: App, *, is_secure: bool) -> None:
        self._app = app
        self._always = always(is_secure=is_secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and complete the headers of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._completed(list(message.get("headers", [])))
            await send(message)

        await self._app(scope, receive, complete)

    def _completed(self, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        named = {name.lower() for name, _ in headers}
        headers += [pair for pair in self._always if pair[0] not in named]
        if b"cache-control" not in named:
            headers.append((b"cache-control", b"no-store"))
        return headers
