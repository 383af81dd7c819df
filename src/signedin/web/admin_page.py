"""`/admin`: find an account, and the record of what operators did."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.appoint import who_asks
from signedin.actions.find_client import find_client
from signedin.actions.find_people import deeds_before, find_people, people_of_client
from signedin.actions.list_sessions import account_of
from signedin.rules.account import Account
from signedin.rules.session_list import LONGEST_WORDS
from signedin.web.admin_view import (
    PEOPLE,
    FindView,
    deed_carried,
    deed_place_carried,
    find_view,
    nothing_sought,
    place_carried,
)
from signedin.web.door import OPERATORS_HOME, Ask, Door, now_of
from signedin.web.event_view import event_view
from signedin.web.operators_page import ROLES

LATEST = 20
"""Deeds of the record that are shown at once."""


@get([OPERATORS_HOME, PEOPLE])
async def admin_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The search, what it found, and what was done last, or before that."""
    shown = await frame(request, door) | {"find": await found(request, door)}
    before = deed_place_carried(request.query_params.get("before", ""))
    done, more = await deeds_before(door.means, door.signed_in(request), before, LATEST)
    earlier = f"{OPERATORS_HOME}?before={deed_carried(more)}" if more else ""
    speech = door.reader(request).speech
    names = {str(each.operator): each.operator_called for each in done if each.operator}
    record = [(each, event_view(each.event, speech, names)) for each in done]
    return door.page(request, "admin_home.html", record=record, earlier_link=earlier, **shown)


async def frame(request: Ask, door: Door) -> dict[str, Any]:
    """What every page of the console shows around what it is about.

    Raises: as `operator_asking`.
    """
    presence = door.signed_in(request)
    return {
        "operator": await who_asks(door.means, presence), "account": await account_of(door.means, presence),
        "roles": ROLES, "notice": door.notice(request),
    }  # fmt: skip


async def found(request: Ask, door: Door, chosen: Account | None = None) -> FindView:
    """What was looked for in the address of the page, and what was found."""
    words = request.query_params.get("q", "").strip()[:LONGEST_WORDS]
    client_id = request.query_params.get("client", "")[:200]
    presence, now = door.signed_in(request), now_of(request)
    place = None if chosen else place_carried(request.query_params.get("after", ""))
    if client_id and client_id.isprintable():
        hits = await people_of_client(door.means, presence, client_id, place, now)
        client = await find_client(door.means, client_id)
        return find_view(hits, "", (client_id, client.name if client else client_id), chosen)
    if not words or not words.isprintable():
        return nothing_sought()
    return find_view(await find_people(door.means, presence, words, place, now), words, None, chosen)
