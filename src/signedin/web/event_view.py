"""What happened, as people read it: an entry of an account's history, and of the record of operators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from signedin.actions.follow import SessionsIn
from signedin.rules.event import Event, EventKind, Recorded
from signedin.rules.history import KINDS
from signedin.rules.location import HIDDEN
from signedin.rules.operator import Role
from signedin.rules.reasons import flag_name
from signedin.rules.speech import DAYS, Speech
from signedin.rules.tally import ended_said
from signedin.rules.wording import marked as _
from signedin.web.page_links import HOME

_ENDED = frozenset({EventKind.SESSION_LOGGED_OUT, EventKind.SESSION_REVOKED, EventKind.SESSION_EXPIRED})
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
    """One entry for the template: `by` is who did it, as people say it; `who` an operator's or an app's name.

    `origin` is the session that did it, `since` the day on which began, or was allowed, what ended, `attempts` how many wrong passwords, and `link` leads to a session that
    is worth a look for the `flags`.
    """

    kind: str
    colour: str
    icon: str
    clock: str
    exact: str
    machine: str
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
    origin: str = ""
    since: str = ""
    attempts: int = 1
    flags: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class DayView:
    """The entries of one day; of today and yesterday the `date` is said beside."""

    title: str
    date: str
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
        exact=speech.exact(event.at), machine=speech.machine(event.at),
        name=str(personal.get("name") or (device if is_app or not device else speech.device(device))),
        by=str(facts.get("by", "you")), who=operators.get(str(facts.get("operator")), str(facts.get("service", ""))),
        place=speech.place(str(personal["place"])) if personal.get("place") else "", prefix=masked.removesuffix(HIDDEN),
        is_hidden=masked.endswith(HIDDEN), reason=str(personal.get("reason", "")), facts=facts,
        counted=_counted(event, speech), role=speech.say(ROLE_NAMES[str(facts["role"])]) if facts.get("role") in ROLE_NAMES else "",
        since=_allowed_since(event, speech), attempts=_attempts(event),
    )  # fmt: skip


def displayed(event: Event, operators: Mapping[str, str], speech: Speech) -> str:
    """The words that the entry shows, for search: nothing hidden can be found (D22)."""
    personal, facts = event.personal, event.facts
    shown = [personal.get(name) for name in ("name", "device", "place", "masked_ip", "reason")]
    device, place = personal.get("device"), personal.get("place")
    shown += [speech.device(str(device)) if device else "", speech.place(str(place)) if place else ""]
    shown += [
        operators.get(str(facts.get("operator"))),
        facts.get("service"),
        facts.get("host"),
        facts.get("name"),
    ]
    return " ".join(str(text) for text in shown if text)


def days(
    found: Sequence[Recorded], speech: Speech, operators: Mapping[str, str], known: SessionsIn
) -> tuple[DayView, ...]:
    """The entries under the days on which they happened, newest first: some are written a moment late."""
    titled: dict[tuple[str, str], list[EventView]] = {}
    for recorded in sorted(found, key=lambda each: each.event.at, reverse=True):
        view = _with_session(event_view(recorded.event, speech, operators), recorded.event, known, speech)
        titled.setdefault(_day(recorded.event.at, speech), []).append(view)
    return tuple(DayView(*day, tuple(views)) for day, views in titled.items())


def _day(at: datetime, speech: Speech) -> tuple[str, str]:
    weekday = speech.say(DAYS[speech.local(at).weekday()])
    date = speech.say_in("weekday and day", "{weekday} {day}", weekday=weekday, day=speech.long_day(at))
    said = {0: speech.say("Today"), 1: speech.say("Yesterday")}.get(speech.days_since(at))
    return (said, date) if said else (date, "")


def _with_session(view: EventView, event: Event, known: SessionsIn, speech: Speech) -> EventView:
    """The entry with what is known of the session that it is about, and of the one that did it."""
    about, by = known.starts.get(event.subject or ""), known.starts.get(event.by or "")
    has_begun = event.kind is EventKind.SESSION_STARTED
    flags = known.flags.get(event.subject or "", ()) if has_begun else ()
    return replace(
        view,
        name=view.name or (_device(about, speech) if about else ""),
        origin=_origin(by, speech) if by and event.by != event.subject and not has_begun else "",
        since=speech.long_day(about.at) if about and event.kind in _ENDED else view.since,
        flags=tuple(flag_name(flag, speech) for flag in flags),
        link=f"{HOME}#s-{event.subject}" if flags else "",
    )


def _allowed_since(event: Event, speech: Speech) -> str:
    """Since when a connected app had been allowed; not told of those that ended before that was kept."""
    since = event.facts.get("since") if event.kind is EventKind.CONSENT_REVOKED else None
    with suppress(ValueError):
        return speech.long_day(datetime.fromisoformat(str(since)))
    return ""


def _attempts(event: Event) -> int:
    """How many wrong passwords in a row; one where that is not told."""
    told = event.facts.get("attempts")
    return told if isinstance(told, int) and told > 0 else 1


def _origin(session: Event, speech: Speech) -> str:
    place = session.personal.get("place")
    parts = [_device(session, speech), speech.place(str(place)) if place else ""]
    return speech.joined(part for part in parts if part)


def _device(session: Event, speech: Speech) -> str:
    device = session.personal.get("device")
    return speech.device(str(device)) if device else ""


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
