"""The session list for programs: `/v1/sessions`."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from hmac import compare_digest
from typing import Any

from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.list_sessions import list_sessions
from signedin.actions.revoke import log_out, log_out_all, revoke
from signedin.actions.seal import seal
from signedin.api import session_items
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, ended_here, signed_in, with_scope
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.session import AppType
from signedin.rules.session_list import Question, Row, Sort

LARGEST_PAGE = 200


@get("/v1/sessions")
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The caller's sessions and consents, flat, newest use first (D27)."""
    presence = with_scope(request, "sessions:read")
    _refuse_unknown(request, {"type", "q", "sort", "limit", "cursor"})
    listed = await list_sessions(kept.means, presence, arrival_of(request).now)
    rows = listed.answer(_question(request), session_items.displayed)
    page, more = _page(kept, listed.order(_question(request).sort), rows, _limit(request), request)
    items = [session_items.item(listed, row) for row in page]
    return _json({"items": items, "counts": listed.counts(), "next_cursor": more})


@get("/v1/sessions/current")
async def current(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The caller's own row (D3)."""
    presence = with_scope(request, "sessions:read")
    _refuse_unknown(request, set())
    listed = await list_sessions(kept.means, presence, arrival_of(request).now)
    if listed.current is None:
        raise errors.NoCurrentSession
    return _json(session_items.item(listed, listed.current))


@get("/v1/sessions/{row_id:str}")
async def one(request: Ask, kept: NamedDependency[Kept], row_id: FromPath[str]) -> ASGIResponse:
    """One row with its details; another account's looks like one that never was (R5)."""
    presence = with_scope(request, "sessions:read")
    _refuse_unknown(request, set())
    listed = await list_sessions(kept.means, presence, arrival_of(request).now)
    row = listed.find(row_id)
    if row is None:
        raise errors.NotFound
    return _json(session_items.item(listed, row))


@delete("/v1/sessions/current", status_code=200)
async def log_out_current(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Log out: a session may do so by itself, a key has none (D3)."""
    changes_from_ourselves(request, kept)
    await log_out(kept.means, signed_in(request), arrival_of(request).now)
    arrival_of(request).is_quiet = True
    return _empty(ended_here(kept))


@delete("/v1/sessions/{row_id:str}", status_code=200)
async def revoke_one(request: Ask, kept: NamedDependency[Kept], row_id: FromPath[str]) -> ASGIResponse:
    """Revoke a session or consent: 204 once it is over everywhere; 409, 410, 404, 403 as D9."""
    changes_from_ourselves(request, kept)
    await revoke(kept.means, with_scope(request, "sessions:manage"), row_id, arrival_of(request).now)
    return _empty()


@post("/v1/sessions/logout-all", status_code=200)
async def logout_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Logout All Devices; `?except=current` for all others."""
    changes_from_ourselves(request, kept)
    presence = with_scope(request, "sessions:manage")
    _refuse_unknown(request, {"except"})
    others = await _for_all_others(request)
    counts = await log_out_all(kept.means, presence, arrival_of(request).now, except_current=others)
    arrival_of(request).is_quiet = not others
    return _json(
        {
            "sessions_ended": counts.sessions_ended,
            "consents_ended": counts.consents_ended,
            "access_keys_kept": counts.access_keys_kept,
        },
        [] if others else ended_here(kept),
    )


ROUTES = [list_all, current, one, log_out_current, revoke_one, logout_all]


async def _for_all_others(request: Ask) -> bool:
    """Whether the session that asks stays; what cannot be read as that ends nothing."""
    kept = request.query_params.get("except", "")
    if kept not in ("", "current"):
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
    words = request.query_params.get("q", "")[:200]
    return Question(None if kind in (None, "all") else AppType(kind), None, words, Sort(sort))


def _page(
    kept: Kept, order: Callable[[Row], tuple[int, float, str]], rows: Sequence[Row], limit: int, request: Ask
) -> tuple[Sequence[Row], str | None]:
    """The rows after the cursor, wherever its own row is by now, and the cursor of the next page."""
    after = _place(kept, request.query_params.get("cursor"))
    rest = rows if after is None else [row for row in rows if order(row) > after]
    page = rest[:limit]
    if len(rest) <= limit:
        return page, None
    place = json.dumps(order(page[-1])).encode()
    return page, urlsafe_b64encode(place).decode() + "." + seal(kept.means, "cursor", place.decode())


def _place(kept: Kept, cursor: str | None) -> tuple[int, float, str] | None:
    if cursor is None:
        return None
    body, _, mark = cursor[:500].rpartition(".")
    try:
        place = urlsafe_b64decode(body.encode()).decode()
    except ValueError:
        place = ""
    if not place or not compare_digest(seal(kept.means, "cursor", place).encode(), mark.encode()):
        raise errors.InvalidInput("This cursor was not given out here.", field="cursor")
    rank, used, row_id = json.loads(place)
    return rank, used, row_id


def _limit(request: Ask) -> int:
    text = request.query_params.get("limit", "100")
    is_number = text.isascii() and text.isdigit() and len(text) <= 3
    if not (is_number and 1 <= int(text) <= LARGEST_PAGE):
        raise errors.InvalidInput(f"The limit is a number from 1 to {LARGEST_PAGE}.", field="limit")
    return int(text)


def _refuse_unknown(request: Ask, known: set[str]) -> None:
    for name in request.query_params:
        if name not in known:
            raise errors.UnknownField(f"There is no field {name!r} in this call.", field=name)


def _json(value: Any, headers: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
    body = json.dumps(value, ensure_ascii=False)
    return ASGIResponse(body=body, media_type="application/json", headers=headers)


def _empty(headers: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
    return ASGIResponse(status_code=204, headers=headers)
