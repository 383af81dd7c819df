"""Families of tokens, whatever happens to them in whatever order: one in use, the same successor again, or an end for all."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from databases import drop
from given import a_client, a_sync_app, asking, given, redeemed, redeeming, refreshed
from people import ADA, Clock, done_apart, running, settings_in
from signedin.actions.authenticate_token import authenticate_token
from signedin.actions.exchange import refresh
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.operate import end_all, end_one
from signedin.rules.client import Authentication
from signedin.rules.errors import SessionAlreadyEnded
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Presence
from signedin.server.means import close_means, open_means

EXAMPLES = 4 if os.environ.get("TEST_DATABASE") == "postgres" else 15
"""Each makes a database of its own, which takes PostgreSQL long."""


async def _lives(means, token, now):
    try:
        return isinstance(await authenticate_token(means, token, now), Presence)
    finally:
        if means.lines is not None:
            await means.lines.close()


def lives(house, token):
    return done_apart(_lives(house.means, token, house.clock()))


class Rooms:
    """What the tests of families need of a house: no server, only its means and its clock."""

    def __init__(self, folder):
        self.folder, self.clock = folder, Clock()
        self.means = open_means(settings_in(folder, 8000))
        done_apart(
            add_by_operator(self.means, Applicant(ADA, "Ada", "four unrelated words make it"), self.clock())
        )


@dataclass
class Family:
    """What the model knows of a grant: its refresh tokens in order, when each was used, and its access tokens."""

    client: object
    row_id: str
    refresh: list[str]
    access: list[tuple[str, datetime]]
    used_at: list[datetime] = field(default_factory=list)
    is_over: bool = False


class Families(RuleBasedStateMachine):
    """Several grants, one clock, and everything that can happen to a refresh token."""

    def __init__(self):
        super().__init__()
        self.rooms = Rooms(Path(tempfile.mkdtemp()))
        self.families: list[Family] = []

    def teardown(self):
        close_means(self.rooms.means)
        drop(self.rooms.folder)

    @initialize()
    def clients(self):
        self.ours, self.theirs = a_sync_app(self.rooms), a_client(self.rooms)
        self.other = a_client(self.rooms, id="other", authentication=Authentication.NONE)

    @precondition(lambda self: len(self.families) < 4)
    @rule(is_ours=st.booleans())
    def somebody_allows(self, is_ours):
        if not is_ours and any(not each.is_over and each.client is self.theirs for each in self.families):
            return  # one consent for each client; a second grant of it is another test's
        it = given(self.rooms, self.ours if is_ours else self.theirs)
        tokens = redeemed(self.rooms, it)
        until = self.rooms.clock() + timedelta(hours=1)
        self.families.append(
            Family(it.client, tokens.grant.row_id, [tokens.refresh_token], [(tokens.access_token, until)])
        )

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def somebody_shows_a_refresh_token(self, data):
        family = data.draw(st.sampled_from(self.families))
        which = data.draw(st.integers(0, len(family.refresh) - 1))
        expected = self._expected(family, which)
        try:
            tokens = refreshed(self.rooms, family.client, family.refresh[which])
        except OAuthRefused:
            assert expected in {"reuse", "over"}
            family.is_over = True
            return
        assert expected in {"rotate", "again"}, (expected, which, family)
        if expected == "rotate":
            family.refresh.append(tokens.refresh_token)
            family.used_at.append(self.rooms.clock())
        assert tokens.refresh_token == family.refresh[-1]
        family.access.append((tokens.access_token, self.rooms.clock() + timedelta(hours=1)))

    def _expected(self, family, which):
        if family.is_over:
            return "over"
        if which == len(family.refresh) - 1:
            return "rotate"
        is_before = which == len(family.refresh) - 2
        is_soon = is_before and self.rooms.clock() - family.used_at[which] < timedelta(seconds=10)
        return "again" if is_soon else "reuse"

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def a_stranger_shows_one(self, data):
        family = data.draw(st.sampled_from(self.families))
        with pytest.raises(OAuthRefused):
            refreshed(self.rooms, self.other, data.draw(st.sampled_from(family.refresh)))

    @precondition(lambda self: self.families)
    @rule(data=st.data())
    def somebody_ends_a_row(self, data):
        family = data.draw(st.sampled_from(self.families))
        try:
            done_apart(self._apart(end_one(self.rooms.means, family.row_id, "", self.rooms.clock())))
        except SessionAlreadyEnded:
            assert family.is_over
        family.is_over = True

    @rule()
    def somebody_ends_everything(self):
        done_apart(self._apart(end_all(self.rooms.means, ADA, "", self.rooms.clock())))
        for family in self.families:
            family.is_over = True

    @rule(seconds=st.sampled_from([0, 1, 9, 10, 11, 1_800]))
    def time_passes(self, seconds):
        self.rooms.clock.move(seconds=seconds)

    @invariant()
    def an_access_token_lives_exactly_as_long_as_its_family(self):
        now = self.rooms.clock()
        for family in self.families:
            for token, until in family.access[-2:]:
                assert lives(self.rooms, token) == (not family.is_over and now < until), family

    async def _apart(self, deed):
        try:
            return await deed
        finally:
            if self.rooms.means.lines is not None:
                await self.rooms.means.lines.close()


@pytest.mark.security("10.4.5", "attack-7")
def test_a_family_of_tokens_does_what_the_model_says_whatever_happens():
    run_state_machine_as_test(
        Families,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


async def at_once(means, *deeds):
    try:
        return await asyncio.gather(*deeds, return_exceptions=True)
    finally:
        if means.lines is not None:
            await means.lines.close()


@pytest.mark.guide("R49", "R78")
@pytest.mark.security("7.4.1", "15.4.2", "attack-6")
@pytest.mark.parametrize("whose", ["another's", "one's own"])
def test_nothing_that_a_refresh_brings_survives_a_revoke_in_whatever_order_they_come(house, whose):
    client = a_client(house) if whose == "another's" else a_sync_app(house)
    outcomes = set()
    for turn in range(12):
        it = given(house, client)
        tokens = redeemed(house, it)
        race = [
            refresh(house.means, asking(client), tokens.refresh_token, house.clock()),
            end_one(house.means, tokens.grant.row_id, "", house.clock()),
            refresh(house.means, asking(client), tokens.refresh_token, house.clock()),
        ]
        said = done_apart(at_once(house.means, *race[turn % 3 :], *race[: turn % 3]))
        won = [each for each in said if hasattr(each, "access_token")]
        outcomes.add(len(won))
        assert all(isinstance(each, OAuthRefused) or each is None or each in won for each in said), said
        for token in (tokens, *won):
            assert not lives(house, token.access_token)
            with pytest.raises(OAuthRefused):
                refreshed(house, client, token.refresh_token)
    assert outcomes <= {0, 1, 2}


@pytest.mark.guide("R49")
@pytest.mark.security("15.4.2")
def test_nothing_that_a_code_brings_survives_an_ending_of_everything(house):
    client = a_sync_app(house)
    for turn in range(8):
        it = given(house, client)
        race = [redeeming(house, it), end_all(house.means, ADA, "", house.clock())]
        said = done_apart(at_once(house.means, *race[turn % 2 :], *race[: turn % 2]))
        for each in said:
            if hasattr(each, "access_token"):
                assert not lives(house, each.access_token)
    assert house.signed_in().sessions()[0]["app_type"] == "web"


@pytest.mark.security("10.4.2", "10.4.5", "attack-4", "attack-8")
def test_what_was_used_before_a_restart_is_known_after_it(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody(ADA)
        it = given(house)
        first = redeemed(house, it)
        second = refreshed(house, it.client, first.refresh_token)
        third = refreshed(house, it.client, second.refresh_token)
    with running(tmp_path, clock) as house:
        assert lives(house, third.access_token)
        assert refreshed(house, it.client, second.refresh_token).refresh_token == third.refresh_token
        with pytest.raises(OAuthRefused):
            refreshed(house, it.client, first.refresh_token)
        assert not lives(house, third.access_token)
        with pytest.raises(OAuthRefused):
            redeemed(house, it)
