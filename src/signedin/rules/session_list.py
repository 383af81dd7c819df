"""The account's active sessions and consents, together: one list, one id per row, in the page's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from signedin.rules.consent import Consent
from signedin.rules.location import UNKNOWN, Location, LocationKind
from signedin.rules.session import AppType, Origin, Session, SessionId
from signedin.rules.suspicion import Flag, worth_a_look

Row = Session | Consent
LONGEST_WORDS = 200
"""Characters of what is looked for in the list."""


class Sort(StrEnum):
    """How the rows are ordered: in the page's groups, or flat by last activity (R19, R77, D27)."""

    GROUPS = "groups"
    RECENT = "recent"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Question:
    """What of the list is asked for: a type, a place, words that are displayed, an order."""

    app_type: AppType | None = None
    place: str | None = None
    words: str = ""
    sort: Sort = Sort.GROUPS

    @property
    def hides_rows(self) -> bool:
        """Whether a filter is in force, so that "n of m shown" and "Show all" are due (R83)."""
        return bool(self.app_type or self.place or self.words.strip())


@dataclass(frozen=True, slots=True)
class Place:
    """Where some of the rows were last used; `is_flagged` when one of them is an unfamiliar location."""

    key: str
    location: Location
    count: int
    has_current: bool
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of each type there are, and how many access keys beside them."""

    by_type: Counter[AppType]
    access_keys: int = 0

    @property
    def consents(self) -> int:
        """The connected apps among them."""
        return self.by_type[AppType.OAUTH]

    @property
    def total(self) -> int:
        """All rows of the list."""
        return self.by_type.total()

    @property
    def sessions(self) -> int:
        """All but the connected apps."""
        return self.total - self.consents

    def without(self, app_type: AppType) -> Counts:
        """The same without one row of that type, which is kept."""
        return Counts(self.by_type - Counter([app_type]), self.access_keys)

    def told(self) -> dict[str, int]:
        """By the names of the types, and "all" (R83)."""
        named = {app_type.value: self.by_type[app_type] for app_type in AppType}
        return {"all": self.by_type.total()} | named


@dataclass(frozen=True, slots=True)
class SessionList:
    """All that is signed in to one account at one moment, the current row known (R18)."""

    rows: tuple[Row, ...]
    current_id: SessionId | None
    now: datetime
    access_keys: int = 0
    flags: dict[str, tuple[Flag, ...]] = field(default_factory=dict)

    @property
    def current(self) -> Session | None:
        """The row of the credential that asked, if it has one."""
        return next(
            (row for row in self.rows if row.id == self.current_id and isinstance(row, Session)), None
        )

    @property
    def sessions(self) -> tuple[Session, ...]:
        """The rows that are sessions."""
        return tuple(row for row in self.rows if isinstance(row, Session))

    @property
    def consents(self) -> tuple[Consent, ...]:
        """The rows that are connected apps."""
        return tuple(row for row in self.rows if isinstance(row, Consent))

    def find(self, row_id: str) -> Row | None:
        """The row with this id, if it is among this account's."""
        return next((row for row in self.rows if row.id == row_id), None)

    def counts(self) -> dict[str, int]:
        """Rows by app type, and "all" (R83)."""
        return Counts(Counter(row.app_type for row in self.rows)).told()

    def answer(self, question: Question, displayed: Callable[[Row], str]) -> tuple[Row, ...]:
        """The rows that were asked for, in order; words match what `displayed` shows, nothing hidden (D22)."""
        words = question.words.casefold().split()
        rows = [
            row
            for row in self.rows
            if (question.app_type is None or row.app_type is question.app_type)
            and (question.place is None or place_key(row) == question.place)
            and (not words or _has(displayed(row), words))
        ]
        return tuple(sorted(rows, key=self.order(question.sort)))

    def group_of(self, row: Row) -> str:
        """The group of the page a row stands in: current, look, other or apps (D27)."""
        if row.id == self.current_id:
            return "current"
        if row.id in self.flags:
            return "look"
        return "apps" if isinstance(row, Consent) else "other"

    def places(self) -> tuple[Place, ...]:
        """The places of last use, fullest first, those without a spot on the map last (design: Map)."""
        by_key: dict[str, list[Row]] = {}
        for row in self.rows:
            if origin_of(row) is not None:
                by_key.setdefault(place_key(row), []).append(row)
        places = [self._place(key, rows) for key, rows in by_key.items()]
        return tuple(sorted(places, key=_place_order))

    def _place(self, key: str, rows: Sequence[Row]) -> Place:
        kinds = {flag.kind.value for row in rows for flag in self.flags.get(row.id, ())}
        has_current = any(row.id == self.current_id for row in rows)
        return Place(key, location_of(rows[0]), len(rows), has_current, "unfamiliar_location" in kinds)

    def order(self, sort: Sort) -> Callable[[Row], tuple[int, float, str]]:
        """What the rows are sorted by, different for every row; R19: the current one first, then the newest use."""
        groups = ("current", "look", "other", "apps")
        if sort is Sort.IDLE:
            return lambda row: (0, last_use(row).timestamp(), row.id)
        if sort is Sort.RECENT:
            return lambda row: (int(row.id != self.current_id), -last_use(row).timestamp(), row.id)
        return lambda row: (groups.index(self.group_of(row)), -last_use(row).timestamp(), row.id)


def session_list(
    rows: Sequence[Row], current_id: SessionId | None, now: datetime, access_keys: int = 0
) -> SessionList:
    """The list of what is alive among `rows` at `now`; the current row is never flagged."""
    alive = tuple(row for row in rows if row.is_alive_at(now))
    flags = worth_a_look([row for row in alive if row.id != current_id], now)
    return SessionList(alive, current_id, now, access_keys, flags)


def origin_of(row: Row) -> Origin | None:
    """Where the row was last used from, if known (R33)."""
    return row.last_from


def location_of(row: Row) -> Location:
    """The place of last use."""
    return row.last_from.location if row.last_from else UNKNOWN


def place_key(row: Row) -> str:
    """The key of the place of last use."""
    return location_of(row).place_key


def last_use(row: Row) -> datetime:
    """The last use, or the consent itself where there was none."""
    return row.last_at or row.consented_at if isinstance(row, Consent) else row.last_at


def _has(text: str, words: Sequence[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


def _place_order(place: Place) -> tuple[int, int, str]:
    ranks = {LocationKind.KNOWN: 0, LocationKind.LOCAL: 1, LocationKind.UNKNOWN: 2}
    return ranks[place.location.kind], -place.count, place.key
