"""Several processes on one database: what one ends is over in all, and the file stays whole whoever is killed."""

from __future__ import annotations

import random

import pytest

from databases import only_on_sqlite
from faults import deeds
from faults.conftest import ROUNDS, assert_whole, gathered, go, kill, last_words
from people import recognised
from signedin.rules.presence import Absence
from signedin.server.means import close_means

ROLES = ("sessions", "activity", "sweeping", "tidying", "closing")
pytestmark = pytest.mark.timeout(60 + 10 * ROUNDS)


@only_on_sqlite("PostgreSQL keeps its own files whole.")
@pytest.mark.guide("R48")
def test_p3_writers_and_tidiers_of_the_log_that_die_at_any_moment_leave_a_whole_file(folder, start):
    chance, ended = random.Random(11), []
    writing = {role: start(deeds.keep_writing, str(folder), role, at) for at, role in enumerate(ROLES)}
    go([pipe for _, pipe in writing.values()])
    for number in range(ROUNDS):
        said = gathered([pipe for _, pipe in writing.values()], lambda said: len(said) >= 12)
        role = chance.choice(ROLES)
        process, pipe = writing[role]
        kill([process])
        said += last_words([pipe])
        ended += [done[0] for who, done in said if who == "sessions"]
        assert_whole(folder)
        writing[role] = start(deeds.keep_writing, str(folder), role, 100 + number)
        go([writing[role][1]])
    kill([process for process, _ in writing.values()])
    assert_whole(folder)
    means = deeds.opened(folder)
    tokens = [token for _, token, _ in ended]
    for found in recognised(means, *tokens, now=deeds.utc_now()):
        assert isinstance(found, Absence), "what was ended came back"
    close_means(means)
    assert len(ended) > ROUNDS / 2, "too little was ended for this to show anything"


@pytest.mark.guide("R48")
@only_on_sqlite("On PostgreSQL three whole servers show it (tests/nemesis).")
def test_p1_no_check_that_begins_in_another_process_after_a_revoke_has_returned_lets_anybody_in(
    folder, start
):
    means = deeds.opened(folder)
    asking, *begun = deeds.sign_in_many(means, "ada@example.org", 60)
    close_means(means)
    tokens = [session.token for session in begun]
    checking = [start(deeds.check_without_end, str(folder), tokens) for _ in range(2)]
    _, revoking = start(deeds.revoke_when_told, str(folder), asking)
    assert [pipe.recv() for pipe in (revoking, *(pipe for _, pipe in checking))] == ["ready"] * 3
    returned = {}
    for number, session in enumerate(begun[:40]):
        revoking.send(session.id)
        returned[number] = revoking.recv()
        for _, pipe in checking:
            pipe.send(number)
        assert [pipe.recv() for _, pipe in checking] == ["revoked"] * 2
    revoking.send(None)
    for _, pipe in checking:
        pipe.send(None)
        history = pipe.recv()
        late = [each for each in history if each[0] in returned and each[2] and each[1] > returned[each[0]]]
        assert late == []
        assert any(is_in for number, _, is_in in history if number in returned), "they were in before"
        assert all(is_in for number, _, is_in in history if number not in returned), (
            "nobody else was thrown out"
        )


@pytest.mark.guide("R48", "R70")
def test_p4_a_note_of_use_that_is_written_late_brings_no_ended_session_back(folder, start):
    means = deeds.opened(folder)
    asking, phone = deeds.sign_in_many(means, "ada@example.org", 2)
    _, noting = start(deeds.note_then_wait, str(folder), phone)
    assert noting.recv() == "noted"
    _, revoking = start(deeds.revoke_when_told, str(folder), asking)
    assert revoking.recv() == "ready"
    revoking.send(phone.id)
    revoking.recv()
    revoking.send(None)
    noting.send("write")
    assert noting.recv() == 1
    [found] = recognised(means, phone.token, now=deeds.utc_now())
    assert isinstance(found, Absence)
    assert found.reason == "revoked"
    assert deeds.read(folder, "SELECT count(*) FROM activity") == [(1,)]
    close_means(means)
