"""The answer first: how many sessions, in how many places, and what of them is worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from signedin.rules.location import LocationKind
from signedin.rules.reasons import flag_name
from signedin.rules.session_list import Place, Question, SessionList
from signedin.rules.speech import Speech
from signedin.web.map_picture import Pin, number_of, pins
from signedin.web.page_links import HOME, link
from signedin.web.row_view import full_name

MOST_LOOKS = 3


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place in the list below the map; `number` is that of the pin it lights, 0 when there is none."""

    key: str
    number: int
    label: str
    count: int
    link: str
    is_chosen: bool
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class LookView:
    """A flagged row, named above the list with a link to it."""

    name: str
    row: str
    link: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands above the list, whatever the list is filtered by."""

    total: int
    places: tuple[PlaceView, ...]
    pins: tuple[Pin, ...]
    looks: tuple[LookView, ...]
    looks_count: int
    is_alone: bool
    is_all_local: bool
    has_local: bool

    @property
    def mapped(self) -> tuple[PlaceView, ...]:
        """The places that have a pin."""
        return tuple(place for place in self.places if place.number)

    def pin_of(self, key: str) -> int:
        """The number of the pin that a row of this place lights; 0 when there is none."""
        return next((place.number for place in self.places if place.key == key), 0)


def overview(listed: SessionList, question: Question, shown: frozenset[str], speech: Speech) -> Overview:
    """The overview; `shown` are the ids of the rows that this page shows."""
    places = listed.places()
    drawn = pins(places)
    local = [place for place in places if place.location.kind is LocationKind.LOCAL]
    return Overview(
        total=len(listed.rows), places=_places(places, drawn, question, speech), pins=drawn,
        looks=_looks(listed, shown, speech), looks_count=len(listed.flags),
        is_alone=len(listed.rows) == 1 and listed.current is not None,
        is_all_local=sum(place.count for place in local) == len(listed.rows), has_local=bool(local),
    )  # fmt: skip


def _looks(listed: SessionList, shown: frozenset[str], speech: Speech) -> tuple[LookView, ...]:
    flagged = [row for row in listed.answer(Question(), lambda _: "") if row.id in listed.flags]
    return tuple(
        LookView(
            flag_name(listed.flags[row.id][0], speech), full_name(row, speech),
            f"#s-{row.id}" if row.id in shown else f"{HOME}#s-{row.id}",
        )
        for row in flagged[:MOST_LOOKS]
    )  # fmt: skip


def _places(
    places: Sequence[Place], drawn: Sequence[Pin], question: Question, speech: Speech
) -> tuple[PlaceView, ...]:
    views = []
    for at, place in enumerate(places):
        chosen = question.place == place.key
        to = link(replace(question, place=None if chosen else place.key))
        known = place.location.kind is LocationKind.KNOWN
        label = place.location.short if known else speech.place(place.location)
        views.append(
            PlaceView(place.key, number_of(drawn, at), label, place.count, to, chosen, place.is_flagged)
        )
    return tuple(views)
