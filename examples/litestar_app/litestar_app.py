"""A Litestar app, guarded from within: a page, an event stream and a WebSocket.

SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... uvicorn --app-dir examples/litestar_app litestar_app:app --port 9000
"""

import asyncio
import os

from litestar import Litestar, MediaType, Request, get, websocket_listener
from litestar.response import ServerSentEvent

from signedin.adapters.litestar import WHO, Who, signed_in
from signedin.client import Client
from signedin.middleware import Signedin


@get("/orders", guards=[signed_in])
async def orders(who: Who) -> dict[str, str | None]:
    return {"orders_of": who.account, "session": who.session}


@get("/health", media_type=MediaType.TEXT)
async def health() -> str:
    return "well"


@get("/echo")
async def echo(request: Request) -> dict[str, list[str]]:
    """What the app is told under Signedin's names in headers: nothing, whoever sent it."""
    return {"headers": [name for name in request.headers if "signedin" in name]}


@get("/events", guards=[signed_in])
async def events() -> ServerSentEvent:
    return ServerSentEvent(told())


async def told():
    """Events, four in a second, for as long as somebody listens and is signed in."""
    while True:
        yield "an order"
        await asyncio.sleep(0.25)


@websocket_listener("/socket", guards=[signed_in])
async def socket(data: str, who: Who) -> str:
    """Say again whatever is said, to whom it was said by."""
    return f"{who.account}: {data}"


shop = Litestar([orders, health, echo, events, socket], dependencies=WHO)
client = Client(os.environ["SIGNEDIN_ADDRESS"], os.environ["SIGNEDIN_KEY"])
app = Signedin(shop, client, open_paths=["/health"], proxies=1)
