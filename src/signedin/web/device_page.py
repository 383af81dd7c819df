"""`/device`: a person types the code that a device shows, sees who asks for what, and decides; never by itself."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.decide_device import AskedByDevice, allow_device, enter_code, refuse_device
from signedin.actions.give_consent import NoLongerCovered
from signedin.actions.judge_request import consent_to
from signedin.actions.list_sessions import account_of
from signedin.rules import errors
from signedin.rules.interaction import AskedAnew
from signedin.web.consent_view import ask_view
from signedin.web.door import Ask, Door, arrival_of, now_of
from signedin.web.on_the_way import ALLOW, decision_in

LONGEST = 40


@get("/device")
async def device_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The form for the code. One that came with the address stands in it, and is asked about like any other."""
    door.signed_in(request)
    return _page(request, door, typed=request.query_params.get("user_code", "")[:LONGEST])


@post("/device")
async def device_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Who asks for what: the code is shown again, to be compared with the device's (RFC 8628, section 5.4)."""
    presence = door.signed_in(request)
    typed = (await door.form(request)).get("user_code", "")[:LONGEST]
    try:
        asked = await enter_code(door.means, presence, typed, arrival_of(request).address, now_of(request))
    except (errors.InvalidInput, errors.TooManyRequests) as refusal:
        return _page(request, door, typed=typed, refusal=refusal)
    return await _asking(request, door, asked)


@post("/device/decide")
async def device_decision(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The decision of the session that typed the code; what else the form says does not count."""
    presence, now = door.signed_in(request), now_of(request)
    fields = await door.form(request)
    typed = fields.get("user_code", "")[:LONGEST]
    is_allowed = decision_in(fields) == ALLOW
    try:
        if is_allowed:
            asked = await allow_device(
                door.means, presence, typed, tuple(fields), now, fields.get("before", "")
            )
        else:
            asked = await refuse_device(door.means, presence, typed, now)
    except errors.InvalidInput as refusal:
        return _page(request, door, refusal=refusal)
    except NoLongerCovered:
        return _page(request, door, typed=typed, refusal=AskedAnew())
    return _page(request, door, decided=asked.client, is_allowed=is_allowed)


def _page(request: Ask, door: Door, **values: Any) -> ASGIResponse:
    return door.page(request, "device.html", **values)


async def _asking(request: Ask, door: Door, asked: AskedByDevice) -> ASGIResponse:
    presence, speech = door.signed_in(request), door.reader(request).speech
    before = await consent_to(door.means, presence, asked.client, now_of(request))
    view = ask_view(asked.client, asked.wanted, speech, before)
    who = await account_of(door.means, presence)
    return _page(request, door, view=view, who=who, asked=asked, before=before.id if before else "")
