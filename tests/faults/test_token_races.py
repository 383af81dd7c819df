"""Processes that use one code or one token at the same moment: one winner, and nothing outlives what ended it.

Each interleaving that there is: one process is stopped before each statement of its transaction, and the other one does
all that it can meanwhile. What one process does with itself is in `tests/actions/test_exchange.py` and
`test_token_families.py`: fifty at once, retries within the same second, restarts.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from faults import deeds, token_deeds
from faults.token_deeds import Deed
from given import a_client, a_sync_app, asking, given, redeemed
from people import ADA, BERLIN, PASSWORD, Clock, done_apart
from signedin.actions.authenticate_token import authenticate_token
from signedin.actions.begin_device import begin_device
from signedin.actions.decide_device import allow_device, enter_code
from signedin.actions.exchange import refresh
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.rules.account import AccountId
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Presence
from signedin.rules.session import AppType, SessionId
from signedin.server.means import close_means
from signedin.store import consents

PROCESSES, EACH = 5, 10
A_MOMENT = 0.15
"""How long the other one may try before the first goes on: where it waits for it, it waits longer."""
SCOPES = ("openid", "email", "offline_access")
pytestmark = [pytest.mark.timeout(600), pytest.mark.security("15.4.2")]


class Rooms:
    """A database with Ada in it, and the clock that everybody goes by."""

    def __init__(self, folder):
        self.folder, self.clock, self.numbers = folder, Clock(), count(1)
        self.means = deeds.opened(folder)
        done_apart(add_by_operator(self.means, Applicant(ADA, "Ada", PASSWORD), self.clock()))

    def client(self, whose):
        make = a_sync_app if whose == "one's own" else a_client
        return make(self, id=f"client{next(self.numbers)}")

    def lives(self, token):
        return isinstance(done_apart(self._who(token)), Presence)

    async def _who(self, token):
        try:
            return await authenticate_token(self.means, token, self.clock())
        finally:
            if self.means.lines is not None:
                await self.means.lines.close()

    def is_refused(self, client, token):
        async def ask():
            try:
                return await refresh(self.means, asking(client), token, self.clock())
            finally:
                if self.means.lines is not None:
                    await self.means.lines.close()

        with pytest.raises(OAuthRefused) as told:
            done_apart(ask())
        return told.value.error == "invalid_grant"

    def assert_over(self, client, *tokens):
        """No access token opens anything, and no refresh token brings one."""
        for access, again in tokens:
            assert not self.lives(access)
            assert again is None or self.is_refused(client, again)


@pytest.fixture
def rooms(folder):
    made = Rooms(folder)
    yield made
    close_means(made.means)


@pytest.fixture
def helpers(rooms, start):
    """Processes on the same database that do as they are told."""

    def begun(how_many):
        pipes = [start(token_deeds.serve, str(rooms.folder))[1] for _ in range(how_many)]
        assert [pipe.recv() for pipe in pipes] == ["ready"] * how_many
        return pipes

    return begun


def at_once(pipes, deed):
    """All of them, at the same moment."""
    for pipe in pipes:
        pipe.send(deed)
    outcomes = [pipe.recv() for pipe in pipes]
    tokens = [each for outcome in outcomes for each in outcome.tokens]
    refusals = [each for outcome in outcomes for each in outcome.refusals]
    assert len(tokens) + len(refusals) == len(pipes) * deed.times
    return tokens, refusals


@pytest.mark.security("10.4.2", "attack-8")
@pytest.mark.parametrize("whose", ["another's", "one's own"])
def test_of_fifty_in_five_processes_that_redeem_one_code_one_gets_tokens_and_they_are_dead(
    rooms, helpers, whose
):
    pipes = helpers(PROCESSES)
    for _ in range(3):
        it = given(rooms, rooms.client(whose))
        tokens, refusals = at_once(pipes, Deed("redeem", it.client, it.code, rooms.clock(), EACH))
        assert len(tokens) == 1
        assert set(refusals) == {"invalid_grant"}
        rooms.assert_over(it.client, *tokens)


@pytest.mark.security("10.4.5", "attack-4", "attack-3")
def test_of_fifty_in_five_processes_that_refresh_with_one_token_all_get_the_same_successor(rooms, helpers):
    pipes = helpers(PROCESSES)
    for whose in ("another's", "one's own"):
        it = given(rooms, rooms.client(whose))
        first = redeemed(rooms, it)
        tokens, refusals = at_once(
            pipes, Deed("refresh", it.client, first.refresh_token, rooms.clock(), EACH)
        )
        assert refusals == []
        [successor] = {again for _, again in tokens}
        assert successor != first.refresh_token
        assert all(rooms.lives(access) for access, _ in tokens[:5])
        rooms.clock.move(seconds=10)  # nobody's retry any more: somebody has a copy
        assert rooms.is_refused(it.client, first.refresh_token)
        rooms.assert_over(it.client, *tokens)


@pytest.mark.security("10.4.5", "attack-5", "attack-7")
def test_of_fifty_who_bring_a_token_of_before_the_last_nobody_gets_anything(rooms, helpers):
    pipes, it = helpers(PROCESSES), given(rooms, rooms.client("another's"))
    first = redeemed(rooms, it)
    [second], _ = at_once(pipes[:1], Deed("refresh", it.client, first.refresh_token, rooms.clock()))
    [third], _ = at_once(pipes[:1], Deed("refresh", it.client, second[1], rooms.clock()))
    tokens, refusals = at_once(pipes, Deed("refresh", it.client, first.refresh_token, rooms.clock(), EACH))
    assert tokens == []
    assert set(refusals) == {"invalid_grant"}
    rooms.assert_over(it.client, second, third)


@pytest.mark.security("10.4.2", "attack-18")
def test_of_fifty_in_five_processes_that_poll_with_one_device_code_one_gets_tokens(rooms, helpers):
    pipes, client = helpers(PROCESSES), rooms.client("one's own")
    begun = done_apart(begin_device(rooms.means, asking(client), rooms.clock()))
    [ada] = deeds.sign_in_many(rooms.means, ADA, 1)
    presence = Presence(AccountId(ada.account_id), SessionId(ada.id), AppType.WEB, rooms.clock())
    done_apart(enter_code(rooms.means, presence, begun.user_code, BERLIN, rooms.clock()))
    done_apart(allow_device(rooms.means, presence, begun.user_code, SCOPES, rooms.clock()))
    tokens, refusals = at_once(pipes, Deed("poll", client, begun.device_code, rooms.clock(), EACH))
    assert len(tokens) == 1
    assert set(refusals) <= {"invalid_grant", "slow_down"}
    assert rooms.lives(tokens[0][0])


RACES = {
    "a refresh, and somebody revokes the row": ("refresh", "revoke"),
    "a revoke of the row, and the client refreshes": ("revoke", "refresh"),
    "a refresh, and the client gives its token back": ("refresh", "give back"),
    "a giving back, and the client refreshes": ("give back", "refresh"),
    "a refresh, and a logout everywhere": ("refresh", "log out everywhere"),
    "a logout everywhere, and the client refreshes": ("log out everywhere", "refresh"),
}


@pytest.mark.guide("R49", "R61", "R78")
@pytest.mark.security("7.4.1", "attack-6", "attack-25")
@pytest.mark.parametrize("whose", ["another's", "one's own"])
@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_nothing_that_is_refreshed_outlives_an_ending_wherever_the_one_is_when_the_other_comes(
    rooms, helpers, race, whose
):
    stopped, passed = helpers(2), 0
    for stop_at in range(1, 200):
        it = given(rooms, rooms.client(whose))
        first = redeemed(rooms, it)
        held = {"revoke": first.grant.row_id}
        one, other = (
            Deed(
                kind,
                it.client,
                held.get(kind, first.refresh_token),
                rooms.clock(),
                stop_at=stop_at * is_first,
            )
            for kind, is_first in zip(race, (True, False), strict=True)
        )
        outcomes, is_through = interleaved(*stopped, one, other)
        tokens = [each for outcome in outcomes for each in outcome.tokens]
        assert len(tokens) <= 1
        assert {each for outcome in outcomes for each in outcome.refusals} <= {"invalid_grant"}
        rooms.assert_over(it.client, *tokens, (first.access_token, first.refresh_token))
        if is_through:
            break
        passed += 1
        rooms.clock.move(milliseconds=1)
    assert 4 < passed < 199


@pytest.mark.guide("R49")
@pytest.mark.security("7.4.1", "10.4.2", "attack-8")
@pytest.mark.parametrize(
    "race", [("redeem", "log out everywhere"), ("log out everywhere", "redeem"), ("redeem", "redeem")]
)
def test_nothing_that_a_code_brings_outlives_an_ending_or_a_second_use_of_it(rooms, helpers, race):
    stopped, passed = helpers(2), 0
    for stop_at in range(1, 200):
        it = given(rooms, rooms.client("one's own"))
        one = Deed(race[0], it.client, it.code, rooms.clock(), stop_at=stop_at)
        outcomes, is_through = interleaved(*stopped, one, Deed(race[1], it.client, it.code, rooms.clock()))
        tokens = [each for outcome in outcomes for each in outcome.tokens]
        assert len(tokens) <= 1
        rooms.assert_over(it.client, *tokens)
        if is_through:
            break
        passed += 1
        rooms.clock.move(milliseconds=1)
    assert 4 < passed < 199


@pytest.mark.guide("R78", "R79")
@pytest.mark.security("attack-6")
@pytest.mark.parametrize("race", [("ask nobody", "revoke"), ("revoke", "ask nobody")], ids=" before ".join)
def test_no_authorization_that_asks_nobody_brings_a_consent_back_wherever_a_revoke_comes(
    rooms, helpers, race
):
    stopped, passed, (ada,) = helpers(2), 0, deeds.sign_in_many(rooms.means, ADA, 1)
    for stop_at in range(1, 200):
        it = given(rooms, rooms.client("another's"))
        secrets = {"ask nobody": f"{ada.account_id} {ada.id}", "revoke": it.grant.row_id}
        one, other = (Deed(kind, it.client, secrets[kind], rooms.clock()) for kind in race)
        outcomes, is_through = interleaved(*stopped, replace(one, stop_at=stop_at), other)
        assert {each for outcome in outcomes for each in outcome.refusals} <= {"given", "asks again"}
        assert rooms.means.database.read_now(consents.to_client, ada.account_id, it.client.id) is None
        if is_through:
            break
        passed += 1
        rooms.clock.move(milliseconds=1)
    assert 4 < passed < 199


def interleaved(one, other, first, second):
    """Both outcomes: the second is done, or waits for the first, while that is stopped; and whether it never was."""
    one.send(first)
    said = one.recv()
    is_through = said != "stopped"
    other.send(second)
    if is_through:
        return (said, other.recv()), True
    early = other.recv() if other.poll(A_MOMENT) else None
    one.send("go on")
    return (one.recv(), early or other.recv()), False
