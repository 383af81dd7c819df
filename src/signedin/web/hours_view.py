"""The picture of the hours in which an account was used: a column a day, a row two hours, and the same in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from signedin.actions.means import Means
from signedin.actions.see_hours import SeenThen, see_hours, seen_lately
from signedin.rules.account import AccountId
from signedin.rules.activity import DAYS
from signedin.rules.speech import Speech
from signedin.rules.used_hours import UsedHours
from signedin.rules.usual_hours import ROW, Days, UsualHours, unlike_usual, usual_hours
from signedin.rules.wording import in_context
from signedin.rules.wording import marked as _
from signedin.web.page_links import HOME

MOST_UNLIKE = 3
_PITCH, _FIRST, _SIZES, _HALF = 24, 12, 3, 11
_LABELLED = (0, 7, 14, 21, 28)
_USUAL = {
    Days.EVERY: (_("Every day, {begins} to {ends}."), ""),
    Days.WEEKDAYS: (_("Weekdays, {begins} to {ends}."), _("Now and then on weekends.")),
    Days.WEEKENDS: (_("Weekends, {begins} to {ends}."), _("Now and then on weekdays.")),
}
_TODAY = (in_context("a use", "Today at {time}"), in_context("a use", "Today between {begins} and {ends}"))
_YESTERDAY = (
    in_context("a use", "Yesterday at {time}"),
    in_context("a use", "Yesterday between {begins} and {ends}"),
)
_ON_A_DAY = (in_context("a use", "{day} at {time}"), in_context("a use", "{day} between {begins} and {ends}"))
_Cell = tuple[date, int]


@dataclass(frozen=True, slots=True)
class UnlikeView:
    """A use that is unlike the usual hours: when, and of what as far as that is known; `link` while it is signed in."""

    when: str
    what: str
    link: str


@dataclass(frozen=True, slots=True)
class HoursView:
    """The paths of the picture, its words and its days; without `label` there is nothing to draw."""

    label: str
    grid: str
    dots: tuple[str, ...]
    odd: str
    days: tuple[str, ...]
    usual: str
    unlike: tuple[UnlikeView, ...]


async def hours_view(means: Means, account_id: AccountId, speech: Speech) -> HoursView:
    """The last 30 days of the reader's calendar, by the reader's clock; half hours of a zone are rounded down."""
    kept = await see_hours(means, account_id)
    counts = _on_the_readers_clock(kept, speech)
    odd = unlike_usual(counts)
    seen = await seen_lately(means, account_id) if odd else []
    return _view(counts, odd, seen, speech)


def _on_the_readers_clock(kept: UsedHours, speech: Speech) -> dict[_Cell, int]:
    first, today = _days(speech)
    counts: dict[_Cell, int] = {}
    for hour, count in kept.hours():
        local = speech.local(hour)
        if first <= local.date() <= today:
            cell = local.date(), local.hour
            counts[cell] = counts.get(cell, 0) + count
    return counts


def _view(
    counts: Mapping[_Cell, int], odd: Sequence[_Cell], seen: Sequence[SeenThen], speech: Speech
) -> HoursView:
    first, _today = _days(speech)
    usual = usual_said(usual_hours(list(counts)), speech)
    unlike = tuple(_unlike(cell, seen, speech) for cell in sorted(odd, reverse=True)[:MOST_UNLIKE])
    label = " ".join([
        speech.say("Use by day and hour for the last 30 days."),
        speech.say("Usual hours: {usual}", usual=usual),
        *(speech.say("Unlike them: {when}.", when=_when(cell, None, speech)) for cell in sorted(odd, reverse=True)[:MOST_UNLIKE]),
    ])  # fmt: skip
    grid = "".join(f"M{_FIRST} {_y(row)}h{_PITCH * (DAYS - 1)}.02" for row in range(24 // ROW))
    diamonds = "".join(
        f"M{_x(day, first)} {_y(row) - _HALF}l{_HALF} {_HALF}-{_HALF} {_HALF}-{_HALF}-{_HALF}z"
        for day, row in odd
    )
    return HoursView(
        label if counts else "", grid, _dots(counts, odd, first), diamonds,
        tuple(speech.day(_noon(first + timedelta(days=at), speech)) for at in _LABELLED), usual, unlike,
    )  # fmt: skip


def _dots(counts: Mapping[_Cell, int], odd: Collection[_Cell], first: date) -> tuple[str, ...]:
    """The small, the middle and the big dots; what is unlike the others has a mark of its own."""
    rows: dict[_Cell, int] = {}
    for (day, hour), count in counts.items():
        rows[day, hour // ROW] = rows.get((day, hour // ROW), 0) + count
    busiest, paths = max(rows.values(), default=1), [""] * _SIZES
    for cell, count in sorted(rows.items()):
        if cell not in odd:
            paths[(count * _SIZES - 1) // busiest] += f"M{_x(cell[0], first)} {_y(cell[1])}h.02"
    return tuple(paths)


def usual_said(usual: UsualHours | None, speech: Speech) -> str:
    """The usual hours in words."""
    if usual is None:
        return speech.say("Not known yet. That takes a week of use.")
    if usual.are_all:
        return speech.say("At all hours.")
    text, others = _USUAL[usual.days]
    said = speech.say(text, begins=_clock(usual.begins, speech), ends=_clock(usual.ends, speech))
    return f"{said} {speech.say(others)}" if others and usual.has_others else said


def _unlike(cell: _Cell, seen: Sequence[SeenThen], speech: Speech) -> UnlikeView:
    for each in seen:
        local = speech.local(each.at)
        if (local.date(), local.hour // ROW) == cell:
            what = [
                speech.device(each.device) if each.device else "",
                speech.place(each.place) if each.place else "",
            ]
            link = f"{HOME}#s-{each.session_id}" if each.is_alive else ""
            return UnlikeView(_when(cell, each.at, speech), speech.joined(filter(None, what)), link)
    return UnlikeView(_when(cell, None, speech), "", "")


def _when(cell: _Cell, at: datetime | None, speech: Speech) -> str:
    noon = _noon(cell[0], speech)
    texts = {0: _TODAY, 1: _YESTERDAY}.get(speech.days_since(noon), _ON_A_DAY)
    day = {"day": speech.long_day(noon)} if texts is _ON_A_DAY else {}
    if at is not None:
        return speech.say_in("a use", texts[0], time=speech.clock(at), **day)
    begins, ends = _clock(cell[1] * ROW, speech), _clock(cell[1] * ROW + ROW, speech)
    return speech.say_in("a use", texts[1], begins=begins, ends=ends, **day)


def _clock(hour: int, speech: Speech) -> str:
    return speech.say_in("time of day", "{hour}:{minute}", hour=f"{hour:02}", minute="00")


def _days(speech: Speech) -> tuple[date, date]:
    today = speech.local(speech.now).date()
    return today - timedelta(days=DAYS - 1), today


def _noon(day: date, speech: Speech) -> datetime:
    return datetime.combine(day, time(12), speech.zone)


def _x(day: date, first: date) -> int:
    return _FIRST + _PITCH * (day - first).days


def _y(row: int) -> int:
    return _FIRST + _PITCH * row
