"""kill -9 while a use is noted or a key ends: a use is noted whole or not at all, a key lives or is gone for good."""

from __future__ import annotations

import asyncio

import pytest

from databases import ON_POSTGRES
from faults import deeds
from faults.conftest import ROUNDS, assert_nothing_half_done, assert_whole, killed_at_every_statement
from faults.deeds import Ending, read
from people import ADA, PASSWORD, recognised
from signedin.actions.audit import audit
from signedin.actions.authenticate_key import authenticate_key
from signedin.actions.issue_key import issue_key_for
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.rules.access_key import Wish
from signedin.rules.presence import Absence, Presence
from signedin.server.means import close_means

pytestmark = pytest.mark.timeout(60 + 10 * ROUNDS)
LAST_USE = "SELECT row_id, last_at, counts, last_day, address_mac, masked_ip FROM activity ORDER BY row_id"


@pytest.mark.guide("R15")
@pytest.mark.parametrize("used", ["a session", "an access key"])
def test_p4_a_kill_at_any_statement_of_a_use_leaves_it_noted_whole_or_not_at_all(folder, start, used):
    session, key = session_and_key(folder)
    before, found = read(folder, LAST_USE), []
    row_id = session.id if used == "a session" else key.key.id
    # On PostgreSQL a note is one statement, which is its own transaction.
    for copy in killed_at_every_statement(
        folder, start, Ending("use", session.account_id, row_id), at_least=1 if ON_POSTGRES else 2
    ):
        after = read(copy, LAST_USE)
        assert [row for row in after if row[0] != row_id] == [row for row in before if row[0] != row_id]
        [was], [now] = ([row for row in rows if row[0] == row_id] for rows in (before, after))
        noted = now != was
        assert not noted or all(one != other for one, other in zip(now[1:3], was[1:3], strict=True))
        assert not noted or now[4:] != was[4:], "the place of a use is written with its moment"
        assert both_let_in(copy, session.token, key.token)
        found.append(noted)
    assert found == sorted(found)
    assert found[-1] is True, "who lived to the end has noted it"


@pytest.mark.security("7.4.1")
def test_p3_a_kill_at_any_statement_leaves_a_key_whole_or_ended_for_good(folder, start):
    session, key = session_and_key(folder)
    for copy in killed_at_every_statement(folder, start, Ending("revoke_key", 0, key.key.id)):
        [kept] = read(copy, "SELECT count(*) FROM access_keys")
        stones = read(copy, "SELECT session_id FROM tombstones")
        told = read(copy, "SELECT subject FROM journal WHERE kind = 'access_key_revoked'")
        lives = kept == (1,)
        assert (stones, told) == (([], []) if lives else ([(f"key:{key.key.id}",)], [(key.key.id,)]))
        assert let_in(copy, key.token) == (True if lives else "ended_by_operator")
        assert both_let_in(copy, session.token, "") is False
        assert_nothing_half_done(copy, [session])
        assert_whole(copy)


def session_and_key(folder):
    """One account with one session and one access key."""
    means, now = deeds.opened(folder), deeds.utc_now()
    try:
        asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), now))
        [session] = deeds.sign_in_many(means, ADA, 1)
        key = asyncio.run(issue_key_for(means, ADA, Wish("Backup", ("sessions:read",)), now))
        return session, key
    finally:
        close_means(means)


def let_in(folder, token):
    """Whether a new process lets the key in, or why not; and nobody's journal is broken."""
    means = deeds.opened(folder)
    try:
        found = asyncio.run(authenticate_key(means, token, deeds.utc_now()))
        assert asyncio.run(audit(means)).broken == ()
        return found.reason if isinstance(found, Absence) else isinstance(found, Presence)
    finally:
        close_means(means)


def both_let_in(folder, session_token, key_token):
    """Whether a new process lets in the session and the key."""
    means = deeds.opened(folder)
    try:
        [session] = recognised(means, session_token, now=deeds.utc_now())
        key = asyncio.run(authenticate_key(means, key_token, deeds.utc_now()))
        assert isinstance(session, Presence)
        return isinstance(key, Presence)
    finally:
        close_means(means)
