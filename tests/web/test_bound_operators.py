"""Operators who are there for one organisation: every call, on whoever belongs to it and whoever does not.

What is another organisation's is to them like what never was: the same words, and nothing is changed.
"""

from __future__ import annotations

import pytest

from people import ADA, GRACE, Clock, done_apart
from routes import every_route, filled, still
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.end_many import begin_from_shell
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.preview_many import preview_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.rules.bulk import Wanted
from signedin.rules.operator import Role
from signedin.rules.policy_wish import Wish as Rule
from web.operators import at_the_console, number_of
from web.test_operator_matrix import World, said

pytestmark = pytest.mark.xdist_group("operator matrix")
MARINE, CALENDAR = "Tidewater Marine", "Tidewater Calendar"
VERA, HUGO, OLIVE, DORA, EVE = (f"{name}@example.org" for name in ("vera", "hugo", "olive", "dora", "eve"))
WHOSE = {"own": "", "ada": ADA, "owner": OLIVE, "eve": EVE, "grace": GRACE}
"""One's own account, Ada's and that of an owner, who all belong to Marine; Eve's, who belongs to another one, and
Grace's, who belongs to none."""
NEVER = "4611686018427387904"
TABLE = """
GET    /v1/admin/accounts                                          200/200/200/200/200  200/200/200/200/200
GET    /v1/admin/accounts/{person_id}                              200/200/200/404/404  200/200/200/404/404
GET    /v1/admin/accounts/{person_id}/access-keys                  200/200/200/404/404  200/200/200/404/404
GET    /v1/admin/accounts/{person_id}/sessions                     200/200/200/404/404  200/200/200/404/404
GET    /v1/admin/accounts/{person_id}/rules                        200/200/200/404/404  200/200/200/404/404
GET    /v1/admin/deeds                                             200/200/200/200/200  200/200/200/200/200
GET    /v1/admin/endings                                           200/200/200/200/200  200/200/200/200/200
GET    /v1/admin/endings/{ending_id}                               404/404/404/404/404  404/404/404/404/404
GET    /v1/admin/health                                            V/V/V/V/V            V/V/V/V/V
GET    /v1/admin/operators                                         200/200/200/200/200  200/200/200/200/200
GET    /v1/admin/organisations                                     200/200/200/200/200  200/200/200/200/200
GET    /v1/admin/organisations/{organisation_id}                   200/200/200/404/404  200/200/200/404/404
GET    /v1/admin/organisations/{organisation_id}/members           200/200/200/404/404  200/200/200/404/404
GET    /v1/admin/overview                                          200/200/200/200/200  200/200/200/200/200
GET    /v1/admin/overview.csv                                      200/200/200/200/200  200/200/200/200/200
POST   /v1/admin/accounts/{person_id}/end                          H/H/H/H/H            200!/200!/O/404/404
POST   /v1/admin/accounts/{person_id}/logout-all                   H/H/H/H/H            409/200!/O/404/404
POST   /v1/admin/accounts/{person_id}/sessions/{row_id}/reveal     H/H/H/H/H            200!/200!/O/404/404
"""
"""For a viewer and a helper of Marine, on each account; V is 403 for whoever is there for one organisation alone; what is not named here is an owner's, whoever it is about."""
OWNERS = "O/O/O/O/O"


def table():
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (method, path): dict(zip(("viewer", "helper"), cells, strict=True)) for method, path, *cells in lines
    }


EXPECTED = table()


class Bound(World):
    """Two organisations, and a viewer and a helper who are there for the first."""

    def __init__(self, house):
        self.house, self.keys = house, {}
        means, now = house.means, house.clock()
        self.emails = {"viewer": VERA, "helper": HUGO}
        for email in (ADA, GRACE, VERA, HUGO, OLIVE, DORA, EVE):
            house.somebody(email, email[:4].title())
        done_apart(appoint_from_shell(means, OLIVE, Role.OWNER, now))
        members = {MARINE: (ADA, VERA, HUGO, OLIVE, DORA), CALENDAR: (EVE, DORA)}
        self.numbers = {name: str(done_apart(make_from_shell(means, name, now)).id) for name in members}
        for name, some in members.items():
            for email in some:
                done_apart(add_member_from_shell(means, name, email, now))
        for role, email in self.emails.items():
            done_apart(appoint_from_shell(means, email, Role(role), now, MARINE))
        self.consoles = {role: at_the_console(house, email) for role, email in self.emails.items()}
        self.owner = at_the_console(house, OLIVE)

    def organisation(self, how, email):
        return self.numbers[MARINE if email not in {EVE, GRACE} else CALENDAR] if email != GRACE else NEVER

    def of(self, asking, path):
        return self.consoles[asking].open(path)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with still(tmp_path_factory.mktemp("bound"), Clock()) as house:
        yield Bound(house)


def every_call(house):
    return {how for how in every_route(house) if how[1].startswith("/v1/admin/")}


def expected(how, asking):
    return EXPECTED[how][asking] if how in EXPECTED else OWNERS


@pytest.mark.security("8.2.1", "8.2.2", "8.3.2", "attack-17")
@pytest.mark.guide("D11", "R86")
@pytest.mark.parametrize("asking", ["viewer", "helper"])
def test_each_call_of_a_bound_operator_is_answered_by_the_table_and_changes_nothing_else(world, asking):
    wrong = {}
    for how in sorted(every_call(world.house)):
        found = []
        for email in WHOSE.values():
            answer, is_changed = world.asked(asking, how, email or world.emails[asking])
            found.append(said(answer, is_changed=is_changed))
        if "/".join(found) != expected(how, asking):
            wrong[how] = "/".join(found)
    assert wrong == {}


def test_every_line_of_the_table_is_a_call_that_there_is(world):
    assert set(EXPECTED) <= every_call(world.house)


@pytest.mark.security("8.2.1", "8.2.2", "attack-17")
@pytest.mark.parametrize("asking", ["viewer", "helper"])
def test_what_is_anothers_is_told_in_the_words_of_what_never_was(world, asking):
    reads = [how for how in EXPECTED if how[0] == "GET" and "_id}" in how[1]]
    for _, path in reads:
        never = world.of(asking, filled(path, person_id=NEVER, organisation_id=NEVER, ending_id="0" * 24))
        for email in (EVE, GRACE):
            number, other = str(number_of(world.house, email)), world.numbers[CALENDAR]
            _, ending = world.ending(is_stopped=False) if "endings" in path else ("", "")
            answer = world.of(asking, filled(path, "0" * 26, number, other, ending))
            assert (answer.status_code, answer.json()) == (404, never.json()), path
            page = world.of(asking, filled(path, "0" * 26, number, other, ending).removeprefix("/v1"))
            assert page.status_code in {404, 405}, path  # some have no page


@pytest.mark.security("8.2.1", "8.2.2", "attack-17")
@pytest.mark.parametrize("asking", ["viewer", "helper"])
def test_the_lists_hold_what_belongs_to_the_organisation_and_nothing_of_another(world, asking):
    means, now = world.house.means, world.house.clock()
    shown = done_apart(preview_from_shell(means, Wanted(everyone=True), now)).sealed
    done_apart(begin_from_shell(means, shown, "a drill of everybody", now))
    done_apart(set_policy_from_shell(means, CALENDAR, "web", Rule(most=7), now))
    done_apart(set_policy_from_shell(means, MARINE, "web", Rule(most=8), now))
    done_apart(appoint_from_shell(means, EVE, Role.VIEWER, now, CALENDAR))
    made = world.owner.http.post(
        "/v1/admin/organisations", json={"name": f"Harbour {asking}"}, headers=world.owner.own()
    )
    assert made.status_code == 201
    found = {
        name: world.of(asking, f"/v1/admin/{name}").json()["items"]
        for name in ("endings", "deeds", "operators", "organisations")
    }
    assert found["endings"] == []
    assert [each["name"] for each in found["organisations"]] == [MARINE]
    assert {each["email"] for each in found["operators"]} == {OLIVE, VERA, HUGO}
    members = {str(number_of(world.house, email)) for email in (ADA, VERA, HUGO, OLIVE, DORA)}
    assert {each["account_id"] for each in found["deeds"]} <= members
    told = str(found["deeds"]) + world.of(asking, "/admin").text + world.of(asking, "/admin/endings").text
    assert MARINE in told
    for hidden in (CALENDAR, world.numbers[CALENDAR], "Harbour", "bulk_", "a drill of everybody", EVE):
        assert hidden not in told
    assert CALENDAR in str(world.owner.open("/v1/admin/deeds?limit=200").json())


@pytest.mark.security("8.2.1", "attack-17")
@pytest.mark.parametrize("asking", ["viewer", "helper"])
def test_the_search_finds_members_alone(world, asking):
    every = {
        email: str(number_of(world.house, email)) for email in (ADA, GRACE, VERA, HUGO, OLIVE, DORA, EVE)
    }
    theirs = {every[email] for email in (EVE, GRACE)}
    for email, number in every.items():
        for words in (email, email[:4], number):
            items = world.of(asking, f"/v1/admin/accounts?q={words}").json()["items"]
            assert {each["id"] for each in items}.isdisjoint(theirs), words
            assert (number in {each["id"] for each in items}) == (number not in theirs), words
