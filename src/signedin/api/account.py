"""The caller's own account and its history for programs: `/v1/account`, `/v1/activity`."""

from __future__ import annotations

from hmac import compare_digest
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import events_before
from signedin.actions.list_sessions import account_of
from signedin.actions.seal import seal
from signedin.api.answering import json_answer, refuse_unknown
from signedin.api.asking import Ask, with_scope
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.event import Recorded

LARGEST_PAGE = 200
_CURSOR = "activity-cursor"


@get("/v1/account")
async def account(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Who the caller is."""
    presence = with_scope(request, "account:read")
    refuse_unknown(request, set())
    found = await account_of(kept.means, presence)
    since = moment(found.created_at)
    return json_answer({"id": str(found.id), "email": found.email, "name": found.name, "created_at": since})


@get("/v1/activity")
async def activity(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """What happened to the account, the newest first; a page goes on where the cursor of the one before says."""
    presence = with_scope(request, "activity:read")
    refuse_unknown(request, {"limit", "cursor"})
    limit, before = _limit(request), _before(request, kept)
    found = await events_before(kept.means, presence.account_id, before, limit + 1)
    more = found[limit - 1].number if len(found) > limit else None
    cursor = None if more is None else f"{more}.{seal(kept.means, _CURSOR, str(more))}"
    return json_answer({"items": [_item(each) for each in found[:limit]], "next_cursor": cursor})


ROUTES = [account, activity]


def _item(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    return {
        "number": recorded.number, "kind": event.kind.value, "at": moment(event.at), "subject": event.subject,
        "by": event.by, "facts": event.facts, "personal": event.personal,
    }  # fmt: skip


def _before(request: Ask, kept: Kept) -> int | None:
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return None
    number, _, mark = cursor[:100].partition(".")
    is_ours = compare_digest(seal(kept.means, _CURSOR, number).encode(), mark.encode())
    if not (is_ours and number.isascii() and number.isdigit()):
        raise errors.InvalidInput("This cursor was not given out here.", field="cursor")
    return int(number)


def _limit(request: Ask) -> int:
    text = request.query_params.get("limit", "50")
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    if not (is_number and 1 <= int(text) <= LARGEST_PAGE):
        raise errors.InvalidInput(f"The limit is a number from 1 to {LARGEST_PAGE}.", field="limit")
    return int(text)
