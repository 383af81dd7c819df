"""What operators end for somebody is over when it returns, on every path, with who did it and why in the history."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart, recognised
from signedin.actions import operate
from signedin.actions.appoint import appoint_from_shell, dismiss_from_shell
from signedin.actions.change_factor import set_password
from signedin.actions.end_for import end_chosen, end_everything
from signedin.actions.issue_key import issue_key_for
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.revoke_key import revoke_any_key
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.actions.stop_for import disable_for, enable_for, reveal_address
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.access_key import Wish
from signedin.rules.lifetime import PROFILES
from signedin.rules.operator import LastOwner, OwnRole, Role, RoleNeeded
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import access_keys, accounts, deeds, journal, outbox

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
LATER = NOW + timedelta(minutes=1)
ROSA, HANK = "rosa@signedin.example", "hank@signedin.example"


@pytest.fixture
def house(means):
    """Rosa is an owner, Hank a helper; Ada and Grace are people."""
    for email, role in ((ROSA, Role.OWNER), (HANK, Role.HELPER), (ADA, None), (GRACE, None)):
        done_apart(add_by_operator(means, Applicant(email, email[:4], PASSWORD), NOW))
        if role:
            done_apart(appoint_from_shell(means, email, role, NOW))
    return means


def begun(means, email, app_type=AppType.WEB):
    return done_apart(sign_in(means, email, PASSWORD, VISIT, Ticks(), NOW, app_type))


def asking(means, email):
    session = begun(means, email, AppType.ADMIN).session
    return Presence(session.account_id, session.id, AppType.ADMIN, NOW)


def number_of(means, email=ADA):
    return means.database.read_now(accounts.find_by_email, email).id


def how(means, *tokens):
    return [getattr(each, "reason", "in") for each in recognised(means, *tokens, now=NOW)]


def keys_of(means, email=ADA):
    return means.database.read_now(access_keys.of, number_of(means, email))


@pytest.mark.guide("D10", "D11", "R48")
@pytest.mark.security("7.4.5")
def test_what_is_chosen_ends_together_and_the_history_says_who_and_why(house):
    hank, lost, other, stays = asking(house, HANK), *(begun(house, ADA) for _ in range(3))
    key = done_apart(issue_key_for(house, ADA, Wish("backup", ("account:read",)), NOW)).key
    ids = [lost.session.id, other.session.id, key.id, lost.session.id]
    ended = done_apart(end_chosen(house, hank, number_of(house), ids, " lost\n laptop ", LATER))
    assert (ended.sessions_ended, ended.access_keys_ended, ended.access_keys_kept) == (2, 1, 0)
    assert how(house, lost.token, other.token, stays.token) == [
        "ended_by_operator",
        "ended_by_operator",
        "in",
    ]
    told = house.database.read_now(journal.before, number_of(house), None, 3)
    assert {each.event.facts["operator"] for each in told} == {str(number_of(house, HANK))}
    assert {each.event.personal["reason"] for each in told} == {"lost laptop"}
    record = house.database.read_now(deeds.before, None, 3).done
    assert {each.operator_called for each in record} == {"hank"}


def letters(means, kind="ended_by_operator"):
    due = means.database.read_now(outbox.due, LATER + timedelta(days=1), 50)
    return [each.fields for each in due if each.kind == kind]


@pytest.mark.guide("D10")
def test_the_owner_has_one_letter_with_what_ended_and_why_and_none_where_nothing_did(house):
    hank, lost, other = asking(house, HANK), begun(house, ADA), begun(house, ADA)
    key = done_apart(issue_key_for(house, ADA, Wish("backup", ("account:read",)), NOW)).key
    done_apart(end_chosen(house, hank, number_of(house), [lost.session.id, key.id], "lost laptop", NOW))
    with pytest.raises(errors.SessionAlreadyEnded):
        done_apart(end_chosen(house, hank, number_of(house), [lost.session.id], "again", NOW))
    for reason in ("stolen", "sent twice"):
        done_apart(end_everything(house, hank, number_of(house), reason, NOW))
    assert [
        (each["to"], each["sessions"], each["keys_ended"], each["reason"]) for each in letters(house)
    ] == [
        (ADA, "1", "1", "lost laptop"),
        (ADA, "1", "0", "stolen"),
    ]
    assert letters(house, "logged_out_everywhere") == []
    assert other.session.account_id == number_of(house)


def test_an_operator_who_ends_their_own_session_is_not_written_to(house):
    hank = asking(house, HANK)
    mine = begun(house, HANK)
    done_apart(end_chosen(house, hank, number_of(house, HANK), [mine.session.id], "old", NOW))
    assert letters(house) == []


@pytest.mark.guide("D10")
@pytest.mark.security("16.2.1")
def test_what_is_done_in_the_shell_stands_in_the_record_too_and_the_owner_is_written_to(house):
    one, key = begun(house, ADA), done_apart(issue_key_for(house, ADA, Wish("a", ("account:read",)), NOW)).key
    done_apart(operate.end_one(house, one.session.id, "lost phone", NOW))
    done_apart(revoke_any_key(house, key.id, NOW, "leaked"))
    done_apart(operate.end_all(house, ADA, "stolen", NOW))
    done_apart(operate.disable(house, ADA, NOW, "asked to"))
    done_apart(operate.enable(house, ADA, NOW, "asked to"))
    done_apart(operate.unlock(house, ADA, NOW))
    done_apart(set_password(house, ADA, "a whole new password of hers", NOW, "forgotten"))
    record = [
        each
        for each in house.database.read_now(deeds.before, None, 30).done
        if each.account_id == number_of(house)
    ]
    assert {(each.operator, each.event.facts["by"]) for each in record} == {(None, "operator")}
    assert sorted(each.event.kind.value for each in record) == [
        "access_key_issued", "access_key_revoked", "account_disabled", "account_enabled", "account_unlocked",
        "logged_out_everywhere", "password_changed", "session_revoked",
    ]  # fmt: skip
    assert [each["reason"] for each in letters(house)] == ["lost phone", "stolen"]


@pytest.mark.guide("D9", "R54")
def test_ending_again_is_safe_and_says_so(house):
    hank, one, two = asking(house, HANK), begun(house, ADA), begun(house, ADA)
    done_apart(end_chosen(house, hank, number_of(house), [one.session.id], "lost", NOW))
    ended = done_apart(
        end_chosen(house, hank, number_of(house), [one.session.id, two.session.id], "lost", NOW)
    )
    assert (ended.sessions_ended, ended.already_ended) == (1, 1)
    with pytest.raises(errors.SessionAlreadyEnded):
        done_apart(end_chosen(house, hank, number_of(house), [one.session.id], "lost", NOW))


def test_one_thing_that_is_not_there_and_nothing_ends(house):
    hank, mine, graces = asking(house, HANK), begun(house, ADA), begun(house, GRACE)
    for strange in (graces.session.id, "0" * 26):
        with pytest.raises(errors.NotFound):
            done_apart(end_chosen(house, hank, number_of(house), [mine.session.id, strange], "lost", NOW))
    for ids, reason in (
        ([], "lost"),
        ([mine.session.id], " "),
        ([mine.session.id], "x" * 501),
        (["\0"], "lost"),
    ):
        with pytest.raises(errors.InvalidInput):
            done_apart(end_chosen(house, hank, number_of(house), ids, reason, NOW))
    assert how(house, mine.token, graces.token) == ["in", "in"]


@pytest.mark.guide("D2", "D10", "D21", "R60")
def test_everything_ends_and_the_keys_only_where_they_are_named_too(house):
    hank, sessions = asking(house, HANK), [begun(house, ADA) for _ in range(3)]
    done_apart(issue_key_for(house, ADA, Wish("backup", ("account:read",)), NOW))
    ended = done_apart(end_everything(house, hank, number_of(house), "stolen", NOW))
    assert (ended.sessions_ended, ended.access_keys_kept, ended.access_keys_ended) == (3, 1, 0)
    assert set(how(house, *(each.token for each in sessions))) == {"ended_by_operator"}
    assert how(house, begun(house, ADA).token) == ["in"]
    ended = done_apart(end_everything(house, hank, number_of(house), "stolen", NOW, keys_too=True))
    assert (ended.sessions_ended, ended.access_keys_kept, ended.access_keys_ended) == (1, 0, 1)
    assert keys_of(house) == []


@pytest.mark.security("7.4.2", "attack-25")
def test_disabled_is_dead_and_enabling_revives_nothing(house):
    rosa, laptop = asking(house, ROSA), begun(house, ADA)
    done_apart(issue_key_for(house, ADA, Wish("backup", ("account:read",)), NOW))
    done_apart(disable_for(house, rosa, number_of(house), "left", NOW))
    assert how(house, laptop.token) == ["account_disabled"]
    with pytest.raises(errors.SignInRefused):
        begun(house, ADA)
    done_apart(enable_for(house, rosa, number_of(house), "came back", NOW))
    assert how(house, laptop.token) == ["account_disabled"]
    assert keys_of(house) == []
    assert how(house, begun(house, ADA).token) == ["in"]


@pytest.mark.security("attack-17", "8.2.1")
def test_the_last_owner_is_disabled_by_nobody_and_nobody_disables_themselves(house):
    rosa = asking(house, ROSA)
    with pytest.raises(OwnRole):
        done_apart(disable_for(house, rosa, number_of(house, ROSA), "x", NOW))
    done_apart(appoint_from_shell(house, HANK, Role.OWNER, NOW))
    hank = asking(house, HANK)
    done_apart(disable_for(house, hank, number_of(house, ROSA), "x", NOW))
    with pytest.raises(errors.NotSignedIn):
        done_apart(disable_for(house, rosa, number_of(house, HANK), "x", NOW))
    with pytest.raises(LastOwner):
        done_apart(dismiss_from_shell(house, HANK, NOW))


def test_of_two_owners_who_disable_each_other_at_once_one_can_still_sign_in(house):
    done_apart(appoint_from_shell(house, HANK, Role.OWNER, NOW))
    who = {ROSA: asking(house, ROSA), HANK: asking(house, HANK)}
    others = {ROSA: number_of(house, HANK), HANK: number_of(house, ROSA)}

    def disables(email):
        with contextlib.suppress(errors.Refused):
            done_apart(disable_for(house, who[email], others[email], "x", NOW))

    both = [threading.Thread(target=disables, args=(email,)) for email in who]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    states = [house.database.read_now(accounts.find_by_email, email).state.value for email in who]
    assert sorted(states) == ["active", "disabled"]


@pytest.mark.security("8.2.1", "attack-17")
def test_only_an_owner_acts_on_another_operator(house):
    hank, console = asking(house, HANK), begun(house, ROSA)
    with pytest.raises(RoleNeeded):
        done_apart(end_chosen(house, hank, number_of(house, ROSA), [console.session.id], "x", NOW))
    with pytest.raises(RoleNeeded):
        done_apart(reveal_address(house, hank, number_of(house, ROSA), console.session.id, "x", NOW))
    assert how(house, console.token) == ["in"]


@pytest.mark.guide("R11")
def test_a_revealed_address_is_the_full_one_and_of_what_has_ended_there_is_none(house):
    hank, laptop = asking(house, HANK), begun(house, ADA)
    shown = done_apart(reveal_address(house, hank, number_of(house), laptop.session.id, "court order", NOW))
    assert (shown.began, shown.last) == (BERLIN, BERLIN)
    [told] = house.database.read_now(journal.before, number_of(house), None, 1)
    assert (told.event.kind.value, told.event.subject) == ("address_revealed", laptop.session.id)
    assert BERLIN not in repr(told)
    done_apart(end_chosen(house, hank, number_of(house), [laptop.session.id], "lost", NOW))
    with pytest.raises(errors.SessionAlreadyEnded):
        done_apart(reveal_address(house, hank, number_of(house), laptop.session.id, "court order", NOW))


@pytest.mark.guide("D7")
def test_an_admin_session_lives_as_its_preset_says(house):
    strict = replace(house, lifetimes=PROFILES["admin-strict"])
    session = begun(strict, ROSA, AppType.ADMIN).session
    assert (session.idle, session.overall_until - NOW) == (timedelta(hours=1), timedelta(hours=12))
    assert begun(strict, ROSA).session.idle == timedelta(days=30)
