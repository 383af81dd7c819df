"""What operators are answered about the whole, as shapes: numbers of 30 days, and what the doctor finds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from signedin.api.shapes import Count
from signedin.rules.overview import Measure


class Series(Struct):
    """One number of each day, as `days` names them; `part` is `all`, or one part of the measure."""

    measure: Measure
    part: str
    by_day: list[Count | None]


class Place(Struct):
    """How much of what is signed in was last used from a place."""

    place: str
    latitude: float | None
    longitude: float | None
    count: Count


class Node(Struct):
    """A process that may answer from memory, and how many endings it has not applied yet."""

    node_id: str
    about: str
    endings_behind: Count


class Overview(Struct):
    """The numbers of 30 days (UTC); of an organisation's members alone for an operator of one."""

    organisation_id: str | None
    counted_at: datetime | None
    days: Annotated[list[date], Meta(min_length=30, max_length=30)]
    series: list[Series]
    places: list[Place]
    nodes: list[Node]


class HealthFinding(Struct):
    """One thing that was looked at, and what to do where it is not `good`."""

    subject: str
    verdict: Literal["good", "look", "bad"]
    sentence: str
    what_to_do: str


class Health(Struct):
    """What the doctor finds, the worst first; `verdict` is that of the worst."""

    examined_at: datetime
    verdict: Literal["good", "look", "bad"]
    findings: list[HealthFinding]
