"""The overview: numbers by the day, `None` where nothing was counted, and a table that no spreadsheet runs."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest

from signedin.rules.location import Location
from signedin.rules.overview import (
    OF_EVERYBODY,
    TOTAL,
    DayCounted,
    Measure,
    Overview,
    PlaceCounted,
    days_until,
    series_of,
)
from signedin.rules.overview_told import cell, overview_item, overview_table

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAYS = days_until(TODAY)


def counted(ago, **numbers):
    day = TODAY - timedelta(days=ago)
    said = {Measure(measure): parts for measure, parts in numbers.items()}
    return DayCounted(day, NOON - timedelta(days=ago), said)


def series(*days, refused=None, of_everybody=True):
    found = series_of(DAYS, days, refused or {}, of_everybody=of_everybody)
    return {(each.measure, each.part): each for each in found}


def test_thirty_days_are_told_and_the_last_is_today():
    assert (len(DAYS), DAYS[0], DAYS[-1]) == (30, date(2026, 10, 25), TODAY)


def test_a_day_without_a_count_is_none_and_a_part_that_was_not_there_is_nothing():
    found = series(
        counted(2, sessions={TOTAL: 4, "web": 4}), counted(0, sessions={TOTAL: 5, "web": 3, "sync": 2})
    )
    assert found[Measure.SESSIONS, "sync"].by_day[-3:] == (0, None, 2)
    assert found[Measure.SESSIONS, TOTAL].by_day[:-3] == (None,) * 27
    assert (found[Measure.SESSIONS, TOTAL].latest, found[Measure.SESSIONS, TOTAL].most) == (5, 5)


def test_failures_are_told_from_the_day_on_which_anything_was_counted():
    days = counted(4, sign_ins={TOTAL: 1}), counted(1, sessions={TOTAL: 1}), counted(0, sessions={TOTAL: 1})
    refused = {
        TODAY - timedelta(days=3): {"sign_in_refused": 9}, TODAY: {"sign_in_refused": 2, "too_many_requests": 1}
    }  # fmt: skip
    found = series(*days, refused=refused)
    assert found[Measure.FAILURES, TOTAL].by_day[-4:] == (None, None, 0, 3)
    assert found[Measure.FAILURES, "too_many_requests"].in_all == 1


def test_what_cannot_be_told_apart_by_organisation_is_not_told_of_one():
    day = counted(0, sessions={TOTAL: 1}, outbox={TOTAL: 1}, nodes={TOTAL: 1})
    found = series(day, refused={TODAY: {"sign_in_refused": 2}}, of_everybody=False)
    assert {measure for measure, _ in found} == set(Measure) - OF_EVERYBODY


def test_a_day_is_final_once_it_was_counted_when_it_was_over():
    assert not counted(0).is_final
    assert DayCounted(TODAY - timedelta(days=1), NOON, {}).is_final


@pytest.mark.security("attack-25")
@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_text_in_the_table_is_a_formula(text):
    assert cell(text) == f"'{text}"
    place = PlaceCounted(Location(text, None, "DE", 1.0, 2.0), 3)
    told = Overview(DAYS, NOON, (), (place,))
    (_, line) = csv.reader(StringIO(overview_table(told), newline=""))
    assert line == ["2026-11-23", "places", f"'{text}, DE", "3"]


def test_programs_are_told_the_same_with_null_where_nothing_was_counted():
    told = Overview(DAYS, NOON, tuple(series(counted(0, sessions={TOTAL: 1})).values()))
    item = overview_item(told)
    assert item["counted_at"] == "2026-11-23T12:00:00Z"
    sessions = next(each for each in item["series"] if each["measure"] == "sessions")
    assert sessions["by_day"] == [*[None] * 29, 1]
    assert [line.split(",") for line in overview_table(told).splitlines()[1:]] == [
        ["2026-11-23", "sessions", "all", "1"], ["2026-11-23", "failures", "all", "0"]
    ]  # fmt: skip
