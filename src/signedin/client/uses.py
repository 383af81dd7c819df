"""Uses that were let in from memory and wait to be reported: the latest of each session (R15, D16)."""

from __future__ import annotations

import threading
from collections.abc import Callable

from signedin.rules.account import AccountId
from signedin.rules.agent import plain_agent
from signedin.rules.feed import LONGEST_AGO, MOST_USES, REPORT_WITHIN, Use
from signedin.rules.session import SessionId

REPORT_EVERY = 20.0
"""Seconds between reports; with one that fails, they are still told within a minute."""
MOST_WAITING = 200_000
WITHIN = REPORT_WITHIN.total_seconds()
_NOTHING = float("inf")
_Waiting = dict[SessionId, tuple[float, int, str, str]]


class Uses:
    """What waits; `clock` is the one that runs through suspend."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: _Waiting = {}
        self._taken: _Waiting = {}
        self._oldest = _NOTHING
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)

    def note(
        self, session: SessionId, account: int, address: str, agent: str = "", now: float | None = None
    ) -> bool:
        """Note a use; false when it could not be told in time: then it is not to be let in from memory.

        An agent that cannot be read leaves the one that waits. `now` is for who has just looked at the same clock.
        """
        if now is None:
            now = self._clock()
        if now > self._oldest + WITHIN or len(self._waiting) >= MOST_WAITING:
            return False
        if self._oldest is _NOTHING:
            self._oldest = now
        told = plain_agent(agent) if agent else ""
        if not told and (before := self._waiting.get(session)) is not None:
            told = before[3]
        self._waiting[session] = (now, account, address, told)
        return True

    def is_due(self) -> bool:
        """Whether it is time to report."""
        if self._oldest is _NOTHING and self._waiting:
            self._oldest = self._clock()  # noted just while a report was finished
        return self._clock() - self._oldest >= REPORT_EVERY or len(self._waiting) >= MOST_USES

    def take(self) -> list[Use]:
        """A batch to report, which waits on until it is `reported`."""
        with self._lock:
            while self._waiting and len(self._taken) < MOST_USES:
                session, use = self._waiting.popitem()
                self._taken[session] = max(use, self._taken.get(session, use))
            now = self._clock()
            longest = LONGEST_AGO.seconds
            uses = [
                Use(AccountId(account), session, max(0, int(now - at)), address, agent)
                for session, (at, account, address, agent) in self._taken.items()
            ]
            return [use for use in uses if use.seconds_ago <= longest]

    def reported(self) -> None:
        """The batch was taken by the service."""
        with self._lock:
            self._taken.clear()
            oldest = min((at for at, *_ in list(self._waiting.values())), default=_NOTHING)
            self._oldest = oldest
