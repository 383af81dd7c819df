"""In which hours an account was used: a count for each hour of the last days, kept apart from what sessions live by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from signedin.rules.session import AppType

BY_PEOPLE = frozenset({AppType.WEB, AppType.ADMIN, AppType.MOBILE})
"""Whose use is kept: sync and connected apps work by themselves, at all hours."""
DAYS = 31
"""Days of UTC: they hold the last 30 days of every time zone."""
MOST = 15
"""A count is of sessions that were used in the hour, not of requests; it goes no further."""
LATEST = timedelta(days=7)
"""Longer than a use waits to be told: client libraries do so within an hour, and a process that was paused when it goes on."""
_HOURS = 24 * DAYS


@dataclass(frozen=True, slots=True)
class UsedHours:
    """A hexadecimal digit for each hour of UTC, the oldest first; the last 24 are those of `last_day`."""

    digits: str = "0" * _HOURS
    last_day: date = date(1970, 1, 1)

    @classmethod
    def kept(cls, packed: bytes, last_day: date) -> UsedHours:
        """What was kept; what cannot be read is nothing, because only a picture depends on it."""
        return cls(packed.hex(), last_day) if len(packed) * 2 == _HOURS else cls(last_day=last_day)

    @property
    def packed(self) -> bytes:
        """As it is kept: two hours in a byte."""
        return bytes.fromhex(self.digits)

    def noted(self, at: datetime) -> UsedHours:
        """The counts after one more session was used in this hour; before the first day is forgotten.

        No use is told `LATEST` late: counts that go on longer after it are of a clock that ran ahead, and begin anew.
        """
        day, hour = at.astimezone(UTC).date(), at.astimezone(UTC).hour
        is_of_ahead = self.last_day > day + LATEST
        counts = UsedHours(last_day=day) if is_of_ahead else self.until(day)
        place = _HOURS - 24 * ((counts.last_day - day).days + 1) + hour
        if place < 0:
            return counts
        count = min(MOST, int(counts.digits[place], 16) + 1)
        return UsedHours(f"{counts.digits[:place]}{count:x}{counts.digits[place + 1 :]}", counts.last_day)

    def until(self, today: date) -> UsedHours:
        """The same counts seen from `today`: days without use come in as nothing."""
        gone = (today - self.last_day).days
        if gone <= 0:
            return self
        kept = self.digits[24 * gone :]
        return UsedHours(kept + "0" * (_HOURS - len(kept)), today)

    def hours(self) -> Iterator[tuple[datetime, int]]:
        """Every hour with use by its first moment, with how many sessions were used in it, the oldest first."""
        first = datetime.combine(self.last_day - timedelta(days=DAYS - 1), time(), UTC)
        for place, digit in enumerate(self.digits):
            if digit != "0":
                yield first + timedelta(hours=place), int(digit, 16)


def hour_of(at: datetime) -> datetime:
    """The first moment of its hour of UTC."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
