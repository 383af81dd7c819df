"""OPTIONS says which methods there are, all of them.

The framework answers for the first of several routes at one path alone; of what is not allowed it names every
method, so it is asked for something that nobody allows.
"""

from __future__ import annotations

from signedin.gate.middleware import App, Message, Receive, Scope, Send

UNHEARD_OF = "UNHEARD-OF"
_OF_A_BODY = frozenset({b"content-type", b"content-length"})


class Options:
    """ASGI middleware right in front of the framework."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer OPTIONS with 204 and the methods."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await self._app(scope, receive, send)
            return
        is_told = False

        async def telling(message: Message) -> None:
            nonlocal is_told
            if message["type"] == "http.response.start" and message["status"] == 405:
                is_told = True
                kept = [pair for pair in message.get("headers", ()) if pair[0].lower() not in _OF_A_BODY]
                await send({**message, "status": 204, "headers": kept})
            elif is_told:
                await send({**message, "body": b""})
            else:
                await send(message)

        await self._app({**scope, "method": UNHEARD_OF}, receive, telling)
