"""The caller's own account and its history for programs: `/v1/account`, `/v1/activity`."""

from __future__ import annotations

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import events_before
from signedin.actions.list_sessions import account_of
from signedin.api import shapes
from signedin.api.answering import json_answer, refuse_unknown
from signedin.api.asking import Ask, with_scope
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, place_of
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules.event import Recorded

_CURSOR = "activity-cursor"
_ACCOUNT = Call(Caller.PERSON, "account:read", gives=shapes.Own)
_ACTIVITY = Call(Caller.PERSON, "activity:read", ("limit", "cursor"), gives=shapes.History, headers=("ETag",))


@get("/v1/account", opt=described(_ACCOUNT))
async def account(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Who the caller is."""
    presence = with_scope(request, "account:read")
    refuse_unknown(request, set())
    found = await account_of(kept.means, presence)
    since = moment(found.created_at)
    return json_answer(
        {"id": presence.told_as, "email": found.email, "name": found.name, "created_at": since}
    )


@get("/v1/activity", opt=described(_ACTIVITY))
async def activity(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """What happened to the account, the newest first; a page goes on where the cursor of the one before says."""
    presence = with_scope(request, "activity:read")
    refuse_unknown(request, {"limit", "cursor"})
    limit, place = limit_of(request, 50), place_of(kept.means, _CURSOR, request)
    found = await events_before(kept.means, presence.account_id, int(place) if place else None, limit + 1)
    more = cursor(kept.means, _CURSOR, str(found[limit - 1].number)) if len(found) > limit else None
    return tagged(request, {"items": [_item(each) for each in found[:limit]], "next_cursor": more})


ROUTES = [account, activity]


def _item(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    return {
        "number": recorded.number, "kind": event.kind.value, "at": moment(event.at), "subject": event.subject,
        "by": event.by, "facts": event.facts, "personal": event.personal,
    }  # fmt: skip
