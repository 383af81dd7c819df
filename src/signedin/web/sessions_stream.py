"""What happens to the list while it is open: server-sent events, which are nobody's activity (D15)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.response.streaming import ASGIStreamingResponse

from signedin.actions.follow import events_since, latest_number
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.event import EventKind, Recorded
from signedin.rules.presence import Absence, Presence
from signedin.web.door import Ask, Door, arrival_of

LOOK_EVERY = 0.4
"""Seconds between looks; a tab of a revoked session leaves within a second (P5)."""
HEARTBEAT_EVERY = 15.0

SHOWN = {
    EventKind.SESSION_STARTED: "session-started",
    EventKind.CONSENT_GIVEN: "session-started",
    EventKind.SESSION_LOGGED_OUT: "session-ended",
    EventKind.SESSION_REVOKED: "session-ended",
    EventKind.SESSION_EXPIRED: "session-ended",
    EventKind.CONSENT_REVOKED: "session-ended",
    EventKind.LOGGED_OUT_OTHERS: "session-changed",
    EventKind.SESSION_RECOGNISED: "session-changed",
    EventKind.SESSION_CHANGED: "session-changed",
}


@get("/settings/sessions/events", media_type="text/event-stream")
async def sessions_stream(request: Ask, door: NamedDependency[Door]) -> ASGIStreamingResponse:
    """One stream for a browser, however many tabs are open; it ends when the session ends."""
    presence = door.signed_in(request)
    arrival = arrival_of(request)
    arrival.is_quiet = True
    asked = request.headers.get("last-event-id", "")
    after = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    number = await latest_number(door.means, presence.account_id) if after is None else after
    events = _events(door, presence, arrival.credential, number)
    return ASGIStreamingResponse(
        iterator=events,
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no", "cache-control": "no-store"},
    )


async def _events(
    door: Door, presence: Presence, credential: str | None, number: int
) -> AsyncIterator[bytes]:
    clock = door.clock
    yield b"retry: 1000\n\n" + _event("hello", number, {"number": number})
    silent = 0.0
    while True:
        gone, news = await _looked(door, presence, credential, clock(), number)
        if gone is not None:
            yield _event("gone", number, {"reason": gone.reason})
            return
        for recorded in news:
            number = recorded.number
            name = SHOWN.get(recorded.event.kind)
            if name:
                yield _event(name, number, {"id": recorded.event.subject, "number": number})
                silent = 0.0
        await asyncio.sleep(LOOK_EVERY)
        silent += LOOK_EVERY
        if silent >= HEARTBEAT_EVERY:
            silent = 0.0
            yield b": still here\n\n"


async def _looked(
    door: Door, presence: Presence, credential: str | None, now: datetime, number: int
) -> tuple[Absence | None, list[Recorded]]:
    """Whether the session is over, and what has happened; nothing is told while nothing can be known."""
    try:
        means, found = door.means, await door.recogniser.recognise(credential, now)
        if isinstance(found, Absence):
            return found, []
        if await latest_number(means, presence.account_id) <= number:
            return None, []
        return None, await events_since(means, presence.account_id, number)
    except (DatabaseProblem, Unavailable):
        return None, []


def _event(name: str, number: int, data: dict[str, Any]) -> bytes:
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
