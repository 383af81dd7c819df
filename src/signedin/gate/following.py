"""What happens to an account's list while somebody follows it: server-sent events, nobody's activity (D15).

The page follows by its cookie, a program by a session's or a key's token; both hear the same, and no longer than
the session or the key lasts, nor from where a rule of an organisation does not let them come from.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from signedin.actions.follow import events_since, latest_number
from signedin.actions.means import Means
from signedin.gate.arrival import Arrival
from signedin.gate.recognise import Recogniser
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.event import EventKind, Recorded
from signedin.rules.feed import LARGEST_NUMBER
from signedin.rules.policy import OutsideNetworks, admits
from signedin.rules.presence import Absence, Presence
from signedin.rules.revocation import EndReason
from signedin.rules.sent import Headers, header

MEDIA_TYPE = "text/event-stream"
STREAM_HEADERS = {"x-accel-buffering": "no", "cache-control": "no-store"}
LOOK_EVERY = 0.4
"""Seconds between looks; whoever follows by a revoked session is told within a second (P5)."""
HEARTBEAT_EVERY = 15.0

SHOWN = {
    EventKind.SESSION_STARTED: "session-started",
    EventKind.CONSENT_GIVEN: "session-started",
    EventKind.SESSION_LOGGED_OUT: "session-ended",
    EventKind.SESSION_REVOKED: "session-ended",
    EventKind.SESSION_EXPIRED: "session-ended",
    EventKind.TOKEN_REUSED: "session-ended",
    EventKind.CONSENT_REVOKED: "session-ended",
    EventKind.LOGGED_OUT_OTHERS: "session-changed",
    EventKind.LOGGED_OUT_EVERYWHERE: "session-changed",
    EventKind.SESSIONS_ENDED: "session-changed",
    EventKind.PASSWORD_CHANGED: "session-changed",
    EventKind.SESSION_RECOGNISED: "session-changed",
    EventKind.SESSION_CHANGED: "session-changed",
    EventKind.CONSENT_CHANGED: "session-changed",
}
"""What is told of an event; whoever follows by a key also lives on after those that end every session."""


class Following:
    """Lets whoever asks follow the list: from the event after the one they heard last, or from now on."""

    def __init__(self, means: Means, recogniser: Recogniser, clock: Callable[[], datetime]) -> None:
        self._means = means
        self._recogniser = recogniser
        self._clock = clock

    async def begun(self, arrival: Arrival, presence: Presence, headers: Headers) -> AsyncIterator[bytes]:
        """The events as they are sent; they end when the session or key does that was shown.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known which event was the last.
        """
        arrival.is_quiet = True
        heard = _heard(headers)
        number = await latest_number(self._means, presence.account_id) if heard is None else heard
        return self._events(arrival, presence, number)

    async def _events(self, arrival: Arrival, presence: Presence, number: int) -> AsyncIterator[bytes]:
        yield b"retry: 1000\n\n" + _event("hello", number, {"number": number})
        silent = 0.0
        while True:
            gone, news = await self._looked(arrival, presence, number)
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
        self, arrival: Arrival, presence: Presence, number: int
    ) -> tuple[Absence | None, list[Recorded]]:
        """Whether it is over, and what has happened; nothing is told while nothing can be known."""
        try:
            found = await self._recogniser.whoever(arrival.credential, self._clock(), arrival.kinds)
            if isinstance(found, Absence):
                return found, []
            if isinstance(found, Presence) and not admits(found.networks, arrival.address):
                return Absence(OutsideNetworks.code), []
            if not {*(presence.scopes or ())} <= {
                *(found.scopes or ())
            }:  # something was taken back: ask again
                return Absence(EndReason.REVOKED), []
            if await latest_number(self._means, presence.account_id) <= number:
                return None, []
            return None, await events_since(self._means, presence.account_id, number)
        except (DatabaseProblem, Unavailable):
            return None, []


def _heard(headers: Headers) -> int | None:
    """The number of the event that was heard last, as a browser says it by itself when it comes again."""
    said = header(headers, b"last-event-id") or ""
    is_number = said.isascii() and said.isdigit() and len(said) <= len(str(LARGEST_NUMBER))
    return int(said) if is_number and int(said) <= LARGEST_NUMBER else None


def _event(name: str, number: int, data: dict[str, Any]) -> bytes:
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()
