"""`/admin/operators`: who runs this installation, seen by all of them, and changed by owners."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.appoint import appoint, bound_to, dismiss, list_operators, who_asks
from signedin.actions.list_sessions import account_of
from signedin.actions.see_organisations import names_of_organisations, organisation_called
from signedin.rules import errors
from signedin.rules.account import AccountId, account_named
from signedin.rules.operator import Deed, LastOwner, OwnRole, Role, RoleNeeded, role_named
from signedin.rules.wording import marked as _
from signedin.web.door import OPERATORS_HOME, Ask, Door, now_of, see_other
from signedin.web.event_view import ROLE_NAMES

PATH = f"{OPERATORS_HOME}/operators"
ROLES = {
    Role.VIEWER: (ROLE_NAMES[Role.VIEWER], _("Finds accounts and sees where they are signed in.")),
    Role.HELPER: (ROLE_NAMES[Role.HELPER], _("Also ends the sessions, connected apps and access keys of one account, and sees full IP addresses.")),
    Role.OWNER: (ROLE_NAMES[Role.OWNER], _("Also disables and enables accounts, ends for many at once, sets the rules of organisations, and says who the operators are.")),
}  # fmt: skip
"""What each role is called, and what it is for."""
MOST_NAMED = 200
"""Organisations whose names are proposed in the form; every other one is typed."""


@get(PATH)
async def operators_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Who has which role."""
    return await _page(request, door)


@post(PATH)
async def appoint_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Give somebody a role, or another one, for everybody or for one organisation alone."""
    presence = door.signed_in(request)
    fields = await door.form(request)
    email, organisation = fields.get("email", ""), fields.get("organisation", "").strip()
    try:
        role = role_named(fields.get("role", ""))
        bound = await organisation_called(door.means, presence, organisation) if organisation else None
        bound_id = None if bound is None else bound.id
        account = await appoint(door.means, presence, email, role, now_of(request), bound_id)
    except (errors.InvalidInput, errors.NotFound, LastOwner, OwnRole, RoleNeeded) as refusal:
        return await _page(request, door, refusal=refusal, email=email, organisation=organisation)
    notice = {"kind": "appointed", "name": account.called, "role": role.value}
    notice |= {} if bound is None else {"organisation": bound.name}
    return see_other(PATH, cookies=[door.notice_cookie(notice)])


@post(f"{PATH}/{{person_id:str}}/dismiss")
async def dismiss_form(request: Ask, door: NamedDependency[Door], person_id: FromPath[str]) -> ASGIResponse:
    """Take somebody's role away."""
    presence = door.signed_in(request)
    await door.form(request)
    try:
        account = await dismiss(door.means, presence, number_of(person_id), now_of(request))
    except (LastOwner, OwnRole, RoleNeeded) as refusal:
        return await _page(request, door, refusal=refusal)
    return see_other(PATH, cookies=[door.notice_cookie({"kind": "dismissed", "name": account.called})])


def number_of(text: str) -> AccountId:
    """The account that a path names by its number.

    Raises:
        NotFound: no number of an account.
    """
    found = account_named(text, "")
    if not isinstance(found, int):
        raise errors.NotFound(_("There is no such account."), hint=_("Check the id."))
    return found


async def _page(request: Ask, door: Door, **values: Any) -> ASGIResponse:
    presence = door.signed_in(request)
    operator = await who_asks(door.means, presence)
    found = await list_operators(door.means, presence)
    shown: dict[str, Any] = {
        "account": await account_of(door.means, presence), "operator": operator, "roles": ROLES, "email": "",
        "may_appoint": operator.may(Deed.APPOINT), "notice": door.notice(request), "operators": found,
        "bound": await bound_to(door.means, found), "organisation": "",
        "organisations": await names_of_organisations(door.means, presence, MOST_NAMED),
    }  # fmt: skip
    return door.page(request, "admin_operators.html", **(shown | values))
