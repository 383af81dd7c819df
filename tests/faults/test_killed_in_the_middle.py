"""kill -9 in the middle of revokes and logouts: nothing acknowledged comes back, nothing is half done."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from databases import hand_on, wait_for_the_dead
from faults import deeds
from faults.conftest import (
    ROUNDS,
    assert_nothing_half_done,
    assert_whole,
    gathered,
    go,
    kill,
    killed_at_every_statement,
    last_words,
)
from faults.deeds import Ending, read
from people import ADA, PASSWORD, recognised
from signedin.actions.audit import audit
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sweep import sweep
from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Absence, Presence
from signedin.server.means import close_means
from signedin.store import accounts, journal, session_rows

WORKERS = 3
PER_ACCOUNT = 8
pytestmark = pytest.mark.timeout(60 + 10 * ROUNDS)


@pytest.mark.guide("R48", "R58")
@pytest.mark.security("7.4.1")
def test_p3_p4_nothing_acknowledged_comes_back_after_kill_9_in_the_middle(folder, start):
    chance = random.Random(7)
    everybody, acknowledged = [], {}
    for number in range(ROUNDS):
        begun, plans = plan(folder, number, chance)
        everybody = [*everybody[-200:], *begun]
        started = [start(deeds.end_one_by_one, str(folder), each) for each in plans]
        pipes = [pipe for _, pipe in started]
        go(pipes)
        enough = chance.randrange(sum(map(len, plans)))
        said = gathered(pipes, lambda said, enough=enough: len(said) >= enough)
        linger(chance.random() * 0.003)
        kill([process for process, _ in started])
        wait_for_the_dead(folder)
        for ending, answer in said + last_words(pipes):
            for session_id in covered(ending, begun):
                acknowledged.setdefault(session_id, set()).add(reason_of(ending, answer))
        restarted_and_compared(folder, everybody, acknowledged)
    assert len(acknowledged) > ROUNDS, "too little was acknowledged for this to show anything"


@pytest.mark.guide("R48")
@pytest.mark.parametrize(
    "kind", ["revoke", "log_out", "log_out_all", "log_out_others", "by_operator", "disable", "sweep"]
)
def test_p3_a_kill_at_any_statement_leaves_all_of_an_ending_or_nothing(folder, start, kind):
    begun = new_account(folder, "ada@example.org", 3)
    if kind == "sweep":
        cut_off_without_tidying(folder, begun[0].account_id)
    ending = Ending(kind, begun[0].account_id, begun[1].id, begun[0].id, "ada@example.org")
    for copy in killed_at_every_statement(folder, start, ending):
        restarted_and_compared(copy, begun, {})
        assert_the_cut_off_is_whole(copy, begun[0].account_id, kind)


@pytest.mark.guide("R44")
def test_p3_a_kill_at_any_statement_of_a_sign_in_leaves_a_whole_session_or_none(folder, start):
    means = deeds.opened(folder)
    asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), deeds.utc_now()))
    close_means(means)
    found = []
    for copy in killed_at_every_statement(folder, start, Ending("sign_in", 0, "", email=ADA)):
        restarted_and_compared(copy, [], {})
        begun = [row for (row,) in read(copy, "SELECT session_id FROM sessions")]
        assert [row for (row,) in read(copy, "SELECT row_id FROM activity")] == begun
        events = read(copy, "SELECT subject FROM journal WHERE kind = 'session_started'")
        assert [row for (row,) in events] == begun
        remembered = read(copy, "SELECT count(*) FROM known_browsers")
        assert remembered == [(len(begun),)]
        found.append(len(begun))
    assert found == sorted(found)
    assert set(found) == {0, 1}


@pytest.mark.guide("R58", "D23")
def test_p3_a_logout_all_that_was_killed_while_tidying_is_over_all_the_same(folder, start):
    begun = new_account(folder, "many@example.org", 1200)
    ending = Ending("log_out_all", begun[0].account_id, "", begun[0].id)
    process, pipe = start(deeds.end_one_by_one, str(folder), [ending])
    go([pipe])
    account = begun[0].account_id
    while epoch_of(folder, account) == 0 and process.is_alive():
        linger(0.0005)
    kill([process])
    wait_for_the_dead(folder)
    means = deeds.opened(folder)
    for found in recognised(means, *(session.token for session in begun), now=deeds.utc_now()):
        assert isinstance(found, Absence)
        assert found.reason == "logged_out_everywhere"
    asyncio.run(sweep(means, deeds.utc_now()))
    close_means(means)
    assert_nothing_half_done(folder, begun)
    assert read(folder, "SELECT count(*) FROM sessions") == [(0,)]
    assert read(folder, "SELECT count(*) FROM tombstones") == [(1200,)]


@pytest.mark.security("7.4.1")
def test_p3_processes_that_start_at_once_on_no_database_make_one_and_a_kill_leaves_none_half_made(
    tmp_path, start
):
    chance = random.Random(5)
    for number in range(max(3, ROUNDS // 5)):
        folder = tmp_path / str(number)
        folder.mkdir()
        hand_on(folder, empty=True)
        started = [start(deeds.upgrade_and_close, str(folder)) for _ in range(3)]
        go([pipe for _, pipe in started])
        linger(chance.random() * 0.08)
        started[0][0].kill()
        for process, pipe in started[1:]:
            assert last_words([pipe]) == ["done"]
            process.join()
        means = deeds.opened(folder)
        close_means(means)
        assert_whole(folder)


def plan(folder, number, chance):
    """Three accounts, and for each worker its own order of the same endings; one account logs out everywhere."""
    ones, twos, threes = (new_account(folder, f"{who}{number}@example.org", PER_ACCOUNT) for who in "abc")
    endings = [Ending("revoke", one.account_id, one.id, ones[0].id) for one in ones[1:]]
    endings += [Ending("log_out", two.account_id, two.id) for two in twos[1:]]
    endings += [Ending("by_operator", three.account_id, three.id) for three in threes[1:4]]
    plans = [chance.sample(endings, len(endings)) for _ in range(WORKERS)]
    everywhere = Ending("log_out_all", threes[0].account_id, "", threes[0].id)
    plans[0].insert(chance.randrange(len(endings)), everywhere)
    return [*ones, *twos, *threes], plans


def new_account(folder, email, count):
    means = deeds.opened(folder)
    try:
        return deeds.sign_in_many(means, email, count)
    finally:
        close_means(means)


def cut_off_without_tidying(folder, account_id):
    """What a Logout All leaves that was killed before it tidied."""
    means, now = deeds.opened(folder), deeds.utc_now()

    def cut(conn):
        number = journal.record(conn, AccountId(account_id), Event(EventKind.LOGGED_OUT_EVERYWHERE, now))
        accounts.set_epoch(conn, AccountId(account_id), number, now)

    means.database.write_now(cut)
    close_means(means)


def covered(ending, begun):
    if ending.kind == "log_out_all":
        return [session.id for session in begun if session.account_id == ending.account_id]
    return [ending.row_id]


def reason_of(ending, answer):
    usual = {"revoke": "revoked", "log_out": "logged_out", "log_out_all": "logged_out_everywhere"}
    return usual.get(ending.kind, "ended_by_operator") if answer == "done" else answer


def restarted_and_compared(folder, begun, acknowledged):
    """What a new process finds: each secret is refused or let in as the file says, and the file is whole."""
    means = deeds.opened(folder)
    try:
        tokens = [session.token for session in begun]
        for session, found in zip(begun, recognised(means, *tokens, now=deeds.utc_now()), strict=True):
            said = acknowledged.get(session.id)
            if said is not None:
                assert isinstance(found, Absence), f"{session.id} came back after {said}"
                assert found.reason in said | {"logged_out_everywhere"} or "logged_out_everywhere" in said
                assert found.ended_at is not None
            in_list = session.id in ids_of(means, session.account_id)
            assert in_list == isinstance(found, Presence) or found.reason == "account_disabled"
        assert asyncio.run(audit(means)).broken == ()
    finally:
        close_means(means)
    assert_nothing_half_done(folder, begun)
    assert_whole(folder)


def ids_of(means, account_id):
    return {row.id for row in means.database.read_now(session_rows.of, AccountId(account_id))[0]}


def assert_the_cut_off_is_whole(folder, account_id, kind):
    """The epoch, its event, its letter and the account's state were written together, or none of them."""
    epoch = epoch_of(folder, account_id)
    cuts = read(
        folder, "SELECT number FROM journal WHERE kind LIKE 'logged_out_%' OR kind = 'account_disabled'"
    )
    assert cuts == ([(epoch,)] if epoch else [])
    [(letters,)] = read(folder, "SELECT count(*) FROM outbox WHERE kind LIKE 'logged_out_%'")
    assert letters == (1 if epoch and kind in {"log_out_all", "log_out_others"} else 0)
    [(state,)] = read(folder, f"SELECT state FROM accounts WHERE account_id = {account_id}")
    assert state == ("disabled" if epoch and kind == "disable" else "active")


def epoch_of(folder, account_id):
    [(epoch,)] = read(folder, f"SELECT epoch FROM accounts WHERE account_id = {account_id}")
    return epoch


def linger(seconds):
    """Let the others go on for a moment that is shorter than any sleep can be trusted for."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass
