"""kill -9 in the middle of an ending for many: the next process goes on, and nothing is passed over or ends twice."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter

import pytest

from databases import wait_for_the_dead
from faults import deeds
from faults.conftest import ROUNDS, assert_whole, go, last_words
from faults.deeds import Ending, read
from people import PASSWORD, recognised
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.audit import audit
from signedin.actions.end_many import begin_from_shell, find_from_shell
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.preview_many import preview_from_shell
from signedin.rules.bulk import Wanted
from signedin.rules.bulk_job import State
from signedin.rules.operator import Role
from signedin.rules.session import AppType
from signedin.server.means import close_means

PEOPLE, EACH = 24, 3
pytestmark = pytest.mark.timeout(120 + 15 * ROUNDS)


@pytest.fixture
def many(folder):
    """People with web sessions, all of which an ending for many means; and its id."""
    means = deeds.opened(folder)
    try:
        owner = Applicant("rosa@signedin.example", "Rosa", PASSWORD)
        asyncio.run(add_by_operator(means, owner, deeds.utc_now()))
        asyncio.run(appoint_from_shell(means, owner.email, Role.OWNER, deeds.utc_now()))
        begun = [
            session
            for number in range(PEOPLE)
            for session in deeds.sign_in_many(means, f"{number}@example.org", EACH)
        ]
        wanted = Wanted(frozenset({AppType.WEB}))
        shown = asyncio.run(preview_from_shell(means, wanted, deeds.utc_now()))
        ending = asyncio.run(begin_from_shell(means, shown.sealed, "a drill", deeds.utc_now()))
        assert ending.found.sessions == PEOPLE * EACH
        return begun, ending.id
    finally:
        close_means(means)


@pytest.mark.guide("R48")
@pytest.mark.security("7.4.1", "16.2.1")
def test_it_goes_on_after_every_kill_and_ends_each_account_once(folder, start, many):
    begun, ending_id = many
    chance, kills = random.Random(11), 0
    for number in range(1, 1000):
        ending = Ending("for_many", 0, ending_id, str(number * 60))
        process, pipe = start(deeds.die_at, str(folder), ending, chance.randrange(1, 70))
        said = last_words([pipe])
        process.join()
        wait_for_the_dead(folder)
        ended = assert_each_account_is_whole(folder, begun, ending_id)
        if said:
            break
        kills += 1
    assert kills > 3, "too little was killed for this to show anything"
    assert ended == PEOPLE
    assert_finished(folder, begun, ending_id)


@pytest.mark.guide("R48")
def test_processes_that_all_want_to_go_on_with_it_end_each_account_once(folder, start, many):
    begun, ending_id = many
    started = [
        start(deeds.end_one_by_one, str(folder), [Ending("for_many", 0, ending_id, str(number))] * 3)
        for number in range(3)
    ]
    go([pipe for _, pipe in started])
    last_words([pipe for _, pipe in started])
    for process, _ in started:
        process.join()
    assert_each_account_is_whole(folder, begun, ending_id)
    assert_finished(folder, begun, ending_id)


def assert_each_account_is_whole(folder, begun, ending_id):
    """Each account has all of its rows and no entry, or none of them, one entry and one letter; returns how many have none."""
    living = Counter(account for (account,) in read(folder, "SELECT account_id FROM sessions"))
    events = Counter(
        account for (account,) in read(folder, "SELECT account_id FROM journal WHERE kind = 'sessions_ended'")
    )
    letters = Counter(account for (account,) in read(folder, "SELECT account_id FROM outbox WHERE kind = 'ended_by_operator'"))  # fmt: skip
    stones = Counter(account for (account,) in read(folder, "SELECT account_id FROM tombstones"))
    people = {session.account_id for session in begun}
    gone = {account for account in people if not living[account]}
    for account in people:
        expected = (0, 1, 1, EACH) if account in gone else (EACH, 0, 0, 0)
        assert (living[account], events[account], letters[account], stones[account]) == expected
    [(after, ended)] = read(folder, f"SELECT after, ended FROM bulk_endings WHERE ending_id = '{ending_id}'")
    counts = json.loads(ended)
    assert (counts["people"], counts["sessions"]) == (len(gone), len(gone) * EACH)
    assert gone == {account for account in people if account <= after}
    return len(gone)


def assert_finished(folder, begun, ending_id):
    """It says so, the histories are whole, and every secret is refused with the reason."""
    means = deeds.opened(folder)
    try:
        ending = asyncio.run(find_from_shell(means, ending_id))
        assert (ending.state, ending.ended) == (State.FINISHED, ending.found)
        assert asyncio.run(audit(means)).broken == ()
        found = recognised(means, *(session.token for session in begun), now=deeds.utc_now())
        assert {each.reason for each in found} == {"ended_by_operator"}
    finally:
        close_means(means)
    [(finished,)] = read(folder, "SELECT count(*) FROM journal WHERE kind = 'bulk_ending_finished'")
    assert finished == 1
    assert_whole(folder)
