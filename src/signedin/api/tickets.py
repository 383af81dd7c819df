"""Tickets: an app fetches one for a session of its own, so that its person comes to Settings > Sessions (D31)."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.enter_host import give_ticket
from signedin.api import shapes
from signedin.api.answering import json_answer, nothing_sent
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, signed_in
from signedin.api.call import Call, Caller, described
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules.scope import not_by_this_key
from signedin.rules.ticket import HERE, LASTS

_GIVE = Call(Caller.SESSION, gives=shapes.Ticket, status=201)


@post("/v1/sessions/current/ticket", status_code=201, opt=described(_GIVE))
async def give(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """A ticket for the session that asks by its bearer token; `url` has it in its fragment, which no log sees.

    A browser that has the cookie needs none, and no script in one of our pages shall be able to carry one away.
    """
    changes_from_ourselves(request, kept)
    presence, arrival = signed_in(request), arrival_of(request)
    await nothing_sent(request)
    if not arrival.is_bearer:
        raise not_by_this_key()
    ticket = await give_ticket(kept.means, presence, HERE, b"", arrival.now)
    url, until = f"{kept.base_url}/ticket#{ticket}", moment(arrival.now + LASTS)
    return json_answer({"ticket": ticket, "url": url, "expires_at": until}, status=201)


ROUTES = [give]
