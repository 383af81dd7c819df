"""The page of sessions as a template needs it: groups, filters, pages, and what a dialog counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from signedin.rules.session import AppType
from signedin.rules.session_list import Question, Row, SessionList, Sort, last_use
from signedin.rules.speech import Speech
from signedin.web.overview import Overview, overview
from signedin.web.page_links import link
from signedin.web.row_view import APP_LABELS, RowView, displayed, full_name, name_of, row_view

PAGE = 100
__all__ = ["LogoutAllView", "SessionsView", "logout_all", "name_of", "page", "row"]


@dataclass(frozen=True, slots=True)
class FilterView:
    """A type to filter by, or an order to sort by."""

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
    shown: int
    hides_rows: bool
    overview: Overview
    groups: tuple[GroupView, ...]
    filters: tuple[FilterView, ...]
    words: str
    type_value: str
    type_label: str
    place: str
    sort: str
    sorts: tuple[FilterView, ...]
    updated: str
    updated_machine: str
    more_link: str
    elsewhere: int
    elsewhere_name: str
    elsewhere_link: str


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
    wider = replace(question, app_type=None, place=None)
    elsewhere = () if answered else listed.answer(wider, shows)
    visible = answered[: number * PAGE]
    return SessionsView(
        total=len(listed.rows), shown=len(answered), hides_rows=len(answered) < len(listed.rows),
        overview=overview(listed, question, frozenset(row.id for row in visible), speech),
        groups=_groups(listed, visible, answered, question, speech),
        filters=_filters(listed, question, speech), words=question.words, place=question.place or "",
        type_value=question.app_type.value if question.app_type else "",
        type_label=speech.say(APP_LABELS[question.app_type]) if question.app_type else "",
        sort=question.sort.value, sorts=_sorts(question, speech),
        updated=speech.clock(speech.now), updated_machine=speech.machine(speech.now),
        more_link=link(question, page=number + 1) if len(answered) > len(visible) else "",
        elsewhere=len(elsewhere), elsewhere_name=full_name(elsewhere[0], speech) if elsewhere else "",
        elsewhere_link=link(wider),
    )  # fmt: skip


def row(listed: SessionList, one: Row, speech: Speech) -> RowView:
    """One row by itself, for its confirmation."""
    return row_view(listed, one, speech)


def logout_all(listed: SessionList, speech: Speech, *, others_only: bool) -> LogoutAllView:
    """What would end, and what stays."""
    current = listed.current
    count = len(listed.sessions) - (1 if others_only and current else 0)
    apps = tuple(each.client_name for each in sorted(listed.consents, key=last_use, reverse=True))
    return LogoutAllView(
        others_only, count, apps, listed.access_keys, name_of(current, speech) if current else ""
    )


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


def _filters(listed: SessionList, question: Question, speech: Speech) -> tuple[FilterView, ...]:
    counts = listed.counts()
    every = FilterView(
        "all", speech.say("All"), counts["all"], link(replace(question, app_type=None)),
        question.app_type is None,
    )  # fmt: skip
    kinds = (
        FilterView(
            kind.value, speech.say(APP_LABELS[kind]), counts[kind.value], link(replace(question, app_type=kind)),
            question.app_type is kind,
        )
        for kind in AppType
    )  # fmt: skip
    return (every, *kinds)


def _sorts(question: Question, speech: Speech) -> tuple[FilterView, ...]:
    names = ((Sort.GROUPS, speech.say("In groups")), (Sort.RECENT, speech.say("Last activity")),
             (Sort.IDLE, speech.say("Longest unused")))  # fmt: skip
    return tuple(
        FilterView(sort.value, name, 0, link(replace(question, sort=sort)), question.sort is sort)
        for sort, name in names
    )
