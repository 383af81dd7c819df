"""The page of sessions as a template needs it: groups, places, filters, pages, and what a dialog counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from signedin.rules.location import LocationKind
from signedin.rules.session import AppType
from signedin.rules.session_list import Question, Row, SessionList, Sort
from signedin.rules.speech import Speech
from signedin.web.map_picture import Pin, pins
from signedin.web.row_view import APP_LABELS, RowView, displayed, name_of, row_view

HOME = "/settings/sessions"
PAGE = 100
MOST_PLACES = 12
__all__ = ["LogoutAllView", "SessionsView", "logout_all", "name_of", "page", "row"]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place in the list below the map."""

    number: int
    label: str
    count: int
    link: str
    is_chosen: bool
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class FilterView:
    """A type to filter by."""

    value: str
    label: str
    count: int
    link: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of rows under one heading."""

    key: str
    title: str
    rows: tuple[RowView, ...]
    count: int


@dataclass(frozen=True, slots=True)
class SessionsView:
    """Everything the page shows."""

    total: int
    places_count: int
    shown: int
    hides_rows: bool
    groups: tuple[GroupView, ...]
    flagged: tuple[RowView, ...]
    flagged_count: int
    places: tuple[PlaceView, ...]
    pins: tuple[Pin, ...]
    filters: tuple[FilterView, ...]
    words: str
    type_value: str
    sort: str
    sort_links: tuple[tuple[str, str], ...]
    updated: str
    updated_machine: str
    more_link: str
    elsewhere: int
    elsewhere_link: str
    keys: int
    is_alone: bool


@dataclass(frozen=True, slots=True)
class LogoutAllView:
    """What the dialog counts (R57, D1)."""

    others_only: bool
    sessions: int
    apps: tuple[str, ...]
    keys: int
    current: str


def page(listed: SessionList, question: Question, speech: Speech, number: int = 1) -> SessionsView:
    """The page for one question."""

    def shows(row: Row) -> str:
        return displayed(row, speech)

    answered = listed.answer(question, shows)
    elsewhere = len(listed.answer(replace(question, app_type=None), shows)) if question.app_type else 0
    visible = answered[: number * PAGE]
    local = speech.local(speech.now)
    places = listed.places()
    flagged = [row for row in listed.rows if row.id in listed.flags]
    return SessionsView(
        total=len(listed.rows), places_count=len(places), shown=len(answered), hides_rows=len(answered) < len(listed.rows),
        groups=_groups(listed, visible, answered, question, speech),
        flagged=tuple(row_view(listed, each, speech) for each in flagged[:3]), flagged_count=len(flagged),
        places=_places(listed, question), pins=pins(places), filters=_filters(listed, question),
        words=question.words, type_value=question.app_type.value if question.app_type else "",
        sort=question.sort.value, sort_links=_sorts(question, speech),
        updated=f"{local:%H:%M}", updated_machine=speech.machine(speech.now),
        more_link=_link(question, page=number + 1) if len(answered) > len(visible) else "",
        elsewhere=elsewhere, elsewhere_link=_link(replace(question, app_type=None)), keys=listed.access_keys,
        is_alone=len(listed.rows) == 1 and listed.current is not None,
    )  # fmt: skip


def row(listed: SessionList, one: Row, speech: Speech) -> RowView:
    """One row by itself, for its confirmation."""
    return row_view(listed, one, speech)


def logout_all(listed: SessionList, speech: Speech, *, others_only: bool) -> LogoutAllView:
    """What would end, and what stays."""
    del speech
    current = listed.current
    count = len(listed.sessions) - (1 if others_only and current else 0)
    apps = tuple(consent.client_name for consent in listed.consents)
    return LogoutAllView(others_only, count, apps, listed.access_keys, current.device.name if current else "")


def _groups(
    listed: SessionList,
    visible: tuple[Row, ...],
    answered: tuple[Row, ...],
    question: Question,
    speech: Speech,
) -> tuple[GroupView, ...]:
    if question.sort is not Sort.GROUPS:
        rows = tuple(row_view(listed, each, speech) for each in visible)
        return (GroupView("flat", speech.say("All sessions and apps"), rows, len(answered)),) if rows else ()
    titles = {"current": speech.say("This session"), "look": speech.say("Worth a look"),
              "other": speech.say("Other sessions"), "apps": speech.say("Connected apps")}  # fmt: skip
    found = []
    for key, title in titles.items():
        rows = tuple(row_view(listed, each, speech) for each in visible if listed.group_of(each) == key)
        if rows:
            count = sum(listed.group_of(each) == key for each in answered)
            found.append(GroupView(key, title, rows, count))
    return tuple(found)


def _places(listed: SessionList, question: Question) -> tuple[PlaceView, ...]:
    views = []
    for number, place in enumerate(listed.places(), 1):
        chosen = question.place == place.key
        link = _link(replace(question, place=None if chosen else place.key))
        known = place.location.kind is LocationKind.KNOWN
        label = place.location.short if known else place.location.label
        views.append(PlaceView(number, label, place.count, link, chosen, place.is_flagged))
    return tuple(views)


def _filters(listed: SessionList, question: Question) -> tuple[FilterView, ...]:
    counts = listed.counts()
    every = FilterView(
        "all", "All", counts["all"], _link(replace(question, app_type=None)), question.app_type is None
    )
    kinds = (
        FilterView(
            kind.value, APP_LABELS[kind], counts[kind.value], _link(replace(question, app_type=kind)),
            question.app_type is kind,
        )
        for kind in AppType
    )  # fmt: skip
    return (every, *kinds)


def _sorts(question: Question, speech: Speech) -> tuple[tuple[str, str], ...]:
    names = ((Sort.GROUPS, speech.say("In groups")), (Sort.RECENT, speech.say("Last activity")),
             (Sort.IDLE, speech.say("Longest unused")))  # fmt: skip
    return tuple(
        (name, "" if question.sort is sort else _link(replace(question, sort=sort))) for sort, name in names
    )


def _link(question: Question, **more: int) -> str:
    asked = {
        "type": question.app_type.value if question.app_type else "",
        "place": question.place or "",
        "q": question.words,
        "sort": question.sort.value if question.sort is not Sort.GROUPS else "",
        **more,
    }
    kept = {name: value for name, value in asked.items() if value}
    return f"{HOME}?{urlencode(kept)}" if kept else HOME
