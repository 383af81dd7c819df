"""`/admin/organisations`: who belongs together, and which rules hold for their sessions; changed by owners."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.organisations import (
    add_member,
    make_organisation,
    remove_member,
    remove_organisation,
    rename_organisation,
)
from signedin.actions.see_organisations import list_organisations, see_organisation
from signedin.actions.set_policy import clear_policy, set_policy
from signedin.rules import errors
from signedin.rules.operator import Deed, RoleNeeded
from signedin.rules.organisation import OrganisationInUse, organisation_named
from signedin.rules.policy_wish import EVERY_TYPE, RuleStillEnding, ShutsOut
from signedin.rules.session import AppType
from signedin.rules.wording import marked as _
from signedin.web.admin_page import frame
from signedin.web.door import OPERATORS_HOME, Ask, Door, arrival_of, now_of, see_other
from signedin.web.operators_page import number_of
from signedin.web.row_view import APP_LABELS
from signedin.web.rule_form import filled_by, wish_of, wrong_field
from signedin.web.rule_view import TOO_MANY, rule_views

PATH = f"{OPERATORS_HOME}/organisations"
ONE = f"{PATH}/{{organisation_id:str}}"
PAGE = 50
_REFUSED = (errors.InvalidInput, errors.NotFound, OrganisationInUse, RoleNeeded, RuleStillEnding, ShutsOut)


@get(PATH)
async def organisations_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The organisations by name."""
    return await _list(request, door)


@post(PATH)
async def make_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Make one."""
    presence, fields = door.signed_in(request), await door.form(request)
    try:
        made = await make_organisation(door.means, presence, fields.get("name", ""), now_of(request))
    except _REFUSED as refusal:
        return await _list(request, door, refusal=refusal, name=fields.get("name", ""))
    return see_other(f"{PATH}/{made.id}")


@get(ONE)
async def organisation_page(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str]
) -> ASGIResponse:
    """One organisation, its rules and a page of its members."""
    return await _one(request, door, organisation_id)


@post(f"{ONE}/rename")
async def rename_form(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str]
) -> ASGIResponse:
    """Call it something else."""
    presence, fields = door.signed_in(request), await door.form(request)
    number, name = organisation_named(organisation_id), fields.get("name", "")
    try:
        await rename_organisation(door.means, presence, number, name, now_of(request))
    except _REFUSED as refusal:
        return await _one(request, door, organisation_id, refusal=refusal)
    return see_other(f"{PATH}/{organisation_id}")


@post(f"{ONE}/remove")
async def remove_form(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str]
) -> ASGIResponse:
    """Remove it, where nobody belongs to it."""
    presence = door.signed_in(request)
    await door.form(request)
    try:
        await remove_organisation(door.means, presence, organisation_named(organisation_id), now_of(request))
    except (OrganisationInUse, RoleNeeded) as refusal:
        return await _one(request, door, organisation_id, refusal=refusal)
    return see_other(PATH)


@post(f"{ONE}/members")
async def join_form(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str]
) -> ASGIResponse:
    """Let an account belong to it."""
    presence, fields = door.signed_in(request), await door.form(request)
    number, email = organisation_named(organisation_id), fields.get("email", "")
    deed = add_member(door.means, presence, number, email, now_of(request))
    return await _done(request, door, organisation_id, deed, email=email)


@post(f"{ONE}/members/{{person_id:str}}/remove")
async def leave_form(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str], person_id: FromPath[str]
) -> ASGIResponse:
    """Let an account belong to it no more."""
    presence = door.signed_in(request)
    await door.form(request)
    number, person, now = organisation_named(organisation_id), number_of(person_id), now_of(request)
    return await _done(
        request, door, organisation_id, remove_member(door.means, presence, number, person, now)
    )


@post(f"{ONE}/rules")
async def rule_form(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str]
) -> ASGIResponse:
    """Set what it wants for one app type, or for all."""
    presence, fields = door.signed_in(request), await door.form(request)
    number = organisation_named(organisation_id)
    try:
        app_type, wish = fields.get("app_type", ""), wish_of(fields)
        here, confirmed = arrival_of(request), "confirmed" in fields
        await set_policy(
            door.means, presence, number, app_type, wish, here.now, here.address, confirmed=confirmed
        )
    except _REFUSED as refusal:
        return await _one(request, door, organisation_id, refusal=refusal, filled=fields)
    notice = door.notice_cookie({"kind": "rule_set", "app_type": app_type})
    return see_other(f"{PATH}/{organisation_id}", cookies=[notice])


@post(f"{ONE}/rules/{{app_type:str}}/clear")
async def clear_form(
    request: Ask, door: NamedDependency[Door], organisation_id: FromPath[str], app_type: FromPath[str]
) -> ASGIResponse:
    """Let it want nothing for that app type any more."""
    presence = door.signed_in(request)
    await door.form(request)
    number, now = organisation_named(organisation_id), now_of(request)
    return await _done(
        request, door, organisation_id, clear_policy(door.means, presence, number, app_type, now)
    )


HANDLERS = [
    organisations_page, make_form, organisation_page, rename_form, remove_form, join_form, leave_form, rule_form,
    clear_form,
]  # fmt: skip


async def _list(request: Ask, door: Door, **values: Any) -> ASGIResponse:
    presence, after = door.signed_in(request), request.query_params.get("after", "")[:200]
    found = await list_organisations(door.means, presence, after if after.isprintable() else "", PAGE + 1)
    shown: dict[str, Any] = await frame(request, door) | {
        "found": found[:PAGE], "more": found[PAGE - 1].organisation.name.casefold() if len(found) > PAGE else "",
        "name": "", "refusal": None,
    }  # fmt: skip
    shown["may_rule"] = shown["operator"].may(Deed.RULE)
    return door.page(request, "admin_organisations.html", **(shown | values))


async def _done(
    request: Ask, door: Door, organisation_id: str, deed: Awaitable[object], **shown: Any
) -> ASGIResponse:
    """Do it and come back to the organisation; what is refused is said on its page."""
    try:
        await deed
    except _REFUSED as refusal:
        return await _one(request, door, organisation_id, refusal=refusal, **shown)
    return see_other(f"{PATH}/{organisation_id}")


async def _one(request: Ask, door: Door, organisation_id: str, **values: Any) -> ASGIResponse:
    presence, text = door.signed_in(request), request.query_params.get("after", "0")
    after = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    seen = await see_organisation(door.means, presence, organisation_named(organisation_id), after, PAGE)
    speech = door.reader(request).speech
    shown: dict[str, Any] = await frame(request, door) | {
        "seen": seen, "rules": rule_views(seen.policies, speech), "email": "", "refusal": None,
        "filled": filled_by(seen.policies, request.query_params.get("rule", "")),
        "too_many": {way.value: speech.say(words) for way, words in TOO_MANY.items()},
        "app_types": {EVERY_TYPE: speech.say(_("All sessions"))}
        | {each.value: speech.say(APP_LABELS[each]) for each in AppType},
    }  # fmt: skip
    shown["may_rule"], shown["wrong"] = shown["operator"].may(Deed.RULE), wrong_field(values.get("refusal"))
    return door.page(request, "admin_organisation.html", **(shown | values))
