"""The lifespan of an app with the ASGI middleware around it: whoever recognises people begins and ends with the app."""

from __future__ import annotations

from signedin.adapters.asgi_open import Recognises
from signedin.adapters.asgi_refusals import App, Message, Receive, Scope, Send

_STARTUP = "lifespan.startup"


async def live(app: App, client: Recognises, scope: Scope, receive: Receive, send: Send) -> None:
    """Begin before the app does, and end after it; an app that knows no lifespan gets one."""
    has_begun = False

    async def receiving() -> Message:
        nonlocal has_begun
        message = await receive()
        if message["type"] == _STARTUP:
            has_begun = True
            await client.start()
        return message

    async def sending(message: Message) -> None:
        if message["type"].startswith("lifespan.shutdown."):
            await client.close()
        await send(message)

    try:
        await app(scope, receiving, sending)
    except Exception:
        if has_begun:
            raise
    if not has_begun:
        await _live_alone(receiving, sending)


async def _live_alone(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": f"{_STARTUP}.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
