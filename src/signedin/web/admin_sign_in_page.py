"""`/admin/sign-in`: operators sign in to an application of their own, with a session and a cookie of its own (D5)."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.revoke import log_out
from signedin.actions.sign_in import Ticks, sign_in
from signedin.gate.client_hints import ACCEPT_CH
from signedin.gate.credentials import CLEAR_SITE_DATA
from signedin.rules.policy import TooManySessions
from signedin.rules.session import AppType
from signedin.rules.ticket import page_wanted
from signedin.web.door import OPERATORS_HOME, Ask, Door, arrival_of, now_of, own_path, see_other
from signedin.web.room_page import room_page
from signedin.web.sign_in_page import REFUSED, notice_at, preview_of
from signedin.web.visit import visit_of

PATH = f"{OPERATORS_HOME}/sign-in"


@get(PATH)
async def admin_sign_in_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The form; who is signed in there already goes on."""
    wanted = _wanted(page_wanted(request.scope["query_string"]))
    if arrival_of(request).presence is not None:
        return see_other(wanted)
    return _page(request, door, next=wanted, notice=notice_at(request, door))


@post(PATH)
async def admin_sign_in_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Begin an Admin session; whoever is no operator is told the same as by a wrong password."""
    fields = await door.form(request, or_from_before_sign_in=True)
    wanted, email = _wanted(fields.get("next")), fields.get("email", "")
    ticks = Ticks(remember=bool(fields.get("remember")), shared=bool(fields.get("shared")))
    visit, now = visit_of(request, door), now_of(request)
    try:
        begun = await sign_in(door.means, email, fields.get("password", ""), visit, ticks, now, AppType.ADMIN)
    except REFUSED as refusal:
        if isinstance(refusal, TooManySessions) and refusal.pending:
            return await room_page(request, door, refusal, wanted)
        return _page(request, door, refusal=refusal, next=wanted, email=email, ticks=ticks)
    arrival_of(request).is_quiet = True
    return see_other(wanted, cookies=door.begun_cookies(begun, ticks))


@post(f"{OPERATORS_HOME}/sign-out")
async def admin_sign_out(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """End the Admin session; that of the same person's Settings goes on (D5)."""
    arrival = arrival_of(request)
    presence = arrival.leaving
    if presence is None:
        return see_other(PATH)
    await door.form(request)
    await log_out(door.means, presence, arrival.now)
    arrival.is_quiet = True
    cookies = [*door.sign_out_cookies(of_operator=True), door.notice_cookie({"kind": "logged_out"})]
    return see_other(PATH, cookies=cookies, headers=[CLEAR_SITE_DATA])


def _wanted(text: str | None) -> str:
    """A page of the operator console to go on to."""
    wanted = own_path(text, OPERATORS_HOME)
    is_there = wanted == OPERATORS_HOME or wanted.startswith((f"{OPERATORS_HOME}/", f"{OPERATORS_HOME}?"))
    return (
        wanted if is_there and not wanted.startswith((PATH, f"{OPERATORS_HOME}/sign-out")) else OPERATORS_HOME
    )


def _page(request: Ask, door: Door, **values: Any) -> ASGIResponse:
    speech = door.reader(request).speech
    limits = door.means.lifetimes.of(AppType.ADMIN)
    said = {"idle_said": speech.span(limits.idle), "overall_said": speech.span(limits.overall)}
    preview = preview_of(visit_of(request, door), door)
    headers = [("accept-ch", ACCEPT_CH)]
    return door.page(request, "admin_sign_in.html", headers=headers, preview=preview, **(said | values))
