"""What an installation does, as numbers: how much is signed in, and what happened on each of 30 days; never who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from signedin.rules.activity import DAYS, oldest_day
from signedin.rules.location import Location
from signedin.rules.organisation import Organisation


class Measure(StrEnum):
    """What is counted; the names are part of the API."""

    SESSIONS = "sessions"
    SIGN_INS = "sign_ins"
    FAILURES = "failures"
    ENDINGS = "endings"
    FLAGS = "flags"
    OUTBOX = "outbox"
    NODES = "nodes"


STANDING = frozenset({Measure.SESSIONS, Measure.FLAGS, Measure.OUTBOX, Measure.NODES})
"""What there is at a moment: of a day the last count of that day. The others happened, and are the day's sum."""
OF_EVERYBODY = frozenset({Measure.FAILURES, Measure.OUTBOX, Measure.NODES})
"""What cannot be told apart by organisation; who is there for one alone is not told of it."""
TOTAL = "all"
"""The part of a measure that is all of it."""
Numbers = Mapping[Measure, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class PlaceCounted:
    """How much was last used from a place."""

    location: Location
    count: int


@dataclass(frozen=True, slots=True)
class DayCounted:
    """What was counted of one day (UTC); what was not counted on it is missing from its numbers."""

    day: date
    counted_at: datetime
    numbers: Numbers
    places: tuple[PlaceCounted, ...] = ()

    @property
    def is_final(self) -> bool:
        """Whether it was counted when the day was over."""
        return self.counted_at.date() > self.day


@dataclass(frozen=True, slots=True)
class Series:
    """One number of each day, the oldest first; `None` where it was not counted."""

    measure: Measure
    part: str
    by_day: tuple[int | None, ...]

    @property
    def latest(self) -> int | None:
        """Of today, so far."""
        return self.by_day[-1]

    @property
    def in_all(self) -> int:
        """What happened on all the days together."""
        return sum(each or 0 for each in self.by_day)

    @property
    def most(self) -> int:
        """Of the day with the most."""
        return max((each or 0 for each in self.by_day), default=0)


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A process that may answer from memory, and how many endings it has not applied yet."""

    node_id: str
    about: str
    behind: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The numbers of 30 days; `counted_at` is when they were last counted, `None` before the first time.

    With an organisation they are of its members alone.
    """

    days: tuple[date, ...]
    counted_at: datetime | None
    series: tuple[Series, ...]
    places: tuple[PlaceCounted, ...] = ()
    nodes: tuple[NodeSeen, ...] = ()
    organisation: Organisation | None = None

    def whole(self, measure: Measure) -> Series | None:
        """All of a measure; `None` where it is not told."""
        return next((each for each in self.series if (each.measure, each.part) == (measure, TOTAL)), None)

    def parts(self, measure: Measure) -> tuple[Series, ...]:
        """The parts of a measure."""
        return tuple(each for each in self.series if each.measure is measure and each.part != TOTAL)


def days_until(today: date) -> tuple[date, ...]:
    """The 30 days that are told, the oldest first."""
    first = oldest_day(today)
    return tuple(first + timedelta(days=at) for at in range(DAYS))


def series_of(
    days: Sequence[date],
    counted: Sequence[DayCounted],
    refused: Mapping[date, Mapping[str, int]],
    *,
    of_everybody: bool,
) -> tuple[Series, ...]:
    """The series of what was counted, a measure after the other, each with all of it first and then by parts.

    Failures are counted as they happen, from the day on which anything was first counted.
    """
    by_day = {each.day: dict(each.numbers) for each in counted}
    since = min((day for day, numbers in by_day.items() if Measure.SESSIONS in numbers), default=None)
    for day in days:
        if since is not None and day >= since:
            said = refused.get(day, {})
            by_day.setdefault(day, {})[Measure.FAILURES] = {TOTAL: sum(said.values()), **said}
    told = [each for each in Measure if of_everybody or each not in OF_EVERYBODY]
    return tuple(series for measure in told for series in _of_measure(measure, days, by_day))


def _of_measure(
    measure: Measure, days: Sequence[date], by_day: Mapping[date, Mapping[Measure, Mapping[str, int]]]
) -> list[Series]:
    found = [by_day.get(day, {}).get(measure) for day in days]
    parts = dict.fromkeys([TOTAL, *(part for numbers in found for part in numbers or ())])
    return [
        Series(
            measure,
            part,
            tuple(None if numbers is None else numbers.get(part, 0) for numbers in found),
        )
        for part in parts
    ]
