"""A FastAPI app with Signedin within the same process: its pages at /sign-in and /settings/sessions, no key, no proxy.

SIGNEDIN_BASE_URL=http://localhost:9000 uvicorn --app-dir examples/within_app within_app:app --port 9000
"""

import asyncio

from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from signedin.adapters.fastapi import Who
from signedin.middleware import Signedin
from signedin.server.within import Within

app = FastAPI()
app.add_middleware(Signedin, client=Within(), open_paths=["/"])


@app.get("/")
async def welcome():
    return "Welcome to the shop"


@app.get("/orders")
async def orders(who: Who):
    return {"orders_of": who.account, "session": who.session}


@app.get("/events")
async def events(who: Who):
    return StreamingResponse(told(), media_type="text/event-stream")


async def told():
    """Events, four in a second, for as long as somebody listens and is signed in."""
    while True:
        yield "data: an order\n\n"
        await asyncio.sleep(0.25)
