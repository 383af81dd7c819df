"""What one process remembers of sessions: small, bounded, never filled by guesses, and never longer than it may."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from signedin.rules.ending import Ending, Scope
from signedin.rules.known import MOST_READY, Known, KnownSessions
from signedin.rules.presence import Presence

SECOND = 1_000_000
DAY = 86_400 * SECOND
NOW = 20_000 * DAY
MANY = 20_000


class Steady:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Steady()


@pytest.fixture
def known(clock):
    made = KnownSessions(clock)
    made.start_anew(0)
    made.renewed(clock(), (), 0)
    return made


def digest_of(number):
    return number.to_bytes(4, "big") * 8


def session(number=1, idle=30 * DAY, last_at=NOW):
    return Known(number, NOW - DAY, idle, NOW + 300 * DAY, last_at, 5, f"session-{number:013d}", "web")


def learn(known, number=1, **about):
    known.learned(digest_of(number), session(number, **about), known.asking())


@pytest.mark.guide("R48")
def test_who_was_met_is_answered_from_memory_as_the_database_said(known):
    learn(known, 7)
    found = known.find(digest_of(7), NOW + SECOND)
    assert isinstance(found, Presence)
    assert (found.account_id, found.current_id, found.app_type) == (7, "session-0000000000007", "web")
    assert not found.expires_soon
    assert known.find(digest_of(8), NOW) is None, "who was not met is asked about"


@pytest.mark.guide("R48", "R58")
@pytest.mark.parametrize(
    "ending",
    [
        Ending(Scope.SESSION, 1, (digest_of(1),)),
        Ending(Scope.ACCOUNT, 1, cut_off=6),
        Ending("a scope of a later version", 1),
    ],
    ids=["of the session", "of the account", "of a kind that is not known here"],
)
def test_what_has_ended_is_not_answered_any_more_although_it_was_kept_ready(known, ending):
    learn(known)
    assert known.find(digest_of(1), NOW) is not None
    known.apply(ending)
    assert known.find(digest_of(1), NOW) is None


@pytest.mark.guide("R68")
def test_at_the_end_of_its_period_the_database_is_asked_and_a_use_seen_here_moves_that_end(known):
    learn(known)
    assert known.find(digest_of(1), NOW + 30 * DAY) is None
    known.used(digest_of(1), NOW + 10 * SECOND)
    assert known.find(digest_of(1), NOW + 30 * DAY) is None, "uses are noted by the minute"
    known.used(digest_of(1), NOW + DAY)
    assert known.find(digest_of(1), NOW + 30 * DAY) is not None


@pytest.mark.guide("D28")
@pytest.mark.parametrize(("idle", "after"), [(5 * 60 * SECOND, SECOND), (30 * DAY, 30 * DAY - 60 * SECOND)])
def test_a_use_that_must_be_written_before_the_answer_is_told_as_one(known, idle, after):
    learn(known, idle=idle)
    assert known.find(digest_of(1), NOW + after).expires_soon


def test_nothing_is_answered_when_the_lease_has_run_out(known, clock):
    learn(known)
    clock.at += 3.0
    assert known.find(digest_of(1), NOW) is None


def test_tokens_that_nobody_has_fill_no_memory(known):
    for number in range(1000):
        assert known.find(digest_of(number), NOW) is None
    assert len(known) == 0


def test_it_is_bounded_and_who_was_used_lately_stays_longest(clock):
    known = KnownSessions(clock, most=100)
    known.start_anew(0)
    known.renewed(clock(), (), 0)
    for number in range(1000):
        learn(known, number)
        assert known.find(digest_of(0), NOW) is not None
    assert len(known) == 100


def test_a_remembered_session_takes_less_than_300_bytes_and_nothing_for_the_collector_to_walk(known):
    gc.collect()
    walked = len(gc.get_objects())
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(MANY):
            learn(known, number)
        each = (tracemalloc.get_traced_memory()[0] - before) / MANY
        for number in range(2 * MANY):
            known.find(digest_of(number), NOW)
        ready = (tracemalloc.get_traced_memory()[0] - before) / MANY - each
    finally:
        tracemalloc.stop()
    assert each < 300
    assert ready < 750, "those asked about lately are kept ready"
    assert len(gc.get_objects()) - walked < 3 * MOST_READY + 1000


@pytest.mark.security("8.2.1")
def test_what_was_judged_by_rules_that_have_changed_is_asked_anew(known, clock):
    learn(known, 7)
    learn(known, 8)
    known.renewed(clock(), (Ending(Scope.RULES, 7, (digest_of(7),), seq=1),), 1)
    assert known.find(digest_of(7), NOW + SECOND) is None
    assert known.find(digest_of(8), NOW + SECOND) is not None
    known.renewed(clock(), (Ending(Scope.RULES, 0, seq=2),), 2)
    assert known.find(digest_of(8), NOW + SECOND) is None
    asked = known.asking()
    known.renewed(clock(), (Ending(Scope.RULES, 0, seq=3),), 3)
    known.learned(digest_of(8), session(8), asked)  # the answer may be from before the change
    assert known.find(digest_of(8), NOW + SECOND) is None
