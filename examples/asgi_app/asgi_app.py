"""A plain ASGI app, guarded from within: a page, an event stream and a WebSocket.

SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... uvicorn --app-dir examples/asgi_app asgi_app:app --port 9000
"""

import asyncio
import json
import os

from signedin.client import Client
from signedin.middleware import Signedin


async def shop(scope, receive, send):
    if scope["type"] == "websocket":
        await talk(scope, receive, send)
    elif scope["type"] == "http" and scope["path"] == "/events":
        await tell(send)
    elif scope["type"] == "http":
        await answer(send, page(scope))


def page(scope):
    who = scope["signedin"]
    if scope["path"] == "/health":
        return "well"
    if scope["path"] == "/echo":
        return {"headers": [name.decode() for name, _ in scope["headers"] if b"signedin" in name]}
    return {"orders_of": who.account, "session": who.session}


async def answer(send, said):
    body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def tell(send):
    """Events, four in a second, for as long as somebody listens and is signed in."""
    kind = (b"content-type", b"text/event-stream")
    await send({"type": "http.response.start", "status": 200, "headers": [kind]})
    while True:
        await send({"type": "http.response.body", "body": b"data: an order\n\n", "more_body": True})
        await asyncio.sleep(0.25)


async def talk(scope, receive, send):
    """Say again whatever is said, to whom it was said by."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": f"{scope['signedin'].account}: {message['text']}"})


app = Signedin(
    shop,
    Client(os.environ["SIGNEDIN_ADDRESS"], os.environ["SIGNEDIN_KEY"]),
    open_paths=["/health"],
    proxies=1,
)
