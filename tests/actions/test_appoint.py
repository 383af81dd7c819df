"""Who is an operator: appointed and dismissed, never by themselves, and never the last owner."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, PASSWORD, Clock, done_apart, recognised
from signedin.actions.appoint import (
    appoint,
    appoint_from_shell,
    dismiss,
    dismiss_from_shell,
    list_operators,
    operators_for_shell,
)
from signedin.actions.begin_session import Vouched, begin_session
from signedin.actions.issue_key import issue_service_key
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.rules.access_key import Wish
from signedin.rules.operator import LastOwner, OwnRole, Role, RoleNeeded
from signedin.rules.presence import Presence, Service
from signedin.rules.session import AppType
from signedin.store import accounts, deeds, operators

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
EVE = "eve@example.org"


@pytest.fixture
def house(means):
    """Ada is an owner, Grace a helper, Eve is nobody."""
    for email, role in ((ADA, Role.OWNER), (GRACE, Role.HELPER), (EVE, None)):
        done_apart(add_by_operator(means, Applicant(email, email[:3], PASSWORD), NOW))
        if role:
            done_apart(appoint_from_shell(means, email, role, NOW))
    return means


def asking(means, email, app_type=AppType.ADMIN):
    """Somebody who is signed in there."""
    session = done_apart(sign_in(means, email, PASSWORD, VISIT, Ticks(), NOW, app_type)).session
    return Presence(session.account_id, session.id, app_type, NOW)


def number_of(means, email):
    return means.database.read_now(accounts.find_by_email, email).id


def roles(means):
    return {account.email: role.value for account, role in done_apart(operators_for_shell(means))}


@pytest.mark.security("8.2.1", "attack-17")
def test_owners_appoint_and_dismiss_and_it_stands_in_the_history_and_in_the_record(house):
    ada = asking(house, ADA)
    done_apart(appoint(house, ada, EVE, Role.VIEWER, NOW + timedelta(minutes=1)))
    assert roles(house) == {ADA: "owner", GRACE: "helper", EVE: "viewer"}
    done_apart(dismiss(house, ada, number_of(house, GRACE), NOW + timedelta(minutes=2)))
    assert roles(house) == {ADA: "owner", EVE: "viewer"}
    last = house.database.read_now(deeds.before, None, 2).done
    told = {
        each.event.kind.value: (each.called, each.operator_called, each.event.facts["role"]) for each in last
    }
    assert told == {
        "operator_appointed": ("eve", "ada", "viewer"),
        "operator_dismissed": ("gra", "ada", "helper"),
    }


@pytest.mark.security("8.2.1", "attack-17")
@pytest.mark.parametrize("email", [GRACE, EVE])
def test_nobody_else_appoints_anybody_least_of_all_themselves(house, email):
    if email == EVE:
        with pytest.raises(errors.SignInRefused):
            asking(house, EVE)
        who = asking(house, EVE, AppType.WEB)
    else:
        who = asking(house, email)
    for target in (email, ADA):
        with pytest.raises(RoleNeeded) as refused:
            done_apart(appoint(house, who, target, Role.OWNER, NOW))
        assert refused.value.code == "insufficient_permission"
        with pytest.raises(RoleNeeded):
            done_apart(dismiss(house, who, number_of(house, target), NOW))
    assert roles(house) == {ADA: "owner", GRACE: "helper"}


@pytest.mark.security("attack-17")
def test_not_even_an_owner_changes_their_own_role(house):
    ada = asking(house, ADA)
    for role in Role:
        with pytest.raises(OwnRole):
            done_apart(appoint(house, ada, ADA, role, NOW))
    with pytest.raises(OwnRole):
        done_apart(dismiss(house, ada, number_of(house, ADA), NOW))


def test_the_last_owner_is_neither_dismissed_nor_lowered(house):
    for deed in (
        lambda: dismiss_from_shell(house, ADA, NOW),
        lambda: appoint_from_shell(house, ADA, Role.HELPER, NOW),
    ):
        with pytest.raises(LastOwner):
            done_apart(deed())
    done_apart(appoint_from_shell(house, GRACE, Role.OWNER, NOW))
    done_apart(dismiss_from_shell(house, ADA, NOW))
    assert roles(house) == {GRACE: "owner"}


def test_of_two_owners_who_dismiss_each_other_at_once_one_stays(house):
    done_apart(appoint_from_shell(house, GRACE, Role.OWNER, NOW))
    who = {ADA: asking(house, ADA), GRACE: asking(house, GRACE)}
    others, said = {ADA: number_of(house, GRACE), GRACE: number_of(house, ADA)}, []

    def dismisses(email):
        try:
            done_apart(dismiss(house, who[email], others[email], NOW))
        except errors.Refused as refusal:
            said.append(refusal.code)

    both = [threading.Thread(target=dismisses, args=(email,)) for email in who]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert len(roles(house)) == 1
    assert len(said) == 1


@pytest.mark.security("8.3.2", "7.4.1")
def test_who_is_dismissed_has_no_admin_session_left_and_keeps_their_own(house):
    own = done_apart(sign_in(house, GRACE, PASSWORD, VISIT, Ticks(), NOW))
    console = done_apart(sign_in(house, GRACE, PASSWORD, VISIT, Ticks(), NOW, AppType.ADMIN))
    done_apart(dismiss_from_shell(house, GRACE, NOW))
    found = recognised(house, own.token, console.token, now=NOW)
    assert [getattr(each, "reason", "in") for each in found] == ["in", "ended_by_operator"]


@pytest.mark.guide("D31")
def test_what_an_app_has_begun_for_somebody_is_over_when_they_become_an_operator(house):
    key = done_apart(
        issue_service_key(house, Wish("shop", ("sessions:begin",)), [AppType.WEB, AppType.ADMIN], NOW)
    ).key
    shop = Service(key.id, key.name, frozenset(key.scopes), frozenset(key.app_types))
    vouched = Vouched(str(number_of(house, EVE)), AppType.ADMIN)
    begun = done_apart(begin_session(house, shop, vouched, VISIT, NOW))
    own = done_apart(sign_in(house, EVE, PASSWORD, VISIT, Ticks(), NOW))
    done_apart(appoint_from_shell(house, EVE, Role.VIEWER, NOW))
    assert house.database.read_now(operators.acting, number_of(house, EVE), begun.session.id) is None
    assert getattr(recognised(house, own.token, now=NOW)[0], "reason", "in") == "in"


@pytest.mark.security("8.3.2", "attack-25")
def test_the_role_is_asked_for_at_every_request(house):
    grace = asking(house, GRACE)
    assert len(done_apart(list_operators(house, grace))) == 2
    house.database.write_now(operators.set_role, grace.account_id, None)
    with pytest.raises(RoleNeeded, match="Only operators"):
        done_apart(list_operators(house, grace))


def test_an_operator_of_before_there_were_roles_is_an_owner(tmp_path):
    from databases import empty_database_in
    from signedin.store import schema_version

    folder = tmp_path / "before"
    folder.mkdir()
    database = empty_database_in(folder)
    try:
        schema_version.upgrade(database, "0014")
        made = database.write_now(accounts.add, ADA, "Ada", NOW - timedelta(days=1))
        table = accounts.accounts
        database.write_now(lambda conn: conn.execute(table.update().values(operator_role="operator")))
        schema_version.upgrade(database)
        assert database.read_now(operators.role_of, made.id) is Role.OWNER
    finally:
        database.close()
