"""Rules of organisations at checks and sign-ins: limits that become shorter, numbers that are never exceeded."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from people import ADA, ADELAIDE, BERLIN, CHROME_ON_MACOS, PASSWORD, Clock, done_apart, recognised
from signedin.actions.list_sessions import list_sessions
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell, remove_member_from_shell
from signedin.actions.revoke import log_out, log_out_all, revoke
from signedin.actions.set_policy import clear_policy_from_shell, set_policy_from_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.actions.sign_in_after_room import sessions_in_the_way, sign_in_after_room
from signedin.actions.sweep import sweep
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.lifetime import GRACE
from signedin.rules.policy import OutsideNetworks, ReadOnly, TooManySessions
from signedin.rules.policy_wish import Wish
from signedin.rules.presence import Absence, Presence
from signedin.rules.revocation import EndReason
from signedin.rules.session import AppType
from signedin.store import accounts, session_rows, tombstones

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
HOUR = timedelta(hours=1)


@pytest.fixture
def house(means):
    """Ada belongs to an organisation that wants nothing yet."""
    done_apart(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), NOW))
    done_apart(make_from_shell(means, "Tidewater Marine", NOW))
    done_apart(add_member_from_shell(means, "Tidewater Marine", ADA, NOW))
    return means


def signed_in(means, now=NOW, visit=VISIT):
    return done_apart(sign_in(means, ADA, PASSWORD, visit, Ticks(), now))


def rule(means, now=NOW, app_type="all", **wish):
    done_apart(set_policy_from_shell(means, "Tidewater Marine", app_type, Wish(**wish), now))


def who(means, begun, now):
    [found] = recognised(means, begun.token, now=now)
    return found


def list_of(means, begun, now):
    session = begun.session
    return done_apart(list_sessions(means, Presence(session.account_id, None, AppType.WEB, NOW), now))


@pytest.mark.guide("R68", "R73", "D7")
@pytest.mark.security("7.3.1")
def test_a_limit_that_becomes_shorter_ends_living_sessions_at_their_next_check(house):
    begun = signed_in(house)
    later = NOW + 2 * HOUR
    assert isinstance(who(house, begun, later), Presence)
    rule(house, later, idle_seconds=5400)
    found = who(house, begun, later)
    assert isinstance(found, Absence)
    assert found.reason == "policy"
    assert timedelta(0) <= found.ended_at - (NOW + timedelta(minutes=90)) <= GRACE
    assert list_of(house, begun, later).rows == ()


@pytest.mark.guide("R73")
def test_the_list_says_when_the_rule_ends_a_session_not_when_it_would_end_by_itself(house):
    begun = signed_in(house)
    rule(house, idle_seconds=7200, overall_seconds=86400)
    assert list_of(house, begun, NOW).rows[0].expires_at == NOW + 2 * HOUR


@pytest.mark.guide("D7")
@pytest.mark.security("7.3.2")
def test_an_overall_limit_ends_a_session_whatever_its_use(house):
    begun = signed_in(house)
    rule(house, overall_seconds=86400)
    house.recent.saw(begun.session.account_id, begun.session.id, NOW + timedelta(hours=23, minutes=59))
    assert isinstance(who(house, begun, NOW + timedelta(hours=24) - timedelta(seconds=1)), Presence)
    assert who(house, begun, NOW + timedelta(hours=24)).reason == "policy"


@pytest.mark.guide("D28")
def test_no_rule_ends_a_session_early_and_none_much_later(house):
    begun = signed_in(house)
    rule(house, idle_seconds=3600)
    assert isinstance(who(house, begun, NOW + HOUR - timedelta(seconds=1)), Presence)
    assert who(house, begun, NOW + HOUR + timedelta(seconds=60)).reason == "policy"


@pytest.mark.security("7.4.5")
def test_what_a_rule_has_ended_does_not_come_back_when_the_rule_goes(house):
    begun = signed_in(house)
    rule(house, idle_seconds=3600)
    later = NOW + 2 * HOUR
    done_apart(clear_policy_from_shell(house, "Tidewater Marine", "all", later))
    assert who(house, begun, later).reason == "policy"


def test_what_a_rule_has_ended_does_not_come_back_when_its_person_leaves(house):
    begun = signed_in(house)
    rule(house, idle_seconds=3600)
    later = NOW + 2 * HOUR
    done_apart(remove_member_from_shell(house, "Tidewater Marine", ADA, later))
    assert who(house, begun, later).reason == "policy"


def test_the_sweep_buries_what_a_rule_has_ended_with_the_reason(house):
    begun = signed_in(house)
    rule(house, overall_seconds=3600)
    done_apart(sweep(house, NOW + 2 * HOUR))
    stone = house.database.read_now(tombstones.tombstone_of, begun.session.account_id, begun.session.id)
    assert (stone.reason, stone.ended_at) == (EndReason.POLICY, NOW + HOUR)


def test_who_belongs_to_no_organisation_is_under_no_rule(house):
    done_apart(remove_member_from_shell(house, "Tidewater Marine", ADA, NOW))
    begun = signed_in(house)
    rule(house, idle_seconds=3600, read_only=True, networks=("192.0.2.0/24",))
    assert isinstance(who(house, begun, NOW + 2 * HOUR), Presence)


def test_who_joins_is_under_the_rules_at_the_next_check(house):
    done_apart(remove_member_from_shell(house, "Tidewater Marine", ADA, NOW))
    begun = signed_in(house)
    rule(house, idle_seconds=3600)
    later = NOW + 2 * HOUR
    assert isinstance(who(house, begun, later), Presence)
    done_apart(add_member_from_shell(house, "Tidewater Marine", ADA, later))
    assert who(house, begun, later).reason == "policy"


@pytest.mark.guide("R86", "D11")
@pytest.mark.security("8.2.1")
def test_where_management_is_read_only_the_list_is_shown_and_revoke_refused_with_the_reason(house):
    phone, laptop = signed_in(house), signed_in(house)
    rule(house, read_only=True)
    asking = who(house, laptop, NOW)
    assert not asking.may_manage_sessions
    assert len(done_apart(list_sessions(house, asking, NOW)).rows) == 2
    with pytest.raises(ReadOnly) as refused:
        done_apart(revoke(house, asking, phone.session.id, NOW))
    assert refused.value.code == "insufficient_permission"
    assert "organisation" in refused.value.sentence
    with pytest.raises(ReadOnly):
        done_apart(log_out_all(house, asking, NOW))
    done_apart(log_out(house, asking, NOW))
    assert who(house, laptop, NOW).reason == "logged_out"
    assert isinstance(who(house, phone, NOW), Presence)


@pytest.mark.security("7.1.2")
def test_the_oldest_session_makes_room_and_is_told_why(house):
    rule(house, most=2)
    first, second = signed_in(house), signed_in(house, NOW + HOUR)
    third = signed_in(house, NOW + 2 * HOUR)
    assert who(house, first, NOW + 2 * HOUR).reason == "policy"
    assert isinstance(who(house, second, NOW + 2 * HOUR), Presence)
    assert isinstance(who(house, third, NOW + 2 * HOUR), Presence)


@pytest.mark.security("7.1.2")
def test_where_no_more_are_allowed_the_sign_in_is_refused_and_says_so(house):
    rule(house, most=1, too_many="refuse")
    begun = signed_in(house)
    for _ in range(7):  # somebody with the right password: it counts against nobody
        with pytest.raises(TooManySessions) as refused:
            signed_in(house)
        assert not refused.value.pending
    assert isinstance(who(house, begun, NOW), Presence)


@pytest.mark.security("7.1.2")
def test_a_person_who_is_asked_ends_one_and_goes_on_once(house):
    rule(house, most=2, too_many="ask")
    first, second = signed_in(house), signed_in(house, NOW + HOUR)
    later = NOW + 2 * HOUR
    with pytest.raises(TooManySessions) as asked:
        signed_in(house, later)
    text = asked.value.pending
    assert [row.id for row in done_apart(sessions_in_the_way(house, text, later)).rows] == [
        first.session.id, second.session.id,
    ]  # fmt: skip
    with pytest.raises(TooManySessions):
        done_apart(sign_in_after_room(house, text, [], VISIT, later))
    third, _ = done_apart(sign_in_after_room(house, text, [second.session.id], VISIT, later))
    assert isinstance(who(house, third, later), Presence)
    assert isinstance(who(house, first, later), Presence)
    assert who(house, second, later).reason == "revoked"
    with pytest.raises(errors.LinkExpired):
        done_apart(sign_in_after_room(house, text, [first.session.id], VISIT, later))
    assert isinstance(who(house, first, later), Presence)


def asked_which_ends(house, now):
    with pytest.raises(TooManySessions) as asked:
        signed_in(house, now)
    return asked.value.pending


@pytest.mark.guide("R86")
@pytest.mark.security("7.1.2", "8.2.1")
def test_a_person_who_is_asked_ends_as_many_as_have_to_end_and_no_more(house):
    rule(house, most=3, too_many="ask", read_only=True)
    three = [signed_in(house, NOW + hour * HOUR) for hour in range(3)]
    later = NOW + 4 * HOUR
    text, ids = asked_which_ends(house, later), [each.session.id for each in three]
    for more in (ids, ids[:2]):
        with pytest.raises(TooManySessions) as refused:
            done_apart(sign_in_after_room(house, text, more, VISIT, later))
        assert (refused.value.pending, refused.value.most) == (text, 3)
        assert all(isinstance(who(house, each, later), Presence) for each in three)
    fourth, _ = done_apart(sign_in_after_room(house, text, [ids[1], ids[1], "none"], VISIT, later))
    living = [isinstance(who(house, each, later), Presence) for each in (*three, fourth)]
    assert living == [True, False, True, True]


@pytest.mark.guide("R86")
def test_after_a_lowered_number_as_many_end_at_once_as_are_too_many(house):
    three = [signed_in(house, NOW + hour * HOUR) for hour in range(3)]
    later, ids = NOW + 4 * HOUR, [each.session.id for each in three]
    rule(house, later, most=2, too_many="ask", read_only=True)
    text = asked_which_ends(house, later)
    for wrong in (ids, ids[:1]):
        with pytest.raises(TooManySessions):
            done_apart(sign_in_after_room(house, text, wrong, VISIT, later))
    done_apart(sign_in_after_room(house, text, ids[1:], VISIT, later))
    assert [isinstance(who(house, each, later), Presence) for each in three] == [True, False, False]


@pytest.mark.guide("R86")
@pytest.mark.parametrize("change", [{"most": 2}, {}], ids=["a higher number", "no number"])
def test_where_nothing_has_to_end_any_more_nothing_does_and_the_sign_in_goes_on(house, change):
    rule(house, most=1, too_many="ask", read_only=True)
    first = signed_in(house)
    text = asked_which_ends(house, NOW)
    rule(house, read_only=True, **change)
    second, _ = done_apart(sign_in_after_room(house, text, [first.session.id], VISIT, NOW))
    assert isinstance(who(house, first, NOW), Presence)
    assert isinstance(who(house, second, NOW), Presence)


@pytest.mark.parametrize("text", ["", "none", "x" * 5000, "äöü"])
def test_what_is_no_waiting_sign_in_goes_nowhere(house, text):
    with pytest.raises(errors.LinkExpired):
        done_apart(sign_in_after_room(house, text, [], VISIT, NOW))


def test_a_waiting_sign_in_is_over_after_some_minutes_and_after_logout_all_devices(house):
    rule(house, most=1, too_many="ask")
    begun = signed_in(house)
    with pytest.raises(TooManySessions) as asked:
        signed_in(house)
    with pytest.raises(errors.LinkExpired):
        done_apart(
            sign_in_after_room(
                house, asked.value.pending, [begun.session.id], VISIT, NOW + timedelta(minutes=10)
            )
        )
    done_apart(log_out_all(house, who(house, begun, NOW), NOW))
    with pytest.raises(errors.SignInRefused):
        done_apart(sign_in_after_room(house, asked.value.pending, [], VISIT, NOW))


@pytest.mark.security("7.1.2")
@pytest.mark.parametrize("way", ["end_oldest", "refuse"])
def test_sign_ins_at_the_same_moment_never_exceed_the_greatest_number(house, way):
    rule(house, most=2, too_many=way)
    begun, most, start = [], [], threading.Barrier(5)

    def sign_in_once():
        start.wait()
        with suppress(TooManySessions):
            begun.append(signed_in(house))
        most.append(len(living(house)))

    def living(means):
        account = means.database.read_now(accounts.find_by_email, ADA)
        return means.database.read_now(session_rows.of, account.id)[0]

    threads = [threading.Thread(target=sign_in_once) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) <= 2
    alive = [each for each in begun if isinstance(who(house, each, NOW), Presence)]
    assert len(alive) == 2


@pytest.mark.security("6.3.8")
def test_from_elsewhere_nobody_signs_in_and_a_stranger_is_told_nothing_of_it(house):
    rule(house, networks=(f"{BERLIN}/32",))
    inside = signed_in(house)
    there = Visit(ADELAIDE, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
    with pytest.raises(OutsideNetworks):
        signed_in(house, visit=there)
    with pytest.raises(errors.SignInRefused):
        done_apart(sign_in(house, ADA, "quite another password here", there, Ticks(), NOW))
    assert who(house, inside, NOW).networks == ((f"{BERLIN}/32",),)
