"""Accounts for apps that hold the scope: `/v1/accounts`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.keep_accounts import (
    Change,
    Known,
    accounts_after,
    change_account,
    close_account,
    find_account,
    find_by_email,
)
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.api import shapes
from signedin.api.answering import body_of, empty, json_answer, nothing_sent, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, of_question, place_of
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.account import LONGEST_EMAIL, LONGEST_NAME, LONGEST_REASON, AccountState
from signedin.rules.vouching import AccountInactive

Name = Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)]
_CURSOR = "accounts-cursor"


class New(msgspec.Struct, forbid_unknown_fields=True):
    """An account that is asked for."""

    email: str
    name: Name
    password: str

    def __repr__(self) -> str:
        """Without anything personal."""
        return "New()"


class Changed(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be different; what is not named stays."""

    name: Name | None = None
    state: Literal["active", "disabled"] | None = None
    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)] = ""


_ITSELF = "/v1/accounts/{account_id}"
_LEADS = tuple(
    (call, "account_id", "/id")
    for call in (
        f"GET {_ITSELF}", f"PATCH {_ITSELF}", f"DELETE {_ITSELF}", f"GET {_ITSELF}/sessions", f"POST {_ITSELF}/sessions",
    )
)  # fmt: skip
_READ, _MANAGE = "accounts:read", "accounts:manage"
_LIST = Call(
    Caller.SERVICE, _READ, ("email", "limit", "cursor"), gives=shapes.Accounts, headers=("ETag",),
    leads_to=((f"GET {_ITSELF}", "account_id", "/items/0/id"),),
)  # fmt: skip
_MAKES = (errors.EmailTaken, errors.PasswordRefused)
_MAKE = Call(
    Caller.SERVICE, _MANAGE, takes=New, gives=shapes.Account, status=201, refuses=_MAKES, leads_to=_LEADS
)
_ONE = Call(Caller.SERVICE, _READ, gives=shapes.Account, refuses=(errors.NotFound,))
_CHANGE = Call(
    Caller.SERVICE, _MANAGE, takes=Changed, gives=shapes.Account, refuses=(errors.NotFound, AccountInactive)
)
_CLOSE = Call(Caller.SERVICE, _MANAGE, ("reason",), status=204, refuses=(errors.NotFound,))


@get("/v1/accounts", opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The accounts in the order of their numbers, or the one that `?email=` signs in to."""
    service = arrival_of(request).service_with(_READ)
    refuse_unknown(request, {"email", "limit", "cursor"})
    email, limit = request.query_params.get("email"), limit_of(request, 50)
    place = place_of(kept.means, of_question(_CURSOR, *([email] if email is not None else [])), request)
    if email is not None:
        if len(email) > LONGEST_EMAIL:
            raise errors.InvalidInput("An address has up to 254 characters.", field="email")
        found = await find_by_email(kept.means, service, email)
        return tagged(request, {"items": [_item(each) for each in found], "next_cursor": None})
    found = await accounts_after(kept.means, service, int(place or 0), limit + 1)
    more = (
        cursor(kept.means, of_question(_CURSOR), str(found[limit - 1].account.id))
        if len(found) > limit
        else None
    )
    return tagged(request, {"items": [_item(each) for each in found[:limit]], "next_cursor": more})


@post("/v1/accounts", status_code=201, opt=described(_MAKE))
async def make(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Make an account that signs in with an address and a password."""
    changes_from_ourselves(request, kept)
    service = arrival_of(request).service_with(_MANAGE)
    refuse_unknown(request, set())
    new = await body_of(request, New)
    applicant = Applicant(new.email, new.name, new.password)
    account = await add_by_operator(kept.means, applicant, arrival_of(request).now, service)
    return json_answer(_item(Known(account, ())), status=201)


@get("/v1/accounts/{account_id:str}", opt=described(_ONE))
async def one(request: Ask, kept: NamedDependency[Kept], account_id: FromPath[str]) -> ASGIResponse:
    """One account, by our number or the app's own id."""
    service = arrival_of(request).service_with(_READ)
    refuse_unknown(request, set())
    return json_answer(_item(await find_account(kept.means, service, account_id)))


@patch("/v1/accounts/{account_id:str}", opt=described(_CHANGE))
async def change(request: Ask, kept: NamedDependency[Kept], account_id: FromPath[str]) -> ASGIResponse:
    """Rename, disable or enable an account; a reason stands in its history."""
    changes_from_ourselves(request, kept)
    service = arrival_of(request).service_with(_MANAGE)
    refuse_unknown(request, set())
    wanted = await body_of(request, Changed)
    changed = Change(wanted.name, AccountState(wanted.state) if wanted.state else None, wanted.reason)
    now = arrival_of(request).now
    return json_answer(_item(await change_account(kept.means, service, account_id, changed, now)))


@delete("/v1/accounts/{account_id:str}", status_code=200, opt=described(_CLOSE))
async def close(request: Ask, kept: NamedDependency[Kept], account_id: FromPath[str]) -> ASGIResponse:
    """Close an account: 204 once nothing of it opens anything any more, in any process."""
    changes_from_ourselves(request, kept)
    service = arrival_of(request).service_with(_MANAGE)
    await close_account(kept.means, service, account_id, await reason_of(request), arrival_of(request).now)
    return empty()


ROUTES = [list_all, make, one, change, close]


async def reason_of(request: Ask) -> str:
    """The reason that a call without a body gives, and no other field.

    Raises:
        UnknownField, InvalidInput: another field, also in a body, or too long a reason.
    """
    await nothing_sent(request, {"reason"})
    reason = request.query_params.get("reason", "")
    if len(reason) > LONGEST_REASON:
        raise errors.InvalidInput(f"A reason has up to {LONGEST_REASON} characters.", field="reason")
    return reason


def _item(known: Known) -> dict[str, Any]:
    account = known.account
    return {
        "id": str(account.id), "email": account.email or None, "name": account.name, "state": account.state.value,
        "created_at": moment(account.created_at), "outside_ids": list(known.subjects),
    }  # fmt: skip
