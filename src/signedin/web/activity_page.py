"""Settings > Activity: what happened to the account, also what an operator did to it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import SessionsIn, count_back, look_back, sessions_in
from signedin.actions.list_sessions import account_of
from signedin.rules.feed import LARGEST_NUMBER
from signedin.rules.history import KINDS, MOST_SEARCHED, Asked, Counted, Looked
from signedin.rules.session_list import LONGEST_WORDS
from signedin.rules.speech import Speech
from signedin.rules.wording import marked as _
from signedin.web.door import Ask, Door
from signedin.web.event_view import DayView, days, displayed
from signedin.web.hours_view import hours_view
from signedin.web.menu import menu_counts

PATH, FILE = "/settings/activity", "/settings/activity.csv"
PAGE = 50
_LABELS = {
    "": _("All"), "in": _("Sign-ins"), "ended": _("Ended"), "fail": _("Failed"), "consent": _("Connected apps"),
    "key": _("Access keys"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilterView:
    """A filter of the page, as a link that keeps what is searched for; `count` as it is said, nothing while words are sought."""

    label: str
    count: str
    link: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The history as it was asked for; `searched` is how many entries one look reads, where it stopped early."""

    asked: Asked
    filters: tuple[FilterView, ...]
    days: tuple[DayView, ...]
    file_link: str
    more_link: str
    searched: int


@get(PATH)
async def activity_page(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """The last things that happened, or those before an entry, as far as they were asked for."""
    presence, speech, asked = (
        door.signed_in(request),
        door.reader(request).speech,
        asked_by(request.query_params),
    )
    before = _number(request.query_params.get("before", ""))
    shows = partial(displayed, speech=speech)
    looked = await look_back(door.means, presence.account_id, asked, before, PAGE, shows)
    known = await sessions_in(door.means, presence, looked.entries, speech.now)
    counts = None if asked.words else await count_back(door.means, presence.account_id)
    hours = await hours_view(door.means, presence.account_id, speech) if before is None else None
    return door.page(
        request, "activity.html", account=await account_of(door.means, presence),
        history=_history(asked, looked, known, counts, speech), hours=hours,
        **await menu_counts(request, door),
    )  # fmt: skip


def asked_by(query: Mapping[str, str]) -> Asked:
    """What the address asks for; a filter that there is not is none."""
    kind = query.get("kind", "")
    return Asked(kind if kind in KINDS else "", query.get("q", "").strip()[:LONGEST_WORDS])


def _history(
    asked: Asked, looked: Looked, known: SessionsIn, counts: Counted | None, speech: Speech
) -> HistoryView:
    return HistoryView(
        asked, _filters(asked, counts, speech), days(looked.entries, speech, looked.operators, known), link(asked, FILE),
        link(asked, before=looked.go_on) if looked.go_on else "", MOST_SEARCHED if looked.is_cut else 0,
    )  # fmt: skip


def _filters(asked: Asked, counts: Counted | None, speech: Speech) -> tuple[FilterView, ...]:
    return tuple(
        FilterView(
            speech.say(label), "" if counts is None else _counted(counts, kind, speech), link(Asked(kind, asked.words)),
            kind == asked.kind,
        )
        for kind, label in _LABELS.items()
    )  # fmt: skip


def _counted(counts: Counted, kind: str, speech: Speech) -> str:
    return speech.number(counts.by_filter[kind]) + ("+" if counts.is_more else "")


def link(asked: Asked, path: str = PATH, before: int | None = None) -> str:
    """The address of what is asked for.

    >>> link(Asked("in", "new york"), before=7)
    '/settings/activity?kind=in&q=new+york&before=7'
    """
    named = {"kind": asked.kind, "q": asked.words, "before": before}
    kept = {name: value for name, value in named.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_NUMBER))
    return min(int(text), LARGEST_NUMBER) if is_number else None
