"""Usual hours are learned from use, say nothing too early, and what is unlike them is said once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.rules.used_hours import DAYS, MOST, UsedHours
from signedin.rules.usual_hours import LEARNED_FROM, Days, UsualHours, unlike_usual, usual_hours

MONDAY = date(2026, 11, 2)
CELLS = st.sets(st.tuples(st.integers(0, 29), st.integers(0, 23)), max_size=120).map(
    lambda cells: {(MONDAY + timedelta(days=day), hour) for day, hour in cells}
)


def work(days, hours=range(8, 18), first=MONDAY):
    return {(first + timedelta(days=day), hour) for day in days for hour in hours}


WEEKS = [day for day in range(21) if day % 7 < 5]


def test_a_worker_is_there_on_weekdays_and_now_and_then_on_weekends():
    assert usual_hours(work(WEEKS)) == UsualHours(Days.WEEKDAYS, 8, 18)
    assert usual_hours(work(WEEKS) | work([5], [10])) == UsualHours(Days.WEEKDAYS, 8, 18, has_others=True)
    assert usual_hours(work(range(21))) == UsualHours(Days.EVERY, 8, 18)
    assert usual_hours(work([5, 6, 12, 13, 19, 20, 26, 27])) == UsualHours(Days.WEEKENDS, 8, 18)


def test_hours_may_go_on_after_midnight():
    usual = usual_hours(work(range(14), [22, 23, 0, 1, 2]))
    assert usual == UsualHours(Days.EVERY, 22, 4)
    assert [hour for hour in range(24) if usual.has(hour)] == [0, 1, 2, 3, 22, 23]


def test_whoever_is_there_all_the_time_has_no_unusual_hour():
    usual = usual_hours(work(range(14), range(24)))
    assert usual.are_all
    assert all(usual.has(hour) for hour in range(24))


@pytest.mark.guide("R76")
def test_a_night_that_is_unlike_all_before_is_found_once():
    night = {(MONDAY + timedelta(days=15), 4)}
    assert unlike_usual(work(WEEKS) | night) == [(MONDAY + timedelta(days=15), 2)]
    again = {(MONDAY + timedelta(days=17), 5)}
    assert unlike_usual(work(WEEKS) | night | again) == [(MONDAY + timedelta(days=15), 2)]
    assert unlike_usual(work(WEEKS) | work([15], [7, 18])) == [], "an hour earlier or later is nothing"


@given(CELLS)
def test_nothing_is_said_with_less_than_a_week_of_use(used):
    first = sorted({day for day, _ in used})[: LEARNED_FROM - 1]
    few = {(day, hour) for day, hour in used if day in first}
    assert usual_hours(few) is None
    assert unlike_usual(few) == []


@given(CELLS, st.randoms())
def test_the_order_in_which_use_is_told_changes_nothing(used, chance):
    told = sorted(used)
    chance.shuffle(told)
    assert usual_hours(told) == usual_hours(used)
    assert unlike_usual(told) == unlike_usual(used)


@given(CELLS)
def test_what_is_unlike_was_used_is_outside_what_was_known_before_and_later_use_does_not_change_it(used):
    odd = unlike_usual(used)
    assert odd == sorted(set(odd))
    for day, row in odd:
        before = {(at, hour) for at, hour in used if at < day}
        usual = usual_hours(before)
        assert usual is not None
        assert not usual.has(row * 2)
        assert (day, row) in {(at, hour // 2) for at, hour in used}
        assert unlike_usual({(at, hour) for at, hour in used if at <= day}) == [o for o in odd if o[0] <= day]


@given(CELLS)
def test_the_usual_hours_hold_nine_tenths_of_all_use_of_their_days(used):
    usual = usual_hours(used)
    if usual is None:
        return
    among = {
        Days.EVERY: range(7), Days.WEEKDAYS: range(5), Days.WEEKENDS: range(5, 7),
    }[usual.days]  # fmt: skip
    rows = {(day, hour // 2) for day, hour in used if day.weekday() in among}
    assert sum(usual.has(row * 2) for _, row in rows) >= 0.9 * len(rows)


AT = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)


@given(st.lists(st.integers(0, 24 * 60), max_size=60), st.randoms())
def test_hours_are_kept_as_they_were_noted_as_far_back_as_they_are_kept(ago, chance):
    hours, all_noted = UsedHours(), {(AT - timedelta(hours=back)).replace(minute=0) for back in ago}
    for back in sorted(ago, key=lambda back: chance.randrange(24 * 6) - back):  # some are told late
        hours = hours.noted(AT - timedelta(hours=back))
    assert UsedHours.kept(hours.packed, hours.last_day) == hours
    found = dict(hours.hours())
    first_day = max(all_noted, default=AT).date() - timedelta(days=DAYS - 1)
    assert found.keys() == {at for at in all_noted if at.date() >= first_day}
    assert all(1 <= count <= MOST for count in found.values())


def test_use_is_kept_again_after_a_clock_that_ran_far_ahead():
    ahead = UsedHours().noted(AT).noted(AT + timedelta(days=400))
    again = ahead.noted(AT + timedelta(hours=1))
    assert list(again.hours()) == [(AT.replace(minute=0) + timedelta(hours=1), 1)]
    assert again.last_day == AT.date()


def test_a_count_goes_no_further_and_what_cannot_be_read_is_nothing():
    hours = UsedHours()
    for _ in range(MOST + 3):
        hours = hours.noted(AT)
    assert dict(hours.hours()) == {AT.replace(minute=0): MOST}
    assert list(UsedHours.kept(b"short", AT.date()).hours()) == []
    assert list(hours.until(AT.date() + timedelta(days=DAYS)).hours()) == []
