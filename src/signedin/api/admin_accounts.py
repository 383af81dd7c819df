"""Accounts for operators: `/v1/admin/accounts`. By an Admin session with the role, or by a service key with the scope."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

import msgspec
from litestar import get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.end_for import MOST_AT_ONCE, Ended, end_chosen, end_everything
from signedin.actions.find_people import find_people, people_of_client
from signedin.actions.look_at import LookedAt, look_at
from signedin.actions.stop_for import disable_for, enable_for, reveal_address
from signedin.api import admin_shapes, key_items, shapes
from signedin.api.answering import body_of, json_answer, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, operator_asks
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, of_question, page_of, place_of
from signedin.api.session_items import displayed, item, moment
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.account import LONGEST_REASON, AccountId, account_named
from signedin.rules.finding import Found, place_said
from signedin.rules.moments import to_micros
from signedin.rules.operator import Deed, LastOwner, OwnRole
from signedin.rules.session_list import LONGEST_WORDS, Question, Sort
from signedin.rules.vouching import AccountInactive

Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_REASON)]


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is done; the account's owner reads it."""

    reason: Reason


class Chosen(msgspec.Struct, forbid_unknown_fields=True):
    """What is to end, by references of sessions, connected apps and access keys: all of it, or nothing."""

    ids: Annotated[list[shapes.Id], msgspec.Meta(min_length=1, max_length=MOST_AT_ONCE)]
    reason: Reason


class Everything(msgspec.Struct, forbid_unknown_fields=True):
    """All sessions and connected apps are to end; the access keys only where that is said."""

    reason: Reason
    access_keys: bool = False


class WantedState(msgspec.Struct, forbid_unknown_fields=True):
    """What state the account is to be in."""

    state: Literal["active", "disabled"]
    reason: Reason


_ITSELF = "/v1/admin/accounts/{person_id}"
_CURSOR, _ROWS, _KEYS = "admin-accounts-cursor", "admin-sessions-cursor", "admin-keys-cursor"
_READ, _MANAGE = "admin:read", "admin:manage"
_LIST = Call(
    Caller.OPERATOR, _READ, ("q", "client", "limit", "cursor"), gives=admin_shapes.FoundAccounts, headers=("ETag",),
    leads_to=((f"GET {_ITSELF}", "person_id", "/items/0/id"),),
)  # fmt: skip
_GONE = (errors.NotFound, errors.SessionAlreadyEnded)
_ONE = Call(Caller.OPERATOR, _READ, gives=admin_shapes.SeenAccount, refuses=(errors.NotFound,))
_STATE = Call(
    Caller.OPERATOR, takes=WantedState, gives=admin_shapes.SeenAccount, refuses=(errors.NotFound, AccountInactive, LastOwner, OwnRole)
)  # fmt: skip
_SESSIONS = Call(
    Caller.OPERATOR, _READ, ("limit", "cursor"), gives=shapes.Rows, headers=("ETag",), refuses=(errors.NotFound,)
)  # fmt: skip
_ITS_KEYS = Call(
    Caller.OPERATOR, _READ, ("limit", "cursor"), gives=shapes.Keys, headers=("ETag",), refuses=(errors.NotFound,)
)  # fmt: skip
_END = Call(
    Caller.OPERATOR, _MANAGE, takes=Chosen, gives=admin_shapes.EndedFor, refuses=(*_GONE, errors.CannotRevokeCurrent)
)  # fmt: skip
_END_ALL = Call(
    Caller.OPERATOR, _MANAGE, takes=Everything, gives=admin_shapes.EndedFor, refuses=(errors.NotFound, errors.CannotRevokeCurrent)
)  # fmt: skip
_REVEAL = Call(Caller.OPERATOR, _MANAGE, takes=Why, gives=admin_shapes.FullAddresses, refuses=_GONE)


@get("/v1/admin/accounts", opt=described(_LIST))
async def find(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Accounts by the beginning of an address, a name or a reference, by number, masked address or connected app."""
    asking, now = await operator_asks(request, kept, Deed.SEE), arrival_of(request).now
    refuse_unknown(request, {"q", "client", "limit", "cursor"})
    words, client = request.query_params.get("q"), request.query_params.get("client")
    limit, purpose = limit_of(request, 20), of_question(_CURSOR, words or "", client or "")
    place = place_said(place_of(kept.means, purpose, request))
    if (words is None) == (client is None):
        raise errors.InvalidInput("Say what to look for: either q or client.", field="q")
    text = words if words is not None else client or ""
    if not text.isprintable() or len(text) > LONGEST_WORDS:
        raise errors.InvalidInput("This cannot be looked for.", field="client" if words is None else "q")
    search = find_people if words is not None else people_of_client
    found = await search(kept.means, asking, text, place, now, limit)
    more = cursor(kept.means, purpose, found.more.said()) if found.more else None
    return tagged(request, _told(found, more))


@get(_ITSELF.replace("}", ":str}"), opt=described(_ONE))
async def one(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """One account, and how much is signed in to it."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    return json_answer(_seen(await look_at(kept.means, asking, numbered(person_id), arrival_of(request).now)))


@patch(_ITSELF.replace("}", ":str}"), opt=described(_STATE))
async def change(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """Disable an account, dead on every path when this answers; or enable it, which revives nothing."""
    changes_from_ourselves(request, kept)
    arrival = arrival_of(request)
    asking, now = await operator_asks(request, kept, Deed.STOP), arrival.now
    refuse_unknown(request, set())
    wanted, number = await body_of(request, WantedState), numbered(person_id)
    deed = disable_for if wanted.state == "disabled" else enable_for
    await deed(kept.means, asking, number, wanted.reason, now)
    return json_answer(_seen(await look_at(kept.means, asking, number, now)))


@get(f"{_ITSELF.replace('}', ':str}')}/sessions", opt=described(_SESSIONS))
async def sessions(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """The session list of an account, as its owner sees it; current is only one's own Admin session."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, {"limit", "cursor"})
    looked = await look_at(kept.means, asking, numbered(person_id), arrival_of(request).now)
    listed, purpose = looked.listed, of_question(_ROWS, person_id)
    rows = listed.answer(Question(sort=Sort.RECENT), displayed)
    page, more = page_of(kept.means, purpose, request, rows, listed.order(Sort.RECENT))
    items = [item(listed, row) for row in page]
    return tagged(request, {"items": items, "counts": listed.counts(), "next_cursor": more})


@get(f"{_ITSELF.replace('}', ':str}')}/access-keys", opt=described(_ITS_KEYS))
async def keys(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """The access keys of an account, the newest first; never a secret."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, {"limit", "cursor"})
    looked = await look_at(kept.means, asking, numbered(person_id), arrival_of(request).now)
    page, more = page_of(
        kept.means, of_question(_KEYS, person_id), request, looked.keys, lambda key: (-to_micros(key.issued_at), key.id)
    )  # fmt: skip
    return tagged(request, {"items": [key_items.item(key) for key in page], "next_cursor": more})


@post(f"{_ITSELF.replace('}', ':str}')}/end", status_code=200, opt=described(_END))
async def end(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """End sessions, connected apps and access keys of an account, once it is over everywhere."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.END), arrival_of(request).now
    refuse_unknown(request, set())
    chosen = await body_of(request, Chosen)
    ended = await end_chosen(kept.means, asking, numbered(person_id), chosen.ids, chosen.reason, now)
    return _ended(ended)


@post(f"{_ITSELF.replace('}', ':str}')}/logout-all", status_code=200, opt=described(_END_ALL))
async def end_all(request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str]) -> ASGIResponse:
    """End all that an account has signed in, once it is over everywhere."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.END), arrival_of(request).now
    refuse_unknown(request, set())
    wanted, number = await body_of(request, Everything), numbered(person_id)
    deed = end_everything(kept.means, asking, number, wanted.reason, now, keys_too=wanted.access_keys)
    return _ended(await deed)


@post(
    f"{_ITSELF.replace('}', ':str}')}/sessions/{{row_id:str}}/reveal", status_code=200, opt=described(_REVEAL)
)
async def reveal(
    request: Ask, kept: NamedDependency[Kept], person_id: FromPath[str], row_id: FromPath[str]
) -> ASGIResponse:
    """The full addresses of a row, for a reason that stands in the account's history."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.REVEAL), arrival_of(request).now
    refuse_unknown(request, set())
    why = await body_of(request, Why)
    shown = await reveal_address(kept.means, asking, numbered(person_id), row_id, why.reason, now)
    return json_answer({"id": shown.row.id, "last_used_from": shown.last, "signed_in_from": shown.began})


ROUTES = [find, one, change, sessions, keys, end, end_all, reveal]


def numbered(text: str) -> AccountId:
    """The account that a path names by its number.

    Raises:
        NotFound: no number of an account.
    """
    found = account_named(text, "")
    if not isinstance(found, int):
        raise errors.NotFound("There is no such account.", hint="Check the id.")
    return found


def _told(found: Found, more: str | None) -> dict[str, Any]:
    items = [
        _account(hit.account) | {
            "sessions": hit.counts.sessions, "consents": hit.counts.consents, "access_keys": hit.counts.access_keys,
        }
        for hit in found.hits
    ]  # fmt: skip
    return {"items": items, "clients": [{"client_id": each, "name": name} for each, name in found.clients],
            "masked_ip": found.network or None, "next_cursor": more}  # fmt: skip


def _seen(looked: LookedAt) -> dict[str, Any]:
    listed = looked.listed
    return _account(looked.account) | {
        "role": looked.role.value if looked.role else None, "sessions": len(listed.sessions),
        "consents": len(listed.consents), "access_keys": len(looked.keys),
    }  # fmt: skip


def _account(account: Any) -> dict[str, Any]:
    return {"id": str(account.id), "email": account.email or None, "name": account.name,
            "state": account.state.value, "created_at": moment(account.created_at)}  # fmt: skip


def _ended(ended: Ended) -> ASGIResponse:
    return json_answer(asdict(ended))
