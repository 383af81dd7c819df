"""The set-up page for the first account, and registration for the ones after it."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.make_account import Applicant, register, set_up
from signedin.actions.means import Registration
from signedin.actions.sign_in import Ticks, sign_in
from signedin.rules import errors
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other
from signedin.web.visit import visit_of


@get("/setup")
async def setup_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The form for the first account; afterwards there is no such page."""
    if door.setup_code() is None:
        return see_other("/sign-in")
    return door.page(request, "setup.html")


@post("/setup")
async def setup_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Make the first account with the code that the server printed, and sign in."""
    fields = await door.form(request)
    code = door.setup_code()
    if code is None:
        return see_other("/sign-in")
    applicant = _applicant(fields)
    try:
        if not secrets.compare_digest(fields.get("code", "").strip().upper().encode(), code.encode()):
            raise errors.SetupRefused
        await set_up(door.means, applicant, now_of(request))
    except errors.Refused as refusal:
        return _again(request, door, "setup.html", applicant, refusal)
    visit, ticks = visit_of(request, door), Ticks(remember=True)
    try:
        begun = await sign_in(door.means, applicant.email, applicant.password, visit, ticks, now_of(request))
    except errors.Refused:  # the account is made all the same
        return see_other("/sign-in")
    return see_other("/settings/sessions", cookies=door.begun_cookies(begun, ticks))


@get("/register")
async def register_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The form for a new account, where that is open."""
    if door.means.registration is not Registration.OPEN:
        raise errors.RegistrationClosed
    return door.page(request, "register.html", invitation="")


@get("/invite")
async def invite_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The same form for who was invited; the link is used up only when the form is sent."""
    return door.page(request, "register.html", invitation=request.query_params.get("token", "")[:200])


@post("/register")
async def register_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Make an account; the same is said whether or not the address was taken."""
    fields = await door.form(request)
    applicant, invitation = _applicant(fields), fields.get("invitation", "")
    try:
        address = arrival_of(request).address
        await register(door.means, applicant, invitation or None, address, now_of(request))
    except (errors.InvalidInput, errors.LinkExpired, errors.TooManyRequests, errors.Unavailable) as refusal:
        return _again(request, door, "register.html", applicant, refusal, invitation=invitation)
    return see_other("/sign-in", cookies=[door.notice_cookie({"kind": "registered"})])


def _applicant(fields: dict[str, str]) -> Applicant:
    return Applicant(fields.get("email", ""), fields.get("name", ""), fields.get("password", ""))


def _again(
    request: Ask, door: Door, template: str, applicant: Applicant, refusal: errors.Refused, **values: Any
) -> ASGIResponse:
    return door.page(request, template, refusal=refusal, email=applicant.email, name=applicant.name, **values)
