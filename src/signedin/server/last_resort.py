"""The last resort: whatever was thrown before or behind the pages is caught here and answered."""

from __future__ import annotations

import json
import secrets

import structlog

from signedin.gate.middleware import App, Message, Receive, Scope, Send

log = structlog.get_logger("signedin.server")


class LastResort:
    """ASGI middleware around everything; an answer that has begun is only cut off."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer 500 in place of an answer that did not come."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            reference = secrets.token_hex(6)
            log.error("a request failed at the last resort", reference=reference, exc_info=error)
            if begun or scope["type"] != "http":
                raise
            await _answer(send, reference)


async def _answer(send: Send, reference: str) -> None:
    told = {
        "type": "about:blank", "title": "Something went wrong on our side.", "status": 500,
        "code": "internal_error", "detail": f"Try again. If it stays, tell the operator this reference: {reference}.",
    }  # fmt: skip
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": body})
