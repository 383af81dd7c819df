"""Endings for many, for owners: `/v1/admin/endings`. What is shown is what ends, for a reason, account by account."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.end_many import begin_many, find_many, many_before, resume_many, stop_many
from signedin.actions.preview_many import count_on, preview_many
from signedin.api import admin_shapes
from signedin.api.admin_accounts import Reason
from signedin.api.answering import body_of, json_answer, nothing_sent, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, operator_asks
from signedin.api.bulk_items import LONGEST_PREVIEW, ending_item, preview_item
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, place_of
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.bulk import LONGEST_CLIENT_ID, Wanted
from signedin.rules.bulk_job import BulkPlace, EndingFinished, NothingToEnd, PreviewTooOld, PreviewUnfinished
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.network import LONGEST_NETWORK
from signedin.rules.operator import Deed
from signedin.rules.session import AppType

_ALL = "/v1/admin/endings"
_ITSELF = f"{_ALL}/{{ending_id}}"
_CURSOR = "admin-endings-cursor"
Sealed = Annotated[str, msgspec.Meta(max_length=LONGEST_PREVIEW)]


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What is to end: all that meets every condition that is said, or everyone's. Or a preview, to count on with it."""

    app_types: Annotated[
        list[Literal["web", "admin", "sync", "mobile", "oauth"]], msgspec.Meta(max_length=5)
    ] = []
    client_id: Annotated[str, msgspec.Meta(max_length=LONGEST_CLIENT_ID)] = ""
    unused_since: datetime | None = None
    begun_before: datetime | None = None
    network: Annotated[str, msgspec.Meta(max_length=LONGEST_NETWORK)] = ""
    everyone: bool = False
    access_keys: bool = False
    own_session: bool = False
    preview: Sealed = ""


class ToBegin(msgspec.Struct, forbid_unknown_fields=True):
    """What begins: a preview that is complete, and why; the owners of the accounts read the reason."""

    preview: Sealed
    reason: Reason


_PREVIEW = Call(Caller.OPERATOR, takes=Asked, gives=admin_shapes.EndingPreview, refuses=(PreviewTooOld,))
_BEGIN = Call(
    Caller.OPERATOR, takes=ToBegin, gives=admin_shapes.BulkEnding, leads_to=((f"GET {_ITSELF}", "ending_id", "/id"),),
    refuses=(PreviewTooOld, PreviewUnfinished, NothingToEnd),
)  # fmt: skip
_LIST = Call(
    Caller.OPERATOR, "admin:read", ("limit", "cursor"), gives=admin_shapes.BulkEndings, headers=("ETag",)
)
_ONE = Call(Caller.OPERATOR, "admin:read", gives=admin_shapes.BulkEnding, refuses=(errors.NotFound,))
_CHANGE = Call(Caller.OPERATOR, gives=admin_shapes.BulkEnding, refuses=(errors.NotFound, EndingFinished))


@post(f"{_ALL}/preview", status_code=200, opt=described(_PREVIEW))
async def preview(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """What would end, counted for two seconds; with the preview of an answer that is not complete it is counted on."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.BULK), arrival_of(request).now
    refuse_unknown(request, set())
    asked = await body_of(request, Asked)
    if asked.preview:
        _refuse_more(asked)
        return json_answer(preview_item(await count_on(kept.means, asking, asked.preview, now)))
    wanted = Wanted(
        frozenset(map(AppType, asked.app_types)), asked.client_id, _moment(asked.unused_since, "unused_since"),
        _moment(asked.begun_before, "begun_before"), asked.network, asked.everyone, asked.access_keys,
        asked.own_session,
    )  # fmt: skip
    return json_answer(preview_item(await preview_many(kept.means, asking, wanted, now)))


@post(_ALL, status_code=200, opt=described(_BEGIN))
async def begin(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Begin what a preview has shown; the servers go on with it, and the same preview begins the same ending."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.BULK), arrival_of(request).now
    refuse_unknown(request, set())
    wanted = await body_of(request, ToBegin)
    return json_answer(ending_item(await begin_many(kept.means, asking, wanted.preview, wanted.reason, now)))


@get(_ALL, opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Endings for many that there were, the newest first."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, {"limit", "cursor"})
    limit, place = limit_of(request, 50), _place(place_of(kept.means, _CURSOR, request))
    found = await many_before(kept.means, asking, place, limit + 1)
    last = found[limit - 1].place if len(found) > limit else None
    more = None if last is None else cursor(kept.means, _CURSOR, json.dumps([to_micros(last.at), last.id]))
    return tagged(request, {"items": [ending_item(each) for each in found[:limit]], "next_cursor": more})


@get(f"{_ALL}/{{ending_id:str}}", opt=described(_ONE))
async def one(request: Ask, kept: NamedDependency[Kept], ending_id: FromPath[str]) -> ASGIResponse:
    """One of them: `ended` is what is over in every process by now."""
    asking = await operator_asks(request, kept, Deed.SEE)
    refuse_unknown(request, set())
    return json_answer(ending_item(await find_many(kept.means, asking, ending_id)))


@post(f"{_ALL}/{{ending_id:str}}/stop", status_code=200, opt=described(_CHANGE))
async def stop(request: Ask, kept: NamedDependency[Kept], ending_id: FromPath[str]) -> ASGIResponse:
    """Stop it: nothing more ends after the answer, until it is let go on."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.BULK), arrival_of(request).now
    await nothing_sent(request)
    return json_answer(ending_item(await stop_many(kept.means, asking, ending_id, now)))


@post(f"{_ALL}/{{ending_id:str}}/resume", status_code=200, opt=described(_CHANGE))
async def resume(request: Ask, kept: NamedDependency[Kept], ending_id: FromPath[str]) -> ASGIResponse:
    """Let it go on from where it was stopped."""
    changes_from_ourselves(request, kept)
    asking, now = await operator_asks(request, kept, Deed.BULK), arrival_of(request).now
    await nothing_sent(request)
    return json_answer(ending_item(await resume_many(kept.means, asking, ending_id, now)))


ROUTES = [preview, begin, list_all, one, stop, resume]


def _place(text: str | None) -> BulkPlace | None:
    if text is None:
        return None
    at, ending_id = json.loads(text)  # sealed: written here
    return BulkPlace(from_micros(at), ending_id)


def _refuse_more(asked: Asked) -> None:
    """Refuse what says beside a preview what it should be of: it is of what it was asked for.

    Raises:
        InvalidInput: it does.
    """
    if asked != Asked(preview=asked.preview):
        raise errors.InvalidInput(
            "A preview is counted on as it was asked for.", field="preview",
            hint="Send it alone, or ask anew without it.",
        )  # fmt: skip


def _moment(at: datetime | None, field: str) -> datetime | None:
    """A moment that says its zone.

    Raises:
        InvalidInput: it does not.
    """
    if at is not None and at.tzinfo is None:
        raise errors.InvalidInput("Say the moment with its zone, like 2026-11-23T14:20:00Z.", field=field)
    return at
