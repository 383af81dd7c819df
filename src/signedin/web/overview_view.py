"""The overview as the console shows it: a number for each thing, and a small picture of its 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from signedin.rules import session_list
from signedin.rules.activity import DAYS
from signedin.rules.overview import STANDING, Measure, NodeSeen, Overview, PlaceCounted, Series
from signedin.rules.speech import Speech
from signedin.rules.wording import marked as _
from signedin.web.map_picture import Pin, number_of, pins

PITCH, FIRST, FOOT, TALLEST = 5, 1.5, 30, 28
MEASURES: Mapping[Measure, str] = {
    Measure.SESSIONS: _("Signed in"), Measure.SIGN_INS: _("Sign-ins"), Measure.FAILURES: _("Refused sign-ins"),
    Measure.ENDINGS: _("Ended"), Measure.FLAGS: _("Worth a look"), Measure.OUTBOX: _("Waits to be told"),
    Measure.NODES: _("Processes that answer from memory"),
}  # fmt: skip
PARTS: Mapping[str, str] = {
    "web": _("Web"), "admin": _("Admin"), "sync": _("Sync"), "mobile": _("Mobile"), "oauth": _("OAuth"),
    "sign_in_refused": _("Address or password wrong, or account disabled"),
    "too_many_requests": _("Tried too often"), "outside_networks": _("From a network that a rule does not let in"),
    "too_many_sessions": _("Too many sessions by a rule"),
    "expired_idle": _("Not used for too long"), "expired_overall": _("At the overall limit"),
    "revoked": _("Revoked"), "logged_out": _("Logout"), "logged_out_everywhere": _("Logout All Devices"),
    "ended_by_operator": _("By an operator"), "factor_changed": _("Password changed"),
    "policy": _("By a rule of an organisation"), "reused": _("A token was used twice"),
    "account_disabled": _("Account disabled"), "account_closed": _("Account closed"),
    "new_device": _("New device"), "unfamiliar_location": _("Unfamiliar location"),
    "unused": _("Unused for 21 days"), "letters": _("Letters"), "sign_outs": _("Sign-outs, to clients"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bars:
    """The paths of one small picture, the tallest bar for the day with the most; and the same said in words."""

    base: str
    bars: str
    last: str
    label: str


@dataclass(frozen=True, slots=True)
class LineView:
    """One number: of now, or of today and of all 30 days."""

    name: str
    latest: int | None
    in_all: int
    bars: Bars


@dataclass(frozen=True, slots=True)
class CardView:
    """A measure: all of it, and its parts, where there are any; what stands has no sum."""

    key: str
    name: str
    is_standing: bool
    whole: LineView
    parts: tuple[LineView, ...]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place below the map; `number` is that of its pin, 0 when there is none."""

    label: str
    count: int
    number: int


@dataclass(frozen=True, slots=True)
class OverviewView:
    """All of it for the template; `table` has a line for each day, the newest first, with all of each measure."""

    counted: str
    counted_machine: str
    cards: tuple[CardView, ...]
    pins: tuple[Pin, ...]
    places: tuple[PlaceView, ...]
    nodes: tuple[NodeSeen, ...]
    organisation: str
    table: tuple[tuple[str, tuple[int | None, ...]], ...]


def overview_view(overview: Overview, speech: Speech) -> OverviewView:
    """The overview for the template."""
    cards = tuple(_card(overview, whole, speech) for whole in _wholes(overview))
    drawn, places = _places(overview.places, speech)
    at = overview.counted_at
    return OverviewView(
        speech.exact(at) if at else "", speech.machine(at) if at else "", cards, drawn, places, overview.nodes,
        overview.organisation.name if overview.organisation else "", _table(overview),
    )  # fmt: skip


def bars_of(series: Series, name: str, speech: Speech) -> Bars:
    """Draw 30 days, oldest left, today right."""
    counted = [at for at, number in enumerate(series.by_day) if number is not None]
    most = series.most
    drawn = [(at, series.by_day[at] or 0) for at in counted if series.by_day[at]]
    bars = "".join(_bar(at, number, most) for at, number in drawn if at < DAYS - 1)
    last = "".join(_bar(at, number, most) for at, number in drawn if at == DAYS - 1)
    start = PITCH * counted[0] if counted else PITCH * DAYS
    base = f"M{start} 31.5H149" if counted else ""
    return Bars(base, bars, last, _label(series, len(counted), name, speech))


def _bar(at: int, number: int, most: int) -> str:
    return f"M{FIRST + PITCH * at:g} {FOOT}v-{max(2, round(TALLEST * number / most))}"


def _label(series: Series, counted: int, name: str, speech: Speech) -> str:
    if not counted:
        return speech.say("{name}: not counted yet", name=name)
    return speech.count(
        "{name}: at most {most} a day, on {n} day that was counted",
        "{name}: at most {most} a day, on {n} days that were counted",
        counted, name=name, most=speech.number(series.most),
    )  # fmt: skip


def _wholes(overview: Overview) -> list[Series]:
    found = (overview.whole(measure) for measure in Measure)
    return [each for each in found if each is not None]


def _card(overview: Overview, whole: Series, speech: Speech) -> CardView:
    measure, name = whole.measure, speech.say(MEASURES[whole.measure])
    parts = [each for each in overview.parts(measure) if each.most or measure is Measure.SESSIONS]
    return CardView(
        measure.value, name, measure in STANDING, _line(whole, name, speech),
        tuple(_line(each, speech.say(PARTS.get(each.part, each.part)), speech) for each in parts),
    )  # fmt: skip


def _line(series: Series, name: str, speech: Speech) -> LineView:
    return LineView(name, series.latest, series.in_all, bars_of(series, name, speech))


def _places(
    counted: tuple[PlaceCounted, ...], speech: Speech
) -> tuple[tuple[Pin, ...], tuple[PlaceView, ...]]:
    places = [
        session_list.Place(
            each.location.place_key, each.location, each.count, has_current=False, is_flagged=False
        )
        for each in counted
    ]
    drawn = pins(places)
    return drawn, tuple(
        PlaceView(speech.place(each.location), each.count, number_of(drawn, at))
        for at, each in enumerate(places)
    )


def _table(overview: Overview) -> tuple[tuple[str, tuple[int | None, ...]], ...]:
    wholes = _wholes(overview)
    lines = [(_day(day), tuple(each.by_day[at] for each in wholes)) for at, day in enumerate(overview.days)]
    return tuple(line for line in reversed(lines) if any(number is not None for number in line[1]))


def _day(day: date) -> str:
    return day.isoformat()
