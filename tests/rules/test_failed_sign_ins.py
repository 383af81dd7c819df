"""What was tried in a row is one entry, told soon, and what is held has an end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from signedin.rules import failed_sign_ins
from signedin.rules.account import AccountId
from signedin.rules.failed_sign_ins import LONGEST, QUIET, Failed, FailedSignIns, Tried
from signedin.rules.session import AppType

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADA, BEA = AccountId(1), AccountId(2)


def failed(at=NOW, device="Chrome on macOS", whose=ADA):
    return Failed(Tried(whose, AppType.WEB, device, "Berlin, DE", "198.51.100.•••"), 1, at, at)


@pytest.mark.guide("R76")
def test_attempts_of_one_device_are_one_entry_with_the_moment_of_the_last_and_others_have_their_own():
    held = FailedSignIns()
    for seconds in (0, 5, 12):
        held.add(failed(NOW + timedelta(seconds=seconds)))
    held.add(failed(NOW + timedelta(seconds=7), "Firefox on Windows"))
    [taken] = held.take()
    one, other = [each.event() for each in taken.rows]
    assert (one.facts["attempts"], one.personal["device"]) == (1, "Firefox on Windows")
    assert (other.facts["attempts"], other.at) == (3, NOW + timedelta(seconds=12))
    held.written(taken)
    assert held.take() == []


@pytest.mark.parametrize(
    ("attempts", "later", "is_over"),
    [
        ([0], QUIET - timedelta(seconds=1), False),
        ([0], QUIET, True),
        ([20 * n for n in range(30)], timedelta(seconds=1), False),
        ([20 * n for n in range(31)], timedelta(seconds=1), True),
        ([0], -timedelta(days=1), True),
    ],
    ids=["just now", "quiet", "goes on", "goes on for ten minutes", "the clock was set back"],
)
def test_a_row_of_attempts_is_over_when_it_is_quiet_or_has_lasted_for_long(attempts, later, is_over):
    held = FailedSignIns()
    for seconds in attempts:
        held.add(failed(NOW + timedelta(seconds=seconds)))
    last = NOW + timedelta(seconds=attempts[-1])
    assert bool(held.take(last + later)) is is_over
    assert timedelta(minutes=10) == LONGEST


def test_what_goes_on_is_not_cut_in_two_by_what_is_over():
    held = FailedSignIns()
    held.add(failed())
    held.add(failed(NOW + timedelta(seconds=28), "Firefox on Windows"))
    [taken] = held.take(NOW + QUIET)
    held.add(failed(NOW + timedelta(seconds=31), "Firefox on Windows"))
    assert [each.tried.device for each in taken.rows] == ["Chrome on macOS"]
    held.written(taken)
    [taken] = held.take()
    assert [each.times for each in taken.rows] == [2]


def test_what_was_not_written_for_certain_is_taken_again_as_it_was_beside_what_came_later():
    held = FailedSignIns()
    held.add(failed())
    held.add(failed(whose=BEA))
    [first] = held.take(account_id=ADA)
    held.add(failed(NOW + timedelta(seconds=1)))
    again = held.take(account_id=ADA)
    assert [each.account_id for each in again] == [ADA, ADA]
    assert again[0] == first
    assert again[1].mark != first.mark


def test_no_more_is_held_than_there_is_room_for_and_what_is_held_goes_on_counting(monkeypatch):
    monkeypatch.setattr(failed_sign_ins, "MOST_HELD", 2)
    held = FailedSignIns()
    for device in ("first", "second", "third", "first"):
        held.add(failed(device=device))
    [taken] = held.take()
    assert sorted((each.tried.device, each.times) for each in taken.rows) == [("first", 2), ("second", 1)]
    held.add(failed(device="third"))
    assert held.take() == [taken], "what is being written is held, too"
    held.written(taken)
    held.written(taken)
    held.add(failed(device="third"))
    [taken] = held.take()
    assert [each.tried.device for each in taken.rows] == ["third"]
