"""What happened, as people read it: an entry of an account's history, and of the record of operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from signedin.rules.event import Event, EventKind, Recorded
from signedin.rules.history import KINDS
from signedin.rules.location import HIDDEN
from signedin.rules.operator import Role
from signedin.rules.speech import Speech
from signedin.rules.tally import ended_said
from signedin.rules.wording import marked as _

ROLE_NAMES: Mapping[str, str] = {Role.VIEWER: _("Viewer"), Role.HELPER: _("Helper"), Role.OWNER: _("Owner")}
"""What the roles of operators are called."""
_ICONS = {
    "in": "in",
    "ended": "out",
    "fail": "no",
    "consent": "app",
    "key": "key",
    "op": "shield",
    "other": "shield",
}


@dataclass(frozen=True, slots=True)
class EventView:
    """One entry for the template: `by` is who did it, as people say it; `who` an operator's or an app's name."""

    kind: str
    colour: str
    icon: str
    clock: str
    exact: str
    machine: str
    day: str
    name: str
    by: str
    who: str
    place: str
    prefix: str
    is_hidden: bool
    reason: str
    facts: dict[str, object]
    counted: str
    role: str


@dataclass(frozen=True, slots=True)
class DayView:
    """The entries of one day."""

    title: str
    events: tuple[EventView, ...]


def event_view(event: Event, speech: Speech, operators: Mapping[str, str]) -> EventView:
    """The entry; `operators` are the names by account number."""
    personal, facts = event.personal, event.facts
    masked = speech.address(str(personal.get("masked_ip", "")))
    colour = "op" if facts.get("by") == "operator" else _colour(event.kind)
    device = str(personal.get("device") or "")
    is_app = event.kind in KINDS["consent"]
    return EventView(
        kind=event.kind.value, colour=colour, icon=_ICONS[colour], clock=speech.clock(event.at),
        exact=speech.exact(event.at), machine=speech.machine(event.at), day=speech.long_day(event.at),
        name=str(personal.get("name") or (device if is_app or not device else speech.device(device))),
        by=str(facts.get("by", "you")), who=operators.get(str(facts.get("operator")), str(facts.get("service", ""))),
        place=speech.place(str(personal["place"])) if personal.get("place") else "", prefix=masked.removesuffix(HIDDEN),
        is_hidden=masked.endswith(HIDDEN), reason=str(personal.get("reason", "")), facts=facts,
        counted=_counted(event, speech), role=speech.say(ROLE_NAMES[str(facts["role"])]) if facts.get("role") in ROLE_NAMES else "",
    )  # fmt: skip


def displayed(event: Event, operators: Mapping[str, str], speech: Speech) -> str:
    """The words that the entry shows, for search: nothing hidden can be found (D22)."""
    personal, facts = event.personal, event.facts
    shown = [personal.get(name) for name in ("name", "device", "place", "masked_ip", "reason")]
    device, place = personal.get("device"), personal.get("place")
    shown += [speech.device(str(device)) if device else "", speech.place(str(place)) if place else ""]
    shown += [operators.get(str(facts.get("operator"))), facts.get("service"), facts.get("host")]
    return " ".join(str(text) for text in shown if text)


def days(found: Sequence[Recorded], speech: Speech, operators: Mapping[str, str]) -> tuple[DayView, ...]:
    """The entries under the days on which they happened, newest first."""
    titled: dict[str, list[EventView]] = {}
    for recorded in found:
        view = event_view(recorded.event, speech, operators)
        titled.setdefault(view.day, []).append(view)
    return tuple(DayView(title, tuple(views)) for title, views in titled.items())


def _colour(kind: EventKind) -> str:
    return next(
        (colour for colour in ("fail", "key", "consent", "in", "ended") if kind in KINDS[colour]), "other"
    )


def _counted(event: Event, speech: Speech) -> str:
    """How much ended with it, where it was everything, or for many."""
    ended = event.facts.get("ended")
    if isinstance(ended, dict):
        return ended_said(
            int(ended.get("sessions", 0)),
            int(ended.get("consents", 0)),
            speech,
            int(ended.get("access_keys", 0)),
        )
    by_type = event.facts.get("by_type")
    if not isinstance(by_type, dict):
        return ""
    apps = int(by_type.get("oauth", 0))
    sessions = int(by_type.get("all", 0)) - apps
    return ended_said(sessions, apps, speech, int(str(event.facts.get("access_keys_ended", 0))))
