"""At which hours somebody is usually there, learned from their use, and which use is unlike that: worth a look, no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

LEARNED_FROM = 7
"""Days with use before anything is said."""
ROW = 2
"""Hours that are told apart: a row of the picture."""
_ROWS = 24 // ROW
_MOST_ROWS = 9
"""Somebody who is there for longer than 18 hours of the day has no usual hours."""
_PART = 0.9
"""The usual hours hold so much of all use, by days."""

Used = tuple[date, int]
"""A day and an hour of it (0 to 23) on the person's own clock, in which their account was used."""


class Days(StrEnum):
    """On which days somebody is usually there."""

    EVERY = "every"
    WEEKDAYS = "weekdays"
    WEEKENDS = "weekends"


@dataclass(frozen=True, slots=True)
class UsualHours:
    """From one hour until another (1 to 24), which may be after midnight; `has_others` is use on other days too.

    From 0 until 24 is somebody who is there at all hours.
    """

    days: Days
    begins: int
    ends: int
    has_others: bool = False

    @property
    def are_all(self) -> bool:
        """Whether no hour is unusual."""
        return (self.begins, self.ends) == (0, 24)

    def has(self, hour: int) -> bool:
        """Whether this hour of the day is among them, on whichever day."""
        return (hour - self.begins) % 24 < ((self.ends - self.begins - 1) % 24) + 1


def usual_hours(used: Collection[Used]) -> UsualHours | None:
    """The fewest hours that hold nine tenths of the use, or `None` with less than a week of use.

    How much an hour was used does not count, only on how many days it was.
    """
    days = {day for day, _ in used}
    if len(days) < LEARNED_FROM:
        return None
    weekdays, weekends = (
        {day for day in days if day.weekday() < 5},
        {day for day in days if day.weekday() >= 5},
    )
    if len(weekdays) > 5 * len(weekends):  # fewer than one weekend day for each week of work
        which, among, others = Days.WEEKDAYS, weekdays, weekends
    elif len(weekends) > 2 * len(weekdays):
        which, among, others = Days.WEEKENDS, weekends, weekdays
    else:
        which, among, others = Days.EVERY, days, set[date]()
    begins, ends = _span({(day, hour // ROW) for day, hour in used if day in among})
    return UsualHours(which, begins, ends, bool(others))


def unlike_usual(used: Iterable[Used]) -> list[tuple[date, int]]:
    """The days and rows (0 to 11) of use that was unlike all of before, the oldest first.

    It is outside the usual hours that were known until the day before, and nothing was ever used within an hour of
    that time of day: whoever is awake at night now and then is told of it once.
    """
    hours_of: dict[date, set[int]] = {}
    for day, hour in used:
        hours_of.setdefault(day, set()).add(hour)
    before, seen, found = set[Used](), set[int](), list[tuple[date, int]]()
    for day in sorted(hours_of):
        usual = usual_hours(before)
        if usual is not None:
            found += [(day, row) for row in _odd_rows(hours_of[day], usual, seen)]
        before |= {(day, hour) for hour in hours_of[day]}
        seen |= hours_of[day]
    return found


def _odd_rows(hours: AbstractSet[int], usual: UsualHours, seen: AbstractSet[int]) -> list[int]:
    odd = {hour for hour in hours if not usual.has(hour)}
    return sorted({hour // ROW for hour in odd if seen.isdisjoint({(hour + by) % 24 for by in (-1, 0, 1)})})


def _span(cells: Collection[tuple[date, int]]) -> tuple[int, int]:
    """Of all spans that hold enough the shortest, of those the fullest, of those the first."""
    weights = [0] * _ROWS
    for _, row in cells:
        weights[row] += 1
    for length in range(1, _MOST_ROWS + 1):
        held = [sum(weights[(first + by) % _ROWS] for by in range(length)) for first in range(_ROWS)]
        if max(held) >= _PART * len(cells):
            begins = held.index(max(held)) * ROW
            return begins, (begins + length * ROW - 1) % 24 + 1
    return 0, 24
