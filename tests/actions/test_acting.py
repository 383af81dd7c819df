"""Whoever is no operator any more has done what they did before that: no deed commits after a role was taken away."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from databases import ON_POSTGRES, only_on_postgres
from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart
from signedin.actions import operate
from signedin.actions.appoint import appoint, appoint_from_shell, dismiss_from_shell
from signedin.actions.end_for import end_chosen
from signedin.actions.end_many import begin_many, stop_many
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import (
    add_member,
    add_member_from_shell,
    make_from_shell,
    rename_organisation,
)
from signedin.actions.preview_many import preview_many
from signedin.actions.set_policy import clear_policy, set_policy, set_policy_from_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.actions.stop_for import disable_for, reveal_address
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.bulk import Wanted
from signedin.rules.operator import Role, RoleNeeded
from signedin.rules.policy_wish import Wish
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import accounts, deeds, operators

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
ROSA, HANK, CLUB = "rosa@signedin.example", "hank@signedin.example", "Tidewater Marine"
LONG_ENOUGH = 0.5
"""Seconds in which a change that waits for nobody is over."""


@pytest.fixture
def there(means):
    """Rosa and Hank are owners, Hank at the console; Ada belongs to an organisation with a rule, Grace to none."""
    for email, role in ((ROSA, Role.OWNER), (HANK, Role.OWNER), (ADA, None), (GRACE, None)):
        done_apart(add_by_operator(means, Applicant(email, email[:4], PASSWORD), NOW))
        if role:
            done_apart(appoint_from_shell(means, email, role, NOW))
    club = done_apart(make_from_shell(means, CLUB, NOW))
    done_apart(add_member_from_shell(means, CLUB, ADA, NOW))
    done_apart(set_policy_from_shell(means, CLUB, "web", Wish(most=9), NOW))
    laptop = done_apart(sign_in(means, ADA, PASSWORD, VISIT, Ticks(), NOW)).session
    console = done_apart(sign_in(means, HANK, PASSWORD, VISIT, Ticks(), NOW, AppType.ADMIN)).session
    hank = Presence(console.account_id, console.id, AppType.ADMIN, NOW)
    preview = done_apart(preview_many(means, hank, Wanted(everyone=True), NOW)).sealed
    ending = done_apart(begin_many(means, hank, preview, "why", NOW))
    return SimpleNamespace(
        means=means, hank=hank, ada=laptop.account_id, laptop=laptop.id, club=club.id, ending=ending.id,
        preview=done_apart(preview_many(means, hank, Wanted(frozenset({AppType.WEB})), NOW)).sealed,
    )  # fmt: skip


DEEDS = {
    "end one": lambda at: end_chosen(at.means, at.hank, at.ada, [at.laptop], "x", NOW),
    "reveal": lambda at: reveal_address(at.means, at.hank, at.ada, at.laptop, "x", NOW),
    "disable": lambda at: disable_for(at.means, at.hank, at.ada, "x", NOW),
    "appoint": lambda at: appoint(at.means, at.hank, GRACE, Role.VIEWER, NOW),
    "rename it": lambda at: rename_organisation(at.means, at.hank, at.club, "Another", NOW),
    "add a member": lambda at: add_member(at.means, at.hank, at.club, GRACE, NOW),
    "set a rule": lambda at: set_policy(at.means, at.hank, at.club, "web", Wish(most=2), NOW, BERLIN),
    "clear a rule": lambda at: clear_policy(at.means, at.hank, at.club, "web", NOW),
    "begin for many": lambda at: begin_many(at.means, at.hank, at.preview, "x", NOW),
    "stop it": lambda at: stop_many(at.means, at.hank, at.ending, NOW),
}
CHANGES = {
    "dismissed": lambda at: dismiss_from_shell(at.means, HANK, NOW),
    "another role": lambda at: appoint_from_shell(at.means, HANK, Role.VIEWER, NOW),
    "one organisation": lambda at: appoint_from_shell(at.means, HANK, Role.HELPER, NOW, CLUB),
    "disabled": lambda at: operate.disable(at.means, HANK, NOW),
}
ENDINGS = {
    "one session": lambda at: operate.end_one(at.means, at.hank.current_id, "x", NOW),
    "all sessions": lambda at: operate.end_all(at.means, HANK, "x", NOW),
}
EVERY_WAY = [(deed, "one session") for deed in DEEDS] + [
    ("end one", "all sessions"),
    ("reveal", "all sessions"),
]


def also(at, work):
    """Do that in another thread; returns that thread, and a list that what was refused is put into."""
    refused = []

    def does():
        try:
            done_apart(work(at))
        except errors.Refused as refusal:
            refused.append(refusal)

    thread = threading.Thread(target=does)
    thread.start()
    return thread, refused


def once(monkeypatch, name, happens, *, at_call=1):
    """Let something happen once, just after `operators` was asked that for the so manieth time."""
    really, times = getattr(operators, name), []

    def called(*args, **kw):
        answer = really(*args, **kw)
        times.append(name)
        if len(times) == at_call:
            happens()
        return answer

    monkeypatch.setattr(operators, name, called)


def asked_within(deed):
    """At which call it is asked in the deed's own transaction who acts."""
    return 2 if deed in ("set a rule", "clear a rule", "begin for many") else 1


@pytest.mark.security("8.3.2", "15.4.2")
@pytest.mark.parametrize(
    ("deed", "change"),
    [(deed, "dismissed") for deed in DEEDS] + [("end one", change) for change in CHANGES if change != "dismissed"],
)  # fmt: skip
def test_a_role_is_taken_away_after_the_deed_that_is_under_way_and_not_within_it(
    there, monkeypatch, deed, change
):
    under_way, is_over = [], []

    def taken_away_meanwhile():
        thread, refused = also(there, CHANGES[change])
        thread.join(LONG_ENOUGH)
        under_way.append((thread, refused))
        is_over.append(not thread.is_alive())

    once(monkeypatch, "acting", taken_away_meanwhile, at_call=asked_within(deed))
    done_apart(DEEDS[deed](there))
    [(thread, refused)] = under_way
    thread.join(30)
    assert is_over == [False], "taken away before what was done by it has committed"
    assert not refused


@pytest.mark.security("8.3.2", "15.4.2")
@pytest.mark.parametrize("change", [change for change in CHANGES if change != "disabled"])
def test_what_is_asked_while_a_role_is_taken_away_is_refused_once_it_is(there, monkeypatch, change):
    under_way = []
    once(monkeypatch, "set_role", lambda: under_way.append(also(there, DEEDS["disable"])))
    done_apart(CHANGES[change](there))
    [(thread, refused)] = under_way
    thread.join(30)
    assert [type(each) for each in refused] in ([RoleNeeded], [errors.NotSignedIn])
    assert there.means.database.read_now(accounts.find, there.ada).state.value == "active"


@only_on_postgres("On SQLite whoever writes is alone.")
def test_no_deed_waits_for_another_whose_account_it_does_not_touch(there, monkeypatch):
    is_over = []

    def another_meanwhile():
        thread, refused = also(there, DEEDS["rename it"])
        thread.join(30)
        is_over.append(not thread.is_alive() and not refused)

    once(monkeypatch, "acting", another_meanwhile)
    done_apart(DEEDS["end one"](there))
    assert is_over == [True]


@only_on_postgres("On SQLite whoever writes is alone.")
@pytest.mark.guide("R48")
@pytest.mark.security("7.4.1", "15.4.2")
@pytest.mark.parametrize(("deed", "ending"), EVERY_WAY)
def test_a_deed_whose_session_is_ended_while_it_waits_is_refused_and_leaves_nothing(
    there, monkeypatch, deed, ending
):
    left = []

    def ended_meanwhile():
        thread, refused = also(there, ENDINGS[ending])
        thread.join(30)
        assert not thread.is_alive(), "it waits for nobody who only waits"
        assert not refused
        left.append(recorded(there))

    once(monkeypatch, "acting", ended_meanwhile, at_call=asked_within(deed))
    with pytest.raises(errors.NotSignedIn):
        done_apart(DEEDS[deed](there))
    assert left == [recorded(there)]


@pytest.mark.guide("R48")
@pytest.mark.security("7.4.1", "15.4.2")
@pytest.mark.parametrize(("deed", "ending"), EVERY_WAY)
def test_an_operators_session_has_not_ended_while_a_deed_that_it_asked_for_commits(
    there, monkeypatch, deed, ending
):
    under_way, is_over = [], []

    def ended_meanwhile():
        thread, refused = also(there, ENDINGS[ending])
        thread.join(LONG_ENOUGH)
        under_way.append((thread, refused))
        is_over.append(not thread.is_alive())

    once(monkeypatch, "acting", ended_meanwhile, at_call=asked_within(deed) + ON_POSTGRES)  # the last time
    done_apart(DEEDS[deed](there))
    [(thread, refused)] = under_way
    thread.join(30)
    assert is_over == [False]
    assert not refused


@only_on_postgres("On SQLite whoever writes is alone.")
@pytest.mark.security("15.4.2")
@pytest.mark.parametrize("at_call", [1, 2])
def test_of_two_owners_who_end_each_others_session_at_once_one_does(there, monkeypatch, at_call):
    console = done_apart(sign_in(there.means, ROSA, PASSWORD, VISIT, Ticks(), NOW, AppType.ADMIN)).session
    rosa = Presence(console.account_id, console.id, AppType.ADMIN, NOW)
    by_rosa, by_hank = (
        lambda at: end_chosen(at.means, rosa, at.hank.account_id, [at.hank.current_id], "x", NOW),
        lambda at: end_chosen(at.means, at.hank, rosa.account_id, [rosa.current_id], "x", NOW),
    )
    others = []

    def another_meanwhile():
        thread, refused = also(there, by_rosa)
        thread.join(30 if at_call == 1 else LONG_ENOUGH)
        others.append((thread, refused))

    once(monkeypatch, "acting", another_meanwhile, at_call=at_call)
    thread, own = also(there, by_hank)
    thread.join(30)
    [(other, refused)] = others
    other.join(30)
    assert [type(each) for each in own + refused] == [errors.NotSignedIn]
    assert [type(each) for each in (own if at_call == 1 else refused)] == [errors.NotSignedIn]


def recorded(there):
    """What stands in the record of operators."""
    return [done.place for done in there.means.database.read_now(deeds.before, None, 100).done]
