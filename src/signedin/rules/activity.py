"""Last use: how a session's activity is kept as a level per day for the strip of 30 days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

DAYS = 30
"""As wide as the strip, and as long as a session lives without use."""

_MOST = 255


@dataclass(frozen=True, slots=True)
class DayLevels:
    """How much a session was used on each of the last 30 days: one byte a day, oldest first.

    A count is a coalesced note of use (at most one a minute), so 255 is four hours of steady use.
    """

    counts: bytes = bytes(DAYS)
    last_day: date = date(1970, 1, 1)

    def noted(self, day: date, times: int = 1) -> DayLevels:
        """The levels after use on `day`; use before the strip begins is forgotten."""
        levels = self.until(day) if day > self.last_day else self
        at = DAYS - 1 - (levels.last_day - day).days
        if at < 0:
            return levels
        count = min(_MOST, levels.counts[at] + times)
        return DayLevels(levels.counts[:at] + bytes([count]) + levels.counts[at + 1 :], levels.last_day)

    def until(self, today: date) -> DayLevels:
        """The same levels seen from `today`: the strip moves left, days without use come in as nothing."""
        gone = (today - self.last_day).days
        if gone <= 0:
            return self
        kept = self.counts[gone:] if gone < DAYS else b""
        return DayLevels(kept + bytes(DAYS - len(kept)), today)

    def levels(self, today: date) -> tuple[int, ...]:
        """Thirty levels of 0 to 4: quarters of the busiest day, oldest first (design: "quarters")."""
        counts = self.until(today).counts
        busiest = max(counts) or 1
        return tuple(0 if count == 0 else min(4, 1 + (count * 4 - 1) // busiest) for count in counts)


def day_of(moment: datetime) -> date:
    """The UTC day of a moment."""
    return moment.date()


def oldest_day(today: date) -> date:
    """The day of the strip's first bar."""
    return today - timedelta(days=DAYS - 1)
