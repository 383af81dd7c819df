"""For FastAPI: a dependency that says who it is, in an app with the ASGI middleware around it.

app.add_middleware(Signedin, client=client)

@app.get("/orders")
async def orders(who: Who): ...
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from signedin.client import SignedIn


def signed_in(connection: HTTPConnection) -> SignedIn:
    """Whoever is signed in; also for `dependencies=[Depends(signed_in)]` of a route, a router or the app.

    Raises:
        HTTPException: nobody is, on a path that is open to everybody.
        KeyError: the middleware is not there, so that nobody was asked for.
    """
    who = connection.scope["signedin"]
    if not isinstance(who, SignedIn):
        raise HTTPException(401, "You are not signed in.", {"WWW-Authenticate": 'Session error="missing"'})
    return who


Who = Annotated[SignedIn, Depends(signed_in)]
"""The type of a parameter that is whoever is signed in."""
