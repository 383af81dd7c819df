"""A FastAPI app, guarded from within: a page, an event stream and a WebSocket.

SIGNEDIN_ADDRESS=http://localhost:8000 SIGNEDIN_KEY=sgn_svc_... uvicorn --app-dir examples/fastapi_app fastapi_app:app --port 9000
"""

import asyncio
import os

from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import PlainTextResponse, StreamingResponse

from signedin.adapters.fastapi import Who
from signedin.client import Client
from signedin.middleware import Signedin

app = FastAPI()
client = Client(os.environ["SIGNEDIN_ADDRESS"], os.environ["SIGNEDIN_KEY"])
app.add_middleware(Signedin, client=client, open_paths=["/health"], proxies=1)


@app.get("/orders")
async def orders(who: Who):
    return {"orders_of": who.account, "session": who.session}


@app.get("/health", response_class=PlainTextResponse)
async def health():
    return "well"


@app.get("/echo")
async def echo(request: Request):
    """What the app is told under Signedin's names in headers: nothing, whoever sent it."""
    return {"headers": [name for name in request.headers if "signedin" in name]}


@app.get("/events")
async def events(who: Who):
    return StreamingResponse(told(), media_type="text/event-stream")


async def told():
    """Events, four in a second, for as long as somebody listens and is signed in."""
    while True:
        yield "data: an order\n\n"
        await asyncio.sleep(0.25)


@app.websocket("/socket")
async def socket(websocket: WebSocket, who: Who):
    """Say again whatever is said, to whom it was said by."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(f"{who.account}: {text}")
