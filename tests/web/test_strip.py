"""The strip of 30 days: 149 wide, a bar of 3 every 5, today on the right."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from signedin.rules.activity import DAYS, DayLevels
from signedin.rules.speech import Speech
from signedin.web.strip import strip

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
TODAY = NOW.date()
SPEECH = Speech(NOW)


def used(**counts_by_days_ago):
    """used(d3=10, d0=1): ten uses three days ago, one today."""
    back = sorted((int(name[1:]), count) for name, count in counts_by_days_ago.items())[::-1]
    days = DayLevels(last_day=TODAY - timedelta(days=back[0][0]))
    for ago, count in back:
        days = days.noted(TODAY - timedelta(days=ago), count)
    return days


def drawn(days, *, age, idle=timedelta(0)):
    return strip(days, NOW - age, NOW - idle, SPEECH)


def bars(path):
    return [(float(x), int(height)) for x, height in re.findall(r"M([\d.]+) 30v-(\d+)", path)]


@pytest.mark.guide("D15")
def test_thirty_bars_of_one_day_fill_the_strip_and_today_is_the_last():
    picture = drawn(used(**{f"d{ago}": 1 for ago in range(DAYS)}), age=timedelta(days=100))
    xs = [x for x, _ in bars(picture.bars)]
    assert xs == [1.5 + 5 * day for day in range(29)]
    assert bars(picture.last) == [(146.5, 28)]
    assert picture.base == "M0 31.5h149"


def test_heights_are_quarters_of_the_session_s_own_busiest_day():
    picture = drawn(used(d4=100, d3=75, d2=50, d1=25, d0=1), age=timedelta(days=10))
    heights = [height for _, height in [*bars(picture.bars), *bars(picture.last)]]
    assert heights == [28, 20, 13, 7, 7]


def test_the_line_begins_on_the_day_of_sign_in():
    assert drawn(used(d0=1), age=timedelta(hours=1)).base == "M145 31.5h4"
    assert drawn(used(d0=1), age=timedelta(days=20)).base == "M45 31.5h104"
    assert drawn(used(d0=1), age=timedelta(days=29)).base == "M0 31.5h149"


def test_a_session_of_last_night_has_a_line_under_both_days():
    assert drawn(used(d1=1, d0=1), age=timedelta(hours=15)).base == "M140 31.5h9"


@pytest.mark.guide("R77")
def test_the_last_bar_warns_from_21_days_of_disuse():
    assert not drawn(used(d20=1), age=timedelta(days=40), idle=timedelta(days=20, hours=23)).is_warn
    assert drawn(used(d21=1), age=timedelta(days=40), idle=timedelta(days=21)).is_warn


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (used(d0=1), "Used on 1 day of the last 30 days, last today"),
        (used(d2=4, d1=1), "Used on 2 of the last 30 days, last yesterday"),
        (used(d28=4), "Used on 1 day of the last 30 days, last 28 days ago"),
        (DayLevels(last_day=TODAY), "Not used in the last 30 days"),
    ],
)
def test_the_strip_says_in_words_what_it_shows(days, said):
    assert drawn(days, age=timedelta(days=40)).label == said
