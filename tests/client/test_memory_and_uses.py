"""What an app's process remembers and reports: bounded, safe for many threads, and in time."""

from __future__ import annotations

import json
import threading

import pytest

from signedin.client.memory import Memory
from signedin.client.uses import Uses
from signedin.rules.ending import Ending, Scope
from signedin.rules.feed import said_use
from signedin.rules.known import Known


class Steady:
    def __init__(self):
        self.at = 100.0

    def __call__(self):
        return self.at


@pytest.fixture
def clock():
    return Steady()


def digest_of(number):
    return number.to_bytes(4, "big") * 8


def known(number, until=10**15):
    return Known(number, 0, 10**15, until, 0, 1, f"session{number}", "web")


@pytest.fixture
def memory(clock):
    made = Memory(clock)
    made.start_anew(0)
    made.renewed(clock(), (), 0)
    return made


@pytest.mark.guide("R48")
def test_many_threads_remember_and_hear_of_endings_at_once_and_nothing_that_has_ended_stays(memory):
    rounds, wrong = 300, []

    def remember():
        for number in range(rounds):
            memory.learned_as_of(digest_of(number), known(number), memory.applied, memory.asking())
            memory.recall(digest_of(number))

    def hear():
        for number in range(rounds):
            memory.caught_up([Ending(Scope.SESSION, 0, (digest_of(number)[:16],), seq=number + 1)])
            if memory.recall(digest_of(number)) is not None and memory.learned_as_of(
                digest_of(number), known(number), number, memory.asking()
            ):
                wrong.append(number)

    threads = [threading.Thread(target=deed) for deed in (remember, remember, hear)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert not wrong
    assert memory.applied == rounds


@pytest.mark.guide("R68")
def test_an_answer_is_good_until_the_session_may_have_expired(memory, clock):
    memory.learned_as_of(digest_of(1), known(1, until=101_000_000), 0, memory.asking())
    assert memory.recall(digest_of(1)).session == "session1"
    clock.at = 101.0
    assert memory.recall(digest_of(1)) is None


@pytest.mark.guide("D12")
def test_only_where_a_grace_was_chosen_known_sessions_outlive_the_lease_and_no_longer_than_that(
    memory, clock
):
    memory.learned_as_of(digest_of(1), known(1), 0, memory.asking())
    clock.at += 10
    assert memory.recall(digest_of(1)) is None
    assert memory.recall_without_lease(digest_of(1), 60).account == "1"
    assert memory.recall_without_lease(digest_of(2), 60) is None
    clock.at += 60
    assert memory.recall_without_lease(digest_of(1), 60) is None


@pytest.mark.guide("R15")
def test_uses_are_told_once_each_with_how_long_ago_the_latest_was(clock):
    uses = Uses(clock)
    for at in (0, 5, 10):
        clock.at = 100.0 + at
        assert uses.note("one", 1, "203.0.113.9")
    assert not uses.is_due()
    clock.at = 120.0
    assert uses.is_due()
    [use] = uses.take()
    assert (use.session_id, use.seconds_ago, use.address) == ("one", 10, "203.0.113.9")
    clock.at = 125.0
    assert uses.take() == [use._replace(seconds_ago=15)], "until it was taken it is told again"
    uses.reported()
    assert not uses.take()


@pytest.mark.guide("R15", "D16")
def test_an_agent_that_cannot_be_read_leaves_the_one_that_waits_and_none_is_kept_that_is_long(clock):
    uses = Uses(clock)
    uses.note("one", 1, "203.0.113.9", "curl/8.5.0")
    for hostile in ("", "x" * 501, "curl\x1b[2J", "curl\xff", 'curl "', "curl\r\nx: y"):
        uses.note("one", 1, "203.0.113.10", hostile)
        uses.note("two", 2, "", hostile)
    told = {use.session_id: (use.address, use.agent) for use in uses.take()}
    assert told == {"one": ("203.0.113.10", "curl/8.5.0"), "two": ("", "")}


def test_a_report_of_the_longest_agents_is_of_a_size_that_the_service_takes(clock):
    uses = Uses(clock)
    for number in range(1000):
        agent = f"{number:04}".ljust(500, "x")
        uses.note("s" * 22 + f"{number:04}", 2**62 - number, "2001:db8:1111:2222:3333:4444:5555:6666", agent)
    told = [said_use(use) for use in uses.take()]
    assert {len(use["agent"]) for use in told} == {500}
    assert len(json.dumps(told)) < 900_000, "of the million bytes that a call may have"


@pytest.mark.guide("R15", "D28")
def test_what_could_not_be_told_for_a_minute_is_not_let_in_from_memory_and_what_is_too_old_is_not_told(clock):
    uses = Uses(clock)
    assert uses.note("one", 1, "")
    clock.at += 61
    assert not uses.note("two", 2, "")
    clock.at += 3600
    assert uses.take() == []
    uses.reported()
    assert uses.note("two", 2, "")


def test_a_report_is_bounded_and_the_rest_comes_next(clock):
    uses = Uses(clock)
    for number in range(1500):
        uses.note(f"s{number}", number, "")
    assert uses.is_due()
    assert len(uses.take()) == 1000
    uses.reported()
    assert len(uses.take()) == 500
