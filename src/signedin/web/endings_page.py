"""`/admin/endings`: ending for many at once. What is shown is what ends, for a reason; how far it is, and stopping it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.end_many import begin_many, find_many, many_before, resume_many, stop_many
from signedin.actions.find_client import find_client
from signedin.actions.preview_many import count_on, preview_many
from signedin.rules import errors
from signedin.rules.bulk_job import BulkEnding, BulkPlace, EndingFinished, Preview, PreviewTooOld
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.operator import Deed, refuse_unless
from signedin.web.admin_page import frame
from signedin.web.door import OPERATORS_HOME, Ask, Door, now_of, see_other
from signedin.web.endings_view import (
    TYPE_NAMES,
    by_type,
    ending_view,
    how_many_said,
    sample_view,
    wanted_from,
    which_said,
)

PATH = f"{OPERATORS_HOME}/endings"
PREVIEW, ONE = f"{PATH}/preview", f"{PATH}/{{ending_id:str}}"
SHOWN = 20


@get(PATH)
async def endings_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """What to end, for owners, and what has been ended like this before."""
    return await _home(request, door)


@get(PREVIEW)
async def preview_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """What would end, and the question why. Where counting takes long, how much it is so far, and a button to count on."""
    presence, now = door.signed_in(request), now_of(request)
    fields = dict(request.query_params.items())
    try:
        if fields.get("preview"):
            preview = await count_on(door.means, presence, fields["preview"], now)
        else:
            preview = await preview_many(door.means, presence, wanted_from(fields, now), now)
    except errors.InvalidInput as refusal:
        return await _home(request, door, refusal=refusal, asked=fields)
    return await _preview(request, door, preview)


@post(PATH)
async def begin_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Begin what was shown."""
    presence, now = door.signed_in(request), now_of(request)
    fields = await door.form(request)
    sealed, reason = fields.get("preview", ""), fields.get("reason", "")
    try:
        ending = await begin_many(door.means, presence, sealed, reason, now)
    except PreviewTooOld as refusal:
        return await _home(request, door, refusal=refusal)
    except errors.InvalidInput as refusal:
        try:
            again = await count_on(door.means, presence, sealed, now)
        except PreviewTooOld as too_old:
            return await _home(request, door, refusal=too_old)
        return await _preview(request, door, again, refusal, reason)
    return see_other(f"{PATH}/{ending.id}")


@get(ONE)
async def ending_page(request: Ask, door: NamedDependency[Door], ending_id: FromPath[str]) -> ASGIResponse:
    """How far it is, and what it has ended."""
    return await _one(request, door, await find_many(door.means, door.signed_in(request), ending_id))


@post(f"{ONE}/stop")
async def stop_form(request: Ask, door: NamedDependency[Door], ending_id: FromPath[str]) -> ASGIResponse:
    """Stop it."""
    return await _changed(request, door, ending_id, stop_many)


@post(f"{ONE}/resume")
async def resume_form(request: Ask, door: NamedDependency[Door], ending_id: FromPath[str]) -> ASGIResponse:
    """Let it go on."""
    return await _changed(request, door, ending_id, resume_many)


ROUTES = [endings_page, preview_page, begin_form, ending_page, stop_form, resume_form]


async def _changed(request: Ask, door: Door, ending_id: str, deed: Any) -> ASGIResponse:
    presence = door.signed_in(request)
    await door.form(request)
    try:
        await deed(door.means, presence, ending_id, now_of(request))
    except EndingFinished as refusal:
        return await _one(request, door, await find_many(door.means, presence, ending_id), refusal)
    return see_other(f"{PATH}/{ending_id}")


async def _home(request: Ask, door: Door, **values: Any) -> ASGIResponse:
    presence, speech = door.signed_in(request), door.reader(request).speech
    found = await many_before(door.means, presence, _place(request.query_params.get("after", "")), SHOWN + 1)
    last = found[SHOWN - 1].place if len(found) > SHOWN else None
    shown: dict[str, Any] = await frame(request, door) | {
        "asked": {}, "types": TYPE_NAMES, "more_link": f"{PATH}?after={_carried(last)}" if last else "",
        "endings": [ending_view(each, PATH, "", speech) for each in found[:SHOWN]],
    }  # fmt: skip
    return door.page(
        request, "admin_endings.html", **(shown | {"may": shown["operator"].may(Deed.BULK)} | values)
    )


async def _preview(
    request: Ask, door: Door, preview: Preview, refusal: errors.Refused | None = None, reason: str = ""
) -> ASGIResponse:
    speech = door.reader(request).speech
    shown = await frame(request, door)
    refuse_unless(shown["operator"], Deed.BULK)
    return door.page(
        request, "admin_ending_preview.html", preview=preview, refusal=refusal, reason=reason, many=preview.counted.many,
        said=which_said(preview.which, await _called(door, preview.which.client_id), speech),
        how_many=how_many_said(preview.counted.many, speech), by_type=by_type(preview.counted.many, speech),
        sample=[sample_view(each, speech) for each in preview.sample], **shown,
    )  # fmt: skip


async def _one(
    request: Ask, door: Door, ending: BulkEnding, refusal: errors.Refused | None = None
) -> ASGIResponse:
    speech = door.reader(request).speech
    shown = await frame(request, door)
    view = ending_view(ending, PATH, await _called(door, ending.which.client_id), speech)
    may = shown["operator"].may(Deed.BULK)
    return door.page(request, "admin_ending.html", view=view, may=may, refusal=refusal, **shown)


async def _called(door: Door, client_id: str) -> str:
    client = await find_client(door.means, client_id) if client_id else None
    return client.name if client else ""


def _carried(place: BulkPlace) -> str:
    return urlsafe_b64encode(f"{to_micros(place.at)} {place.id}".encode()).decode()


def _place(text: str) -> BulkPlace | None:
    """The place in a link; `None` for the first page, also where it cannot be read."""
    try:
        at, _, ending_id = urlsafe_b64decode(text[:200].encode()).decode("ascii").partition(" ")
        return BulkPlace(from_micros(int(at)), ending_id) if ending_id.isalnum() else None
    except (ValueError, OverflowError):
        return None
