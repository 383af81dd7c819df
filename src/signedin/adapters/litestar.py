"""For Litestar: a guard, and a dependency that says who it is, in an app with the ASGI middleware around it.

app = Signedin(Litestar([orders], dependencies=WHO), client)

@get("/orders", guards=[signed_in])
async def orders(who: SignedIn) -> ...
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler

from signedin.client import SignedIn

Connection = ASGIConnection[Any, Any, Any, Any]


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Let in whoever is signed in, on a path that is open to everybody too.

    Raises:
        NotAuthorizedException: nobody is.
        KeyError: the middleware is not there, so that nobody was asked for.
    """
    if not isinstance(_who(connection), SignedIn):
        challenge = {"WWW-Authenticate": 'Session error="missing"'}
        raise NotAuthorizedException("You are not signed in.", headers=challenge)


async def provide_who(scope: Any) -> SignedIn:
    """Whoever is signed in.

    Raises:
        NotAuthorizedException: nobody is.
    """
    who = scope["signedin"]
    if not isinstance(who, SignedIn):
        raise NotAuthorizedException("You are not signed in.")
    return who


def _who(connection: Connection) -> Any:
    return dict(connection.scope)["signedin"]


WHO = {"who": Provide(provide_who)}
"""`dependencies=WHO` makes a parameter `who: SignedIn` whoever is signed in."""
