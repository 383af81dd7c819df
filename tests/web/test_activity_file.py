"""Settings > Activity as a file: all that the page says, masked like it, and nothing that a spreadsheet would run."""

from __future__ import annotations

import asyncio
import csv
import io
from datetime import timedelta

import pytest

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS
from signedin.rules.event import Event, EventKind
from signedin.store import journal
from signedin.web import activity_file, event_view
from web.operators import ROSA, at_the_console, number_of, operator_in

PATH = "/settings/activity.csv"


def lines_of(answer):
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="activity.csv"'
    assert answer.headers["cache-control"] == "no-store"
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.guide("R11", "D10")
def test_what_an_operator_did_stands_in_the_file_with_who_and_why_and_no_full_address(house):
    operator_in(house, ROSA, "owner")
    laptop, stolen = house.signed_in(), house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    there = f"/admin/accounts/{number_of(house, ADA)}"
    ended = {f"row-{stolen.current()['id']}": "1", "reason": 'Stolen, "they" say, ticket 4417'}
    at_the_console(house, ROSA).send(f"{there}/end", ended, page=there)
    answer = laptop.open(PATH)
    first = lines_of(answer)[0]
    assert (first["event"], first["about"], first["by"], first["who"]) == (
        "session_revoked", "Firefox on Windows", "operator", "Rosa Castellanos",
    )  # fmt: skip
    assert first["reason"] == 'Stolen, "they" say, ticket 4417'
    assert first["at"].endswith("Z")
    assert BERLIN not in answer.text
    assert BERLIN.rpartition(".")[0] + ".•••" in answer.text
    assert {line["event"] for line in lines_of(laptop.open(f"{PATH}?kind=in"))} == {"session_started"}


def test_no_name_or_reason_becomes_a_formula(house):
    laptop, ada = house.signed_in(), number_of(house, ADA)
    for text in ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1"):
        issued = Event(EventKind.ACCESS_KEY_ISSUED, house.clock(), None, None, {}, {"name": text})
        house.means.database.write_now(journal.record, ada, issued)
    named = [line["about"] for line in lines_of(laptop.open(f"{PATH}?kind=key"))]
    assert len(named) == 6
    assert all(name.startswith("'") for name in named)


def test_looking_through_and_writing_it_hold_up_nobody_else(house, monkeypatch):
    laptop, on_the_loop = house.signed_in(), []
    for module, name in ((event_view, "displayed"), (activity_file, "_line")):
        monkeypatch.setattr(activity_file, name, told(getattr(module, name), on_the_loop))
    assert len(lines_of(laptop.open(f"{PATH}?q=chrome"))) == 1
    assert len(on_the_loop) >= 2
    assert not any(on_the_loop)


def told(pure, on_the_loop):
    """The same, noting whether it is called where everybody's requests are answered."""

    def called(*given, **named):
        on_the_loop.append(asyncio._get_running_loop() is not None)
        return pure(*given, **named)

    return called


def test_a_long_history_is_in_it_up_to_a_greatest_number_the_newest_first(house, monkeypatch):
    monkeypatch.setattr(activity_file, "AT_ONCE", 3)
    monkeypatch.setattr(activity_file, "MOST_LINES", 6)
    laptop, ada = house.signed_in(), number_of(house, ADA)
    for at in range(7):
        when = house.clock() + timedelta(minutes=at)
        issued = Event(EventKind.ACCESS_KEY_ISSUED, when, None, None, {}, {"name": f"key {at}"})
        house.means.database.write_now(journal.record, ada, issued)
    named = [line["about"] for line in lines_of(laptop.open(PATH))]
    assert named == [f"key {at}" for at in range(6, 0, -1)]


def test_whoever_is_not_signed_in_is_sent_to_sign_in(house):
    answer = house.browser().open(PATH)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
