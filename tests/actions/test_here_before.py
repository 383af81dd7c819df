"""The session that a browser had before: over when another has begun there, untouched where that is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from actions.test_sign_in import attempt, visit
from people import ADA, GRACE, PASSWORD, Clock, recognised
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.actions.sign_in_after_room import sessions_in_the_way, sign_in_after_room
from signedin.rules.policy_wish import Wish


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def means(means, clock):
    asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), clock()))
    return means


def under_a_rule(means, clock, **wish):
    asyncio.run(make_from_shell(means, "Tidewater Marine", clock()))
    asyncio.run(add_member_from_shell(means, "Tidewater Marine", ADA, clock()))
    asyncio.run(set_policy_from_shell(means, "Tidewater Marine", "all", Wish(**wish), clock()))


@pytest.mark.security("7.2.4")
@pytest.mark.parametrize(
    ("wish", "code"),
    [({"networks": ("192.0.2.0/24",)}, "outside_networks"), ({"most": 1, "too_many": "refuse"}, "too_many_sessions")],
)  # fmt: skip
def test_a_sign_in_that_a_rule_refuses_ends_nothing(means, clock, wish, code):
    first, other = attempt(means, clock, password=PASSWORD), attempt(means, clock, password=PASSWORD)
    [presence] = recognised(means, first.token, now=clock())
    under_a_rule(means, clock, **wish)
    refusal = attempt(means, clock, password=PASSWORD, where=replace(visit(), signed_in=presence))
    assert refusal.code == code
    found = recognised(means, first.token, other.token, now=clock())
    assert [getattr(each, "reason", "in") for each in found] == ["in", "in"]


@pytest.mark.security("7.2.4", "7.1.2")
def test_the_session_that_this_browser_had_makes_room_for_the_one_that_begins(means, clock):
    first = attempt(means, clock, password=PASSWORD)
    [presence] = recognised(means, first.token, now=clock())
    under_a_rule(means, clock, most=1, too_many="refuse")
    second = attempt(means, clock, password=PASSWORD, where=replace(visit(), signed_in=presence))
    before, after = recognised(means, first.token, second.token, now=clock())
    assert (before.reason, after.current_id) == ("logged_out", second.session.id)


@pytest.mark.security("7.2.4", "7.1.2")
def test_who_is_asked_which_session_ends_keeps_the_one_of_this_browser_until_then(means, clock, log_lines):
    three = [attempt(means, clock, password=PASSWORD) for _ in range(3)]
    here = replace(visit(), signed_in=recognised(means, three[0].token, now=clock())[0])
    under_a_rule(means, clock, most=2, too_many="ask")
    asked = attempt(means, clock, password=PASSWORD, where=here)
    listed = asyncio.run(sessions_in_the_way(means, asked.pending, clock(), here.signed_in))
    assert {row.id for row in listed.rows} == {each.session.id for each in three[1:]}
    assert recognised(means, three[0].token, now=clock()) == [here.signed_in]
    chosen = [three[1].session.id]
    begun, _ticks = asyncio.run(sign_in_after_room(means, asked.pending, chosen, here, clock()))
    found = recognised(means, *(each.token for each in three), begun.token, now=clock())
    assert [getattr(each, "reason", "in") for each in found] == ["logged_out", "revoked", "in", "in"]
    lines = [line for line in log_lines() if line["event"] == "signed in"]
    assert len({line["account"] for line in lines}) == 1
    assert lines[-1]["session"] == begun.session.id


@pytest.mark.security("7.2.4")
def test_another_persons_session_ends_once_the_new_one_has_begun(means, clock):
    asyncio.run(add_by_operator(means, Applicant(GRACE, "Grace", PASSWORD), clock()))
    hers = attempt(means, clock, GRACE, PASSWORD)
    [presence] = recognised(means, hers.token, now=clock())
    begun = attempt(means, clock, password=PASSWORD, where=replace(visit(), signed_in=presence))
    before, after = recognised(means, hers.token, begun.token, now=clock())
    assert (before.reason, after.current_id) == ("logged_out", begun.session.id)
