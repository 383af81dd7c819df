"""For Litestar: a guard, and a dependency that says who it is, in an app with the ASGI middleware around it.

app = Signedin(Litestar([orders], dependencies=WHO), client)

@get("/orders", guards=[signed_in])
async def orders(who: Who) -> ...
"""

from __future__ import annotations

from typing import Any

from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from signedin.client import SignedIn

Connection = ASGIConnection[Any, Any, Any, Any]


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Let in whoever is signed in, on a path that is open to everybody too.

    Raises:
        NotAuthorizedException: nobody is.
        KeyError: the middleware is not there, so that nobody was asked for.
    """
    if not isinstance(_who(connection.scope), SignedIn):
        challenge = {"WWW-Authenticate": 'Session error="missing"'}
        raise NotAuthorizedException("You are not signed in.", headers=challenge)


async def provide_who(scope: Scope) -> SignedIn:
    """Whoever is signed in.

    Raises:
        NotAuthorizedException: nobody is.
    """
    who = _who(scope)
    if not isinstance(who, SignedIn):
        raise NotAuthorizedException("You are not signed in.")
    return who


def _who(scope: Scope) -> object:
    return dict(scope)["signedin"]


Who = NamedDependency[SignedIn]
"""The type of a parameter `who` that is whoever is signed in."""
WHO = {"who": Provide(provide_who)}
"""`dependencies=WHO` gives it."""
