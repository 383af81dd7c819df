"""The last resort: whatever was thrown before or behind the pages is caught here and answered."""

from __future__ import annotations

import asyncio
import secrets

import structlog

from signedin.gate.check_answer import problem
from signedin.gate.middleware import App, Message, Receive, Scope, Send
from signedin.rules.errors import Unavailable

log = structlog.get_logger("signedin.server")
_NOT_KNOWN = (
    "The server was stopped before this was done.",
    "Do it again in a moment: it may have been done all the same.",
)


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
        except asyncio.CancelledError:  # a stop of the server that could not wait any longer
            if not begun and scope["type"] == "http":
                await _answer(send, 503, Unavailable.code, *_NOT_KNOWN)
            raise
        except Exception as error:
            reference = secrets.token_hex(6)
            log.error("a request failed at the last resort", reference=reference, exc_info=error)
            if begun or scope["type"] != "http":
                raise
            await _answer(send, 500, "internal_error", "Something went wrong on our side.", _tell(reference))


def _tell(reference: str) -> str:
    return f"Try again. If it stays, tell the operator this reference: {reference}."


async def _answer(send: Send, status: int, code: str, title: str, detail: str) -> None:
    waiting = [(b"retry-after", b"1")] if status == 503 else []
    answer = problem(status, code, title, detail, {}, *waiting)
    headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
