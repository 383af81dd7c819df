"""Organisations for operators: `/v1/admin/organisations`, who belongs to them, and which rules they set."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.look_at import look_at
from signedin.actions.organisations import (
    add_member,
    make_organisation,
    remove_member,
    remove_organisation,
    rename_organisation,
)
from signedin.actions.see_organisations import list_organisations, see_organisation
from signedin.actions.set_policy import clear_policy, said, set_policy
from signedin.api import organisation_shapes as shapes
from signedin.api.admin_accounts import numbered
from signedin.api.answering import body_of, empty, json_answer, nothing_sent, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, operator_asks
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, of_question, place_of
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.account import LONGEST_EMAIL, LONGEST_NAME, Account
from signedin.rules.operator import Deed
from signedin.rules.organisation import NameTaken, Organisation, OrganisationInUse, organisation_named
from signedin.rules.policy import InForce, Policy, Ruled
from signedin.rules.policy_wish import EVERY_TYPE, Wish


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """What an organisation is called."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]


class Joining(msgspec.Struct, forbid_unknown_fields=True):
    """The address of the account that is to belong to it."""

    email: Annotated[str, msgspec.Meta(max_length=LONGEST_EMAIL)]


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """What an organisation is to want for one app type: spans in whole seconds; what is left out is not wanted."""

    idle_seconds: int | None = None
    overall_seconds: int | None = None
    most: int | None = None
    too_many: Literal["end_oldest", "ask", "refuse"] = "end_oldest"
    read_only: bool = False
    networks: list[str] = []
    shortest_password: int | None = None


_ALL, _READ = "/v1/admin/organisations", "admin:read"
_ITSELF = f"{_ALL}/{{organisation_id:str}}"
_MEMBERS, _RULE = f"{_ITSELF}/members", f"{_ITSELF}/rules/{{app_type:str}}"
_CURSOR, _OF_MEMBERS = "admin-organisations-cursor", "admin-members-cursor"
_OPERATOR, _GONE = Caller.OPERATOR, (errors.NotFound,)
_LIST = Call(_OPERATOR, _READ, ("limit", "cursor"), gives=shapes.Organisations, headers=("ETag",))
_MAKE = Call(_OPERATOR, takes=Named, gives=shapes.Organisation, status=201, refuses=(NameTaken,))
_ONE = Call(_OPERATOR, _READ, gives=shapes.OneOrganisation, refuses=_GONE)
_RENAME = Call(_OPERATOR, takes=Named, gives=shapes.Organisation, refuses=(errors.NotFound, NameTaken))
_REMOVE = Call(_OPERATOR, status=204, refuses=(errors.NotFound, OrganisationInUse))
_SEE_MEMBERS = Call(
    _OPERATOR, _READ, ("limit", "cursor"), gives=shapes.Members, headers=("ETag",), refuses=_GONE
)
_JOIN = Call(_OPERATOR, takes=Joining, gives=shapes.Member, refuses=_GONE)
_LEAVE = Call(_OPERATOR, status=204, refuses=_GONE)
_SET = Call(_OPERATOR, takes=Rule, gives=shapes.RuleSaid, refuses=_GONE)
_CLEAR = Call(_OPERATOR, status=204, refuses=_GONE)
_WHY = Call(_OPERATOR, _READ, gives=shapes.RulesOfAccount, refuses=_GONE)


@get(_ALL, opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The organisations by name, with how many accounts belong to each, counted up to a thousand."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, {"limit", "cursor"})
    limit, place = limit_of(request, 50), place_of(kept.means, _CURSOR, request)
    found = await list_organisations(kept.means, asking, place or "", limit + 1)
    last = found[limit - 1].organisation.name.casefold() if len(found) > limit else None
    more = None if last is None else cursor(kept.means, _CURSOR, last)
    items = [
        _item(each.organisation) | {"members": each.members, "has_more_members": each.has_more_members}
        for each in found[:limit]
    ]
    return tagged(request, {"items": items, "next_cursor": more})


@post(_ALL, status_code=201, opt=described(_MAKE))
async def make(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Make an organisation, which wants nothing of anybody yet."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    refuse_unknown(request, set())
    wanted = await body_of(request, Named)
    return json_answer(_item(await make_organisation(kept.means, asking, wanted.name, now)), 201)


@get(_ITSELF, opt=described(_ONE))
async def one(request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str]) -> ASGIResponse:
    """One organisation with its rules."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    seen = await see_organisation(kept.means, asking, organisation_named(organisation_id), 0, 1)
    return json_answer(_item(seen.organisation) | {"rules": [_rule(each) for each in seen.policies]})


@patch(_ITSELF, opt=described(_RENAME))
async def rename(request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str]) -> ASGIResponse:
    """Call an organisation something else."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    refuse_unknown(request, set())
    number, wanted = organisation_named(organisation_id), await body_of(request, Named)
    return json_answer(_item(await rename_organisation(kept.means, asking, number, wanted.name, now)))


@delete(_ITSELF, status_code=200, opt=described(_REMOVE))
async def remove(request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str]) -> ASGIResponse:
    """Remove an organisation that nobody belongs to, with its rules."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    await nothing_sent(request)
    await remove_organisation(kept.means, asking, organisation_named(organisation_id), now)
    return empty()


@get(_MEMBERS, opt=described(_SEE_MEMBERS))
async def members(request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str]) -> ASGIResponse:
    """The accounts that belong to it, by their numbers."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, {"limit", "cursor"})
    limit, purpose = limit_of(request, 50), of_question(_OF_MEMBERS, organisation_id)
    after = int(place_of(kept.means, purpose, request) or 0)
    seen = await see_organisation(kept.means, asking, organisation_named(organisation_id), after, limit)
    more = None if seen.more is None else cursor(kept.means, purpose, str(seen.more))
    return tagged(request, {"items": [_member(each) for each in seen.members], "next_cursor": more})


@post(_MEMBERS, status_code=200, opt=described(_JOIN))
async def join(request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str]) -> ASGIResponse:
    """Let an account belong to it: its rules hold for what the account has signed in when this answers."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    refuse_unknown(request, set())
    number, wanted = organisation_named(organisation_id), await body_of(request, Joining)
    return json_answer(_member(await add_member(kept.means, asking, number, wanted.email, now)))


@delete(f"{_MEMBERS}/{{person_id:str}}", status_code=200, opt=described(_LEAVE))
async def leave(
    request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str], person_id: FromPath[str]
) -> ASGIResponse:
    """Let an account belong to it no more; what its rules have ended stays ended."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    await nothing_sent(request)
    await remove_member(kept.means, asking, organisation_named(organisation_id), numbered(person_id), now)
    return empty()


@put(_RULE, opt=described(_SET))
async def set_rule(
    request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str], app_type: FromPath[str]
) -> ASGIResponse:
    """Let this be what it wants for that app type, or for `all`; in force everywhere when this answers."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    refuse_unknown(request, set())
    number, rule = organisation_named(organisation_id), await body_of(request, Rule)
    wish = Wish(
        rule.idle_seconds, rule.overall_seconds, rule.most, rule.too_many, rule.read_only, tuple(rule.networks),
        rule.shortest_password,
    )  # fmt: skip
    return json_answer(_rule(await set_policy(kept.means, asking, number, app_type, wish, now)))


@delete(_RULE, status_code=200, opt=described(_CLEAR))
async def clear_rule(
    request: Ask, kept: NamedDependency[Kept], organisation_id: FromPath[str], app_type: FromPath[str]
) -> ASGIResponse:
    """Let it want nothing for that app type any more."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.RULE), arrival_of(request).now
    await nothing_sent(request)
    await clear_policy(kept.means, asking, organisation_named(organisation_id), app_type, now)
    return empty()


@get("/v1/admin/accounts/{person_id:str}/rules", opt=described(_WHY))
async def rules_of(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """Which rules apply to an account, and why: each value with the organisations that want it."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    seen = await look_at(kept.means, asking, numbered(person_id), arrival_of(request).now)
    rules = seen.rules
    return json_answer({
        "organisations": [_item(each) for each in rules.organisations], "in_force": [_in_force(each) for each in rules.in_force],
    })  # fmt: skip


ROUTES = [list_all, make, one, rename, remove, members, join, leave, set_rule, clear_rule, rules_of]


def _item(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": str(organisation.id),
        "name": organisation.name,
        "created_at": moment(organisation.created_at),
    }


def _member(account: Account) -> dict[str, Any]:
    return {"id": str(account.id), "email": account.email or None, "name": account.name, "state": account.state.value}  # fmt: skip


def _rule(policy: Policy) -> dict[str, Any]:
    return {"app_type": policy.app_type.value if policy.app_type else EVERY_TYPE} | said(policy)


def _in_force(rule: InForce) -> dict[str, Any]:
    overall = rule.overall.value
    return {
        "app_type": rule.app_type.value if rule.app_type else EVERY_TYPE, "too_many": rule.too_many.value,
        "idle_seconds": _because(rule.idle, int(rule.idle.value.total_seconds())),
        "overall_seconds": _because(rule.overall, None if overall is None else int(overall.total_seconds())),
        "most": _because(rule.most, rule.most.value), "read_only": _because(rule.is_read_only, rule.is_read_only.value),
        "networks": [_because(each, list(each.value)) for each in rule.networks],
        "shortest_password": _because(rule.shortest_password, rule.shortest_password.value),
    }  # fmt: skip


def _because(ruled: Ruled[Any], value: Any) -> dict[str, Any]:
    return {"value": value, "because": list(ruled.because)}
