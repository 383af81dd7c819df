"""The map: where pins stand, and which places share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signedin.rules.location import LocationKind
from signedin.rules.session_list import Place

WEST, NORTH, HEIGHT = -170.0, 77.0, 133.0
CLOSER_THAN = 6.0
MOST_NUMBERED = 12


@dataclass(frozen=True, slots=True)
class Pin:
    """One mark on the map: x and y in percent, how many sessions, and which places it stands for."""

    x: float
    y: float
    count: int
    numbers: tuple[int, ...]
    has_current: bool
    is_flagged: bool

    @property
    def number(self) -> int:
        """The number of the place it is lit by."""
        return self.numbers[0]


def pins(places: Sequence[Place]) -> tuple[Pin, ...]:
    """The pins, those that must lie on top last; places closer than 6 degrees share one."""
    merged: list[list[tuple[int, Place]]] = []
    for number, place in enumerate(places, 1):
        if place.location.kind is not LocationKind.KNOWN or place.location.latitude is None:
            continue
        near = next((group for group in merged if _is_near(group[0][1], place)), None)
        if near is not None and not place.is_flagged and not near[0][1].is_flagged:
            near.append((number, place))
        else:
            merged.append([(number, place)])
    drawn = [_pin(group) for group in merged]
    return tuple(sorted(drawn, key=lambda pin: (pin.is_flagged, pin.has_current)))


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Percent from the left and from the top of the picture (design: Map).

    >>> project(37.7749, -122.4194)
    (13.22, 29.49)
    """
    return round(((longitude - WEST) % 360) / 360 * 100, 2), round((NORTH - latitude) / HEIGHT * 100, 2)


def _is_near(one: Place, other: Place) -> bool:
    a, b = one.location, other.location
    if a.latitude is None or a.longitude is None or b.latitude is None or b.longitude is None:
        return False
    return abs(a.latitude - b.latitude) < CLOSER_THAN and abs(a.longitude - b.longitude) < CLOSER_THAN


def _pin(group: Sequence[tuple[int, Place]]) -> Pin:
    first = group[0][1].location
    x, y = project(first.latitude or 0.0, first.longitude or 0.0)
    members = [place for _, place in group]
    return Pin(
        x, y, sum(place.count for place in members), tuple(number for number, _ in group),
        any(place.has_current for place in members), any(place.is_flagged for place in members),
    )  # fmt: skip
