"""The map: where pins stand, and which places share one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signedin.rules.session_list import Place

WEST, NORTH, HEIGHT = -170.0, 77.0, 133.0
CLOSER_THAN = 6.0


@dataclass(frozen=True, slots=True)
class Pin:
    """One mark on the map: x and y in percent, how many sessions, and which of the places it stands for."""

    number: int
    x: float
    y: float
    count: int
    places: tuple[int, ...]
    has_current: bool
    is_flagged: bool


def pins(places: Sequence[Place]) -> tuple[Pin, ...]:
    """The pins, those that must lie on top last; places closer than 6 degrees share one."""
    merged: list[list[tuple[int, Place]]] = []
    for at, place in enumerate(places):
        if place.location.latitude is None or place.location.longitude is None:
            continue
        near = next((group for group in merged if _shares_pin(group[0][1], place)), None)
        if near is not None:
            near.append((at, place))
        else:
            merged.append([(at, place)])
    drawn = [_pin(number, group) for number, group in enumerate(merged, 1)]
    return tuple(sorted(drawn, key=lambda pin: (pin.is_flagged, pin.has_current)))


def number_of(drawn: Sequence[Pin], at: int) -> int:
    """The number of the pin that stands for the place at this position; 0 when none does."""
    return next((pin.number for pin in drawn if at in pin.places), 0)


def project(latitude: float, longitude: float) -> tuple[float, float]:
    """Percent from the left and from the top of the picture (design: Map).

    >>> project(37.7749, -122.4194), project(-77.85, 166.67)
    ((13.22, 29.49), (93.52, 100.0))
    """
    x = ((longitude - WEST) % 360) / 360 * 100
    y = (NORTH - latitude) / HEIGHT * 100
    return round(x, 2), round(min(100.0, max(0.0, y)), 2)


def _shares_pin(one: Place, other: Place) -> bool:
    if one.is_flagged or other.is_flagged:
        return False
    a, b = one.location, other.location
    apart = abs((a.longitude or 0.0) - (b.longitude or 0.0))
    return (
        abs((a.latitude or 0.0) - (b.latitude or 0.0)) < CLOSER_THAN and min(apart, 360 - apart) < CLOSER_THAN
    )


def _pin(number: int, group: Sequence[tuple[int, Place]]) -> Pin:
    first = group[0][1].location
    x, y = project(first.latitude or 0.0, first.longitude or 0.0)
    members = [place for _, place in group]
    return Pin(
        number, x, y, sum(place.count for place in members), tuple(at for at, _ in group),
        any(place.has_current for place in members), any(place.is_flagged for place in members),
    )  # fmt: skip
