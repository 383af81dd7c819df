"""A rule changes, and nothing of what it has ended comes back: looked at in stretches, for a while, and gone on with."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, repeat

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart, recognised
from signedin.actions import end_over, set_policy
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell, remove_member_from_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.operator import Role
from signedin.rules.policy import Policy
from signedin.rules.policy_wish import RuleStillEnding, ShutsOut, Wish
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import organisations, policies

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
HOUR = timedelta(hours=1)
CLUB, ROSA = "Tidewater Marine", "rosa@signedin.example"
PEOPLE = (ADA, GRACE, "third@example.org", "fourth@example.org")


@pytest.fixture
def house(means):
    """Rosa is an owner; four people belong to an organisation."""
    for email in (ROSA, *PEOPLE):
        done_apart(add_by_operator(means, Applicant(email, email[:4], PASSWORD), NOW))
    done_apart(appoint_from_shell(means, ROSA, Role.OWNER, NOW))
    done_apart(make_from_shell(means, CLUB, NOW))
    for email in PEOPLE:
        done_apart(add_member_from_shell(means, CLUB, email, NOW))
    return means


def signed_in(means, *emails):
    return [done_apart(sign_in(means, email, PASSWORD, VISIT, Ticks(), NOW)).token for email in emails]


def club(means):
    return means.database.read_now(organisations.named, CLUB).id


def rule(means, now=NOW, app_type="all", **wish):
    done_apart(set_policy.set_policy_from_shell(means, CLUB, app_type, Wish(**wish), now))


def rosa(means, now):
    session = done_apart(sign_in(means, ROSA, PASSWORD, VISIT, Ticks(), now, AppType.ADMIN)).session
    return Presence(session.account_id, session.id, AppType.ADMIN, now)


def how(means, tokens, now):
    return [getattr(each, "reason", "in") for each in recognised(means, *tokens, now=now)]


@pytest.mark.security("7.4.5")
@pytest.mark.parametrize(
    "change", [{"idle_seconds": 4 * 3600}, {"most": 5}, None], ids=["longer", "something else", "removed"]
)
@pytest.mark.parametrize("app_type", ["all", "web"])
def test_what_a_rule_has_ended_stays_ended_by_whatever_takes_its_place(house, monkeypatch, app_type, change):
    monkeypatch.setattr(end_over, "STRETCH", 3)
    tokens, later = signed_in(house, *PEOPLE), NOW + HOUR
    rule(house, app_type=app_type, idle_seconds=3600, overall_seconds=86400)
    young = done_apart(sign_in(house, ADA, PASSWORD, VISIT, Ticks(), NOW + HOUR / 2)).token
    asking, number = rosa(house, later), club(house)
    later += timedelta(minutes=1)
    if change is None:
        done_apart(set_policy.clear_policy(house, asking, number, app_type, later))
    else:
        done_apart(set_policy.set_policy(house, asking, number, app_type, Wish(**change), later, BERLIN))
    assert how(house, [*tokens, young], later) == ["policy"] * 4 + ["in"]


@pytest.mark.security("2.4.1")
def test_a_request_buries_for_a_while_changes_nothing_then_and_the_next_one_goes_on(house, monkeypatch):
    tokens, later = signed_in(house, *PEOPLE), NOW + 2 * HOUR
    rule(house, idle_seconds=3600)
    asking, number = rosa(house, later), club(house)

    def sent(seconds):
        ticks = chain(seconds, repeat(1e12))
        monkeypatch.setattr(end_over, "monotonic", lambda: next(ticks))
        with pytest.raises(RuleStillEnding):
            done_apart(set_policy.clear_policy(house, asking, number, "all", later))
        kept = house.database.read_now(policies.find, number, None)
        assert kept.idle == HOUR

    def left():
        found = house.database.read_now(policies.over_by, kept_rule(number), later, (0, 2**62))
        return len(found)

    sent([0])
    assert left() == 3
    sent([0, 0])
    assert left() == 1
    monkeypatch.undo()
    done_apart(set_policy.clear_policy(house, asking, number, "all", later))
    assert house.database.read_now(policies.find, number, None) is None
    assert how(house, tokens, later) == ["policy"] * 4


def kept_rule(number):
    return Policy(number, CLUB, None, HOUR)


def test_a_rule_that_lets_nothing_live_longer_looks_at_nobody(house, monkeypatch):
    tokens, later = signed_in(house, ADA), NOW + 2 * HOUR
    rule(house, app_type="web", idle_seconds=7200)
    monkeypatch.setattr(policies, "over_by", None)
    rule(house, later, app_type="web", idle_seconds=3600, overall_seconds=86400)
    rule(house, later, idle_seconds=300)
    assert how(house, tokens, later) == ["policy"]


@pytest.mark.security("7.4.5", "15.4.2")
def test_what_a_rule_has_ended_that_somebody_else_set_meanwhile_stays_ended_too(house, monkeypatch):
    [token], later = signed_in(house, ADA), NOW + 2 * HOUR
    rule(house, idle_seconds=86400)
    really, others = set_policy.end_over_by, []

    async def beside(means, before, *args):
        await really(means, before, *args)
        if not others:
            others.append(before)
            await set_policy.set_policy_from_shell(means, CLUB, "all", Wish(idle_seconds=300), later)

    monkeypatch.setattr(set_policy, "end_over_by", beside)
    rule(house, later, most=5)
    assert how(house, [token], later) == ["policy"]


@pytest.mark.security("7.4.5", "15.4.2")
def test_what_the_rule_ends_while_others_are_put_away_stays_ended_too(house, monkeypatch):
    [late, early], nearly = signed_in(house, ADA, GRACE), NOW + HOUR - timedelta(seconds=2)
    rule(house, overall_seconds=3600)
    really, seconds, passes = set_policy.end_over_by, [0.0], []

    async def slow(means, before, *args):
        await really(means, before, *args)
        passes.append(before)
        seconds[0] += 4 if len(passes) == 1 else 0.1

    monkeypatch.setattr(set_policy, "boot_time", lambda: seconds[0])
    monkeypatch.setattr(set_policy, "end_over_by", slow)
    done_apart(set_policy.clear_policy_from_shell(house, CLUB, "all", nearly))
    assert how(house, [late, early], NOW + HOUR + timedelta(minutes=1)) == ["policy"] * 2
    assert len(passes) == 2


def test_members_who_take_as_long_each_time_are_gone_through_twice(house, monkeypatch):
    rule(house, idle_seconds=3600)
    seconds, passes = [0.0], []

    async def always_slow(*args):
        passes.append(args)
        seconds[0] += 3

    monkeypatch.setattr(set_policy, "boot_time", lambda: seconds[0])
    monkeypatch.setattr(set_policy, "end_over_by", always_slow)
    rule(house, NOW + HOUR, idle_seconds=7200)
    assert len(passes) == 2


INSIDE, OUTSIDE = Wish(networks=(f"{BERLIN}/32",)), Wish(networks=("192.0.2.0/24",))


@pytest.mark.security("8.2.1")
@pytest.mark.parametrize("app_type", ["all", "admin"])
def test_whoever_would_keep_themselves_out_of_the_console_has_to_confirm_it(house, app_type):
    done_apart(add_member_from_shell(house, CLUB, ROSA, NOW))
    asking, number = rosa(house, NOW), club(house)
    args = (house, asking, number, app_type)
    with pytest.raises(ShutsOut):
        done_apart(set_policy.set_policy(*args, OUTSIDE, NOW, BERLIN))
    assert house.database.read_now(policies.of_organisation, number) == []
    done_apart(set_policy.set_policy(*args, INSIDE, NOW, BERLIN))
    done_apart(set_policy.set_policy(*args, OUTSIDE, NOW, BERLIN, confirmed=True))
    assert house.database.read_now(policies.of_organisation, number)[0].networks == OUTSIDE.networks


def test_what_keeps_nobody_out_of_the_console_needs_no_confirmation(house):
    number = club(house)
    done_apart(set_policy.set_policy(house, rosa(house, NOW), number, "all", OUTSIDE, NOW, BERLIN))
    done_apart(add_member_from_shell(house, CLUB, ROSA, NOW))
    elsewhere = Visit("192.0.2.7", CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
    session = done_apart(sign_in(house, ROSA, PASSWORD, elsewhere, Ticks(), NOW, AppType.ADMIN)).session
    asking = Presence(session.account_id, session.id, AppType.ADMIN, NOW)
    done_apart(set_policy.set_policy(house, asking, number, "web", OUTSIDE, NOW, BERLIN))
    done_apart(set_policy.set_policy(house, asking, number, "admin", Wish(idle_seconds=300), NOW, BERLIN))


def test_in_the_shell_it_has_to_be_confirmed_where_every_owner_is_under_it(house):
    set_it = set_policy.set_policy_from_shell
    done_apart(set_it(house, CLUB, "all", OUTSIDE, NOW))
    done_apart(add_member_from_shell(house, CLUB, ROSA, NOW))
    with pytest.raises(ShutsOut):
        done_apart(set_it(house, CLUB, "all", INSIDE, NOW))
    done_apart(set_it(house, CLUB, "all", INSIDE, NOW, confirmed=True))
    done_apart(appoint_from_shell(house, ADA, Role.OWNER, NOW))
    with pytest.raises(ShutsOut):
        done_apart(set_it(house, CLUB, "admin", OUTSIDE, NOW))
    done_apart(remove_member_from_shell(house, CLUB, ADA, NOW))
    done_apart(set_it(house, CLUB, "admin", OUTSIDE, NOW))
