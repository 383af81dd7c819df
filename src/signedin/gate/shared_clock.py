"""What time it is, the same for all processes on PostgreSQL: the database's time, carried on by a steady clock.

A machine whose wall clock is wrong or jumps ends no session early and keeps none alive (docs/revocation.md).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from signedin.rules.moments import from_micros

LARGEST_DOUBT = 1.0
"""Seconds: an answer that took more than twice that says too little of what time it is."""


class SharedClock:
    """A clock to be asked like the wall's; until the database has told the time it is the wall's own."""

    def __init__(self, wall: Callable[[], datetime], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead: int | None = None

    @property
    def is_told(self) -> bool:
        """Whether the database has told the time."""
        return self._ahead is not None

    def told(self, at: int, sent_at: float, received_at: float) -> None:
        """Take the database's time in microseconds, which it read between the two moments of the steady clock."""
        if (received_at - sent_at) / 2 <= LARGEST_DOUBT:
            self._ahead = at - int((sent_at + received_at) / 2 * 1_000_000)

    def __call__(self) -> datetime:
        """The moment it is, in UTC (R74)."""
        if self._ahead is None:
            return self._wall()
        return from_micros(self._ahead + int(self._steady() * 1_000_000))
