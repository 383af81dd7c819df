"""The strip of 30 days: one bar a day, oldest left, today right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signedin.rules.activity import DAYS, DayLevels, day_of
from signedin.rules.speech import Speech
from signedin.rules.suspicion import UNUSED_AFTER

HEIGHTS = (0, 7, 13, 20, 28)
PITCH, FIRST, FOOT, WIDTH = 5, 1.5, 30, 149


@dataclass(frozen=True, slots=True)
class Strip:
    """The paths of one strip, and the same said in words."""

    base: str
    bars: str
    last: str
    is_warn: bool
    label: str


def strip(days: DayLevels, began_at: datetime, last_at: datetime, speech: Speech) -> Strip:
    """Draw a session's 30 days, which are days of UTC like the levels that are kept."""
    today = day_of(speech.now)
    levels = days.levels(today)
    used = [at for at, level in enumerate(levels) if level]
    last = used[-1] if used else None
    bars = "".join(_bar(at, levels[at]) for at in used if at != last)
    since = (today - day_of(began_at)).days
    start = 0 if since >= DAYS - 1 else WIDTH - PITCH * (since + 1) + 1
    return Strip(
        base=f"M{start} 31.5h{WIDTH - start}",
        bars=bars,
        last=_bar(last, levels[last]) if last is not None else "",
        is_warn=speech.now - last_at >= UNUSED_AFTER,
        label=_label(len(used), DAYS - 1 - last if last is not None else None, speech),
    )


def _bar(at: int, level: int) -> str:
    return f"M{FIRST + PITCH * at:g} {FOOT}v-{HEIGHTS[level]}"


def _label(used: int, ago: int | None, speech: Speech) -> str:
    if ago is None:
        return speech.say("Not used in the last 30 days")
    when = {0: speech.say("today"), 1: speech.say("yesterday")}.get(ago)
    when = when or speech.count("{n} day ago", "{n} days ago", ago)
    return speech.count(
        "Used on {n} day of the last 30 days, last {when}", "Used on {n} of the last 30 days, last {when}",
        used, when=when,
    )  # fmt: skip
