"""The sign-in page: why one is here, the form, and signing out."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.revoke import log_out
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.client_hints import ACCEPT_CH
from signedin.gate.credentials import CLEAR_SITE_DATA
from signedin.rules import errors
from signedin.rules.location import mask_address
from signedin.rules.policy import OutsideNetworks, TooManySessions
from signedin.rules.presence import Absence
from signedin.rules.ticket import page_wanted
from signedin.web.door import Ask, Door, arrival_of, now_of, own_path, see_other
from signedin.web.map_picture import project
from signedin.web.on_the_way import waiting_for
from signedin.web.room_page import room_page
from signedin.web.visit import visit_of

REFUSED = (
    errors.SignInRefused, errors.TooManyRequests, errors.Unavailable, OutsideNetworks, TooManySessions,
)  # fmt: skip
"""What a sign-in page says by itself."""


@get("/sign-in")
async def sign_in_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The form, with at most one notice; who is signed in already goes on."""
    wanted = own_path(page_wanted(request.scope["query_string"]))
    if arrival_of(request).presence is not None:
        return see_other(wanted)
    if door.setup_code() is not None:
        return see_other("/setup")
    return await _page(request, door, next=wanted, notice=notice_at(request, door))


@post("/sign-in")
async def sign_in_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Sign in, then on to the page one wanted; also from a form that was opened before another tab signed in."""
    fields = await door.form(request, or_from_before_sign_in=True)
    wanted, email = own_path(fields.get("next")), fields.get("email", "")
    ticks = Ticks(remember=bool(fields.get("remember")), shared=bool(fields.get("shared")))
    try:
        begun = await sign_in(
            door.means, email, fields.get("password", ""), visit_of(request, door), ticks, now_of(request)
        )
    except REFUSED as refusal:
        if isinstance(refusal, TooManySessions) and refusal.pending:
            return await room_page(request, door, refusal, wanted)
        return await _page(request, door, refusal=refusal, next=wanted, email=email, ticks=ticks)
    arrival_of(request).is_quiet = True
    waiting = await waiting_for(request, door, wanted)
    return see_other(
        wanted, cookies=door.begun_cookies(begun, ticks), headers=waiting.headers if waiting else ()
    )


@post("/sign-out")
async def sign_out(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """End the current session on the server first, then clear the browser, then the login page (R41), from anywhere.

    Where the session has ended already there is nothing to ask for: the sign-in page says why (R51).
    """
    arrival = arrival_of(request)
    presence = arrival.leaving
    if presence is None:
        return see_other("/sign-in")
    await door.form(request)
    await log_out(door.means, presence, arrival.now)
    arrival.is_quiet = True
    cookies = [*door.sign_out_cookies(), door.notice_cookie({"kind": "logged_out"})]
    return see_other("/sign-in", cookies=cookies, headers=[CLEAR_SITE_DATA])


def preview_of(visit: Visit, door: Door) -> dict[str, Any]:
    """How a sign-in from there will be listed."""
    location = door.means.places.locate(visit.address)
    pin = project(location.latitude, location.longitude or 0.0) if location.latitude is not None else None
    return {
        "device": visit.device, "location": location, "masked_ip": mask_address(visit.address), "pin": pin,
    }  # fmt: skip


async def _page(request: Ask, door: Door, *, next: str, **values: Any) -> ASGIResponse:  # noqa: A002
    """The page; with what waits behind it, where a client has sent the person here."""
    waiting = await waiting_for(request, door, next)
    preview = preview_of(visit_of(request, door), door)
    values = {"email": waiting.login_hint if waiting else ""} | values
    headers = [("accept-ch", ACCEPT_CH), *(waiting.headers if waiting else ())]
    return door.page(
        request, "sign_in.html", headers=headers, preview=preview, next=next,
        can_register=door.means.registration == "open", client=waiting.client_name if waiting else "", **values,
    )  # fmt: skip


def ended_notice(absence: Absence) -> dict[str, Any] | None:
    """Why the browser's session ended, for the holder of the dead secret alone (D10)."""
    if absence.reason in ("missing", "malformed", "unknown", "wrong_kind", "wrong_app_type"):
        return None
    return {"kind": absence.reason, "ended_at": absence.ended_at, "idle": absence.idle}


def notice_at(request: Ask, door: Door) -> dict[str, Any] | None:
    """What there is to say at a sign-in page: what the page before left, or why the session ended."""
    left = door.notice(request)
    if left is not None:
        return left
    absence = arrival_of(request).absence
    return ended_notice(absence) if absence else None
