"""From an app to one's sessions: the ticket that the app handed to the browser becomes this host's cookie (D31)."""

from __future__ import annotations

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.enter_host import take_ticket
from signedin.rules.ticket import HERE
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other


@get("/ticket")
async def ticket_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Takes the ticket out of the fragment, which no server and no log sees, and sends it as our own form.

    Where somebody is signed in already nothing goes by itself: they are asked. Without a script people copy the
    address of the page, which only their browser knows whole, into the form.
    """
    is_asked = arrival_of(request).presence is not None
    return door.page(request, "ticket.html", is_asked=is_asked)


@post("/ticket")
async def ticket_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Take the ticket, and go on to the list, in which the app's session is the current one."""
    fields = await door.form(request)
    arrival = arrival_of(request)
    now = now_of(request)
    entered = await take_ticket(door.means, _given(fields), HERE, b"", now, arrival.recognised)
    arrival.is_quiet = True
    return see_other("/settings/sessions", cookies=[door.child_cookie(entered.token)])


def _given(fields: dict[str, str]) -> str:
    """The ticket, or what follows the # of an address that was copied."""
    return fields.get("ticket", "").strip() or fields.get("address", "").rpartition("#")[2].strip()
