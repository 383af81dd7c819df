"""The session list for programs: `/v1/sessions`."""

from __future__ import annotations

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.response.streaming import ASGIStreamingResponse

from signedin.actions.list_sessions import list_sessions
from signedin.actions.revoke import log_out, log_out_all, revoke
from signedin.api import session_items, shapes
from signedin.api.answering import empty, json_answer, nothing_sent, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, ended_here, with_scope
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import of_question, page_of
from signedin.gate.following import MEDIA_TYPE, STREAM_HEADERS, Following
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.session import AppType
from signedin.rules.session_list import LONGEST_WORDS, Question, Sort

_CURSOR = "cursor"
_LEADS = (
    ("GET /v1/sessions/{row_id}", "row_id", "/items/0/id"), ("DELETE /v1/sessions/{row_id}", "row_id", "/items/0/id"),
)  # fmt: skip
_LIST = Call(
    Caller.PERSON, "sessions:read", ("type", "q", "sort", "limit", "cursor"), gives=shapes.Rows, headers=("ETag",),
    leads_to=_LEADS,
)  # fmt: skip
_CURRENT = Call(Caller.PERSON, "sessions:read", gives=shapes.Row, refuses=(errors.NoCurrentSession,))
_ONE = Call(Caller.PERSON, "sessions:read", gives=shapes.Row, refuses=(errors.NotFound,))
_ENDS = (errors.CannotRevokeCurrent, errors.SessionAlreadyEnded, errors.NotFound, errors.StepUpRequired)
_EVENTS = Call(Caller.PERSON, "sessions:read", media_type=MEDIA_TYPE)
_REVOKE = Call(Caller.SESSION, status=204, refuses=_ENDS)
_LOG_OUT = Call(Caller.SESSION, status=204)
_ALL = Call(Caller.SESSION, query=("except",), gives=shapes.Ended, refuses=(errors.NoCurrentSession,))


@get("/v1/sessions", opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The caller's sessions and consents, flat, newest use first (D27)."""
    presence = with_scope(request, "sessions:read")
    refuse_unknown(request, {"type", "q", "sort", "limit", "cursor"})
    listed = await list_sessions(kept.means, presence, arrival_of(request).now)
    question = _question(request)
    rows = listed.answer(question, session_items.displayed)
    asked = (question.app_type or "all", question.words, question.sort)
    purpose = of_question(_CURSOR, str(presence.account_id), *asked)
    page, more = page_of(kept.means, purpose, request, rows, listed.order(question.sort))
    items = [session_items.item(listed, row) for row in page]
    return tagged(request, {"items": items, "counts": listed.counts(), "next_cursor": more})


@get("/v1/sessions/current", opt=described(_CURRENT))
async def current(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The caller's own row (D3)."""
    presence = with_scope(request, "sessions:read")
    refuse_unknown(request, set())
    listed = await list_sessions(kept.means, presence, arrival_of(request).now)
    if listed.current is None:
        raise errors.NoCurrentSession
    return json_answer(session_items.item(listed, listed.current))


@get("/v1/sessions/events", opt=described(_EVENTS))
async def events(request: Ask, following: NamedDependency[Following]) -> ASGIStreamingResponse:
    """What happens to the list, as it happens: server-sent events, until the session or the key ends."""
    presence = with_scope(request, "sessions:read")
    refuse_unknown(request, set())
    told = await following.begun(arrival_of(request), presence, request.scope["headers"])
    return ASGIStreamingResponse(iterator=told, media_type=MEDIA_TYPE, headers=STREAM_HEADERS)


@get("/v1/sessions/{row_id:str}", opt=described(_ONE))
async def one(request: Ask, kept: NamedDependency[Kept], row_id: FromPath[str]) -> ASGIResponse:
    """One row with its details; another account's looks like one that never was (R5)."""
    presence = with_scope(request, "sessions:read")
    refuse_unknown(request, set())
    listed = await list_sessions(kept.means, presence, arrival_of(request).now)
    row = listed.find(row_id)
    if row is None:
        raise errors.NotFound
    return json_answer(session_items.item(listed, row))


@delete("/v1/sessions/current", status_code=200, opt=described(_LOG_OUT))
async def log_out_current(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Log out, from anywhere: a session may, also that of one's own app; a key or another's app has none (D3)."""
    changes_from_ourselves(request, kept, is_logout=True)
    presence = arrival_of(request).own_session()
    await nothing_sent(request)
    await log_out(kept.means, presence, arrival_of(request).now)
    arrival_of(request).is_quiet = True
    return empty(ended_here(kept))


@delete("/v1/sessions/{row_id:str}", status_code=200, opt=described(_REVOKE))
async def revoke_one(request: Ask, kept: NamedDependency[Kept], row_id: FromPath[str]) -> ASGIResponse:
    """Revoke a session or consent: 204 once it is over everywhere; 409, 410, 404, 403 as D9."""
    changes_from_ourselves(request, kept)
    presence = with_scope(request, "sessions:manage")
    await nothing_sent(request)
    await revoke(kept.means, presence, row_id, arrival_of(request).now)
    return empty()


@post("/v1/sessions/logout-all", status_code=200, opt=described(_ALL))
async def logout_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Logout All Devices; `?except=current` for all others."""
    changes_from_ourselves(request, kept)
    presence = with_scope(request, "sessions:manage")
    refuse_unknown(request, {"except"})
    others = await _for_all_others(request)
    counts = await log_out_all(kept.means, presence, arrival_of(request).now, except_current=others)
    arrival_of(request).is_quiet = not others
    return json_answer(
        {
            "sessions_ended": counts.sessions_ended,
            "consents_ended": counts.consents_ended,
            "access_keys_kept": counts.access_keys_kept,
        },
        headers=[] if others else ended_here(kept),
    )


ROUTES = [list_all, current, events, one, log_out_current, revoke_one, logout_all]


async def _for_all_others(request: Ask) -> bool:
    """Whether the session that asks stays; what cannot be read as that ends nothing."""
    kept = request.query_params.get("except")
    if kept not in (None, "current"):
        raise errors.InvalidInput("Only the current session can be excepted.", field="except")
    if await request.body() not in (b"", b"{}"):
        raise errors.InvalidInput("This call takes no body: write ?except=current.", field="except")
    return kept == "current"


def _question(request: Ask) -> Question:
    kind, sort = request.query_params.get("type"), request.query_params.get("sort", Sort.RECENT.value)
    if kind is not None and kind not in {"all", *(each.value for each in AppType)}:
        raise errors.InvalidInput("There is no such type of session.", field="type")
    if sort not in {each.value for each in Sort}:
        raise errors.InvalidInput("The list cannot be sorted like that.", field="sort")
    words = request.query_params.get("q", "")
    if len(words) > LONGEST_WORDS:
        raise errors.InvalidInput(f"What is looked for has up to {LONGEST_WORDS} characters.", field="q")
    return Question(None if kind in (None, "all") else AppType(kind), None, words, Sort(sort))
