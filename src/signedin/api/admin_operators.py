"""Who the operators are, and what they did: `/v1/admin/operators`, `/v1/admin/deeds`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.appoint import Appointed, appoint, bound_to, dismiss, list_operators
from signedin.actions.find_people import deeds_before
from signedin.api import admin_shapes
from signedin.api.admin_accounts import numbered
from signedin.api.answering import body_of, empty, json_answer, nothing_sent, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, operator_asks
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, place_of
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.account import LONGEST_EMAIL
from signedin.rules.deed import Done
from signedin.rules.deed import Place as DeedPlace
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.operator import Deed, LastOwner, OwnRole, Role
from signedin.rules.organisation import Organisation, organisation_named

_CURSOR = "admin-deeds-cursor"


class ToAppoint(msgspec.Struct, forbid_unknown_fields=True):
    """Who is to be an operator, with which role; with the number of an organisation for its members alone."""

    email: Annotated[str, msgspec.Meta(max_length=LONGEST_EMAIL)]
    role: Literal["viewer", "helper", "owner"]
    organisation_id: str | None = None


_LIST = Call(Caller.OPERATOR, "admin:read", gives=admin_shapes.Operators, headers=("ETag",))
_APPOINT = Call(
    Caller.OPERATOR,
    takes=ToAppoint,
    gives=admin_shapes.Appointed,
    refuses=(errors.NotFound, LastOwner, OwnRole),
)
_DISMISS = Call(Caller.OPERATOR, status=204, refuses=(errors.NotFound, LastOwner, OwnRole))
_DEEDS = Call(Caller.OPERATOR, "admin:read", ("limit", "cursor"), gives=admin_shapes.Deeds, headers=("ETag",))


@get("/v1/admin/operators", opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Who has which role."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    found = await list_operators(kept.means, asking)
    bound = await bound_to(kept.means, found)
    return tagged(request, {"items": [_item(each, bound.get(each[0].id)) for each in found]})


@post("/v1/admin/operators", status_code=200, opt=described(_APPOINT))
async def appoint_one(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Give an account a role, or another one: an owner's deed, and never to oneself."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.APPOINT), arrival_of(request).now
    refuse_unknown(request, set())
    wanted = await body_of(request, ToAppoint)
    role = Role(wanted.role)
    bound = organisation_named(wanted.organisation_id) if wanted.organisation_id else None
    made = (await appoint(kept.means, asking, wanted.email, role, now, bound), role)
    return json_answer(_item(made, (await bound_to(kept.means, [made])).get(made[0].id)))


@delete("/v1/admin/operators/{person_id:str}", status_code=200, opt=described(_DISMISS))
async def dismiss_one(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """Take an account's role away; its Admin sessions are over when this answers."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.APPOINT), arrival_of(request).now
    await nothing_sent(request)
    await dismiss(kept.means, asking, numbered(person_id), now)
    return empty()


@get("/v1/admin/deeds", opt=described(_DEEDS))
async def record(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """What operators did, newest first: to whom, who, and why."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, {"limit", "cursor"})
    limit, place = limit_of(request, 50), _place(place_of(kept.means, _CURSOR, request))
    done, last = await deeds_before(kept.means, asking, place, limit)
    more = None if last is None else cursor(kept.means, _CURSOR, json.dumps([to_micros(last.at), *last[1:]]))
    return tagged(request, {"items": [done_item(each) for each in done], "next_cursor": more})


ROUTES = [list_all, appoint_one, dismiss_one, record]


def _place(text: str | None) -> DeedPlace | None:
    if text is None:
        return None
    at, account_id, number = json.loads(text)  # sealed: written here
    return DeedPlace(from_micros(at), account_id, number)


def _item(appointed: Appointed, bound: Organisation | None) -> dict[str, Any]:
    account, role = appointed
    return {"id": str(account.id), "email": account.email or None, "name": account.name, "role": role.value,
            "state": account.state.value, "organisation_id": str(bound.id) if bound else None}  # fmt: skip


def done_item(done: Done) -> dict[str, Any]:
    """What an operator did, as programs read it."""
    event = done.event
    return {
        "at": moment(event.at), "account_id": str(done.account_id), "number": done.place.number,
        "operator_id": None if done.operator is None else str(done.operator), "kind": event.kind.value,
        "subject": event.subject, "facts": event.facts, "personal": event.personal,
    }  # fmt: skip
