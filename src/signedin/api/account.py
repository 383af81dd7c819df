"""The caller's own account and its history for programs: `/v1/account`, `/v1/activity`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import look_back
from signedin.actions.list_sessions import account_of
from signedin.api import shapes
from signedin.api.answering import json_answer, refuse_unknown
from signedin.api.asking import Ask, with_scope
from signedin.api.call import HISTORY_KINDS, Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import cursor, limit_of, of_question, place_of
from signedin.api.session_items import moment
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.event import Event, Recorded
from signedin.rules.history import Asked
from signedin.rules.session_list import LONGEST_WORDS

_CURSOR = "activity-cursor"
_ACCOUNT = Call(Caller.PERSON, "account:read", gives=shapes.Own)
_ACTIVITY = Call(
    Caller.PERSON, "activity:read", ("kind", "q", "limit", "cursor"), gives=shapes.History, headers=("ETag",),
)  # fmt: skip


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
    """What happened to the account, the newest first as it was recorded: wrong passwords a moment late; a page goes on where the cursor of the one before says.

    One page looks at a bounded number of entries: with `kind` or `q` it may hold few items, or none, and still have
    a cursor that leads on.
    """
    presence = with_scope(request, "activity:read")
    refuse_unknown(request, {"kind", "q", "limit", "cursor"})
    asked = _asked(request)
    purpose = _CURSOR if asked.is_all else of_question(_CURSOR, asked.kind, asked.words)
    limit, place = limit_of(request, 50), place_of(kept.means, purpose, request)
    before = int(place) if place else None
    looked = await look_back(kept.means, presence.account_id, asked, before, limit, _displayed)
    more = cursor(kept.means, purpose, str(looked.go_on)) if looked.go_on else None
    return tagged(request, {"items": [_item(each) for each in looked.entries], "next_cursor": more})


ROUTES = [account, activity]


def _asked(request: Ask) -> Asked:
    kind, words = request.query_params.get("kind", ""), request.query_params.get("q", "")
    if "kind" in request.query_params and kind not in HISTORY_KINDS:
        raise errors.InvalidInput("There is no such kind of event.", field="kind")
    if len(words) > LONGEST_WORDS:
        raise errors.InvalidInput(f"What is looked for has up to {LONGEST_WORDS} characters.", field="q")
    return Asked("" if kind == "all" else kind, words)


def _displayed(event: Event, _: Mapping[str, str]) -> str:
    """What an item says of devices, places, apps and masked addresses, for search (D22)."""
    personal = (event.personal.get(name) for name in ("name", "device", "place", "masked_ip", "reason"))
    return " ".join(
        str(text)
        for text in (*personal, *(event.facts.get(name) for name in ("service", "host", "name")))
        if text
    )


def _item(recorded: Recorded) -> dict[str, Any]:
    event = recorded.event
    return {
        "number": recorded.number, "kind": event.kind.value, "at": moment(event.at), "subject": event.subject,
        "by": event.by, "facts": event.facts, "personal": event.personal,
    }  # fmt: skip
