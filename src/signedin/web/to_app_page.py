"""On to an app at another host: whoever is signed in here is sent back there with a ticket."""

from __future__ import annotations

import re
from urllib.parse import quote

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.enter_host import give_ticket, ticket_is_spent
from signedin.rules.ticket import OF_APPS, page_of_app
from signedin.web.door import Ask, Door, now_of

_STATE = re.compile("[0-9a-f]{64}")


@get("/to-app")
async def to_app_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """A page that goes on by itself; not a redirect, for a browser that has just sent the sign-in form follows none
    to another host (`form-action` in our Content-Security-Policy).

    The address is that of a listed host, never one that somebody sent. The ticket opens it only for the browser
    that set out there, so that nobody is signed in as somebody else by a link.
    """
    presence, asked = door.signed_in(request), request.query_params
    address, state = door.hosts.get(asked.get("host", "")), asked.get("state", "")
    if address is None or not _STATE.fullmatch(state):
        raise ticket_is_spent()
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        raise ticket_is_spent()
    ticket = await give_ticket(door.means, presence, asked["host"], bytes.fromhex(state), now_of(request))
    wanted = quote(page_of_app(asked.get("next", "/")), safe="/")
    where = f"{address}{OF_APPS}enter?ticket={ticket}&next={wanted}"
    return door.page(request, "to_app.html", headers=[("referrer-policy", "no-referrer")], where=where)
