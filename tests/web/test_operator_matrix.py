"""Every deed of operators, by everybody with a role, on their own and on others' accounts: one table has each answer.

The routes are those of the application: one that is not in the table fails the test.
"""

from __future__ import annotations

import secrets

import pytest

from people import ADA, GRACE, SAFARI_ON_IPHONE, Clock, done_apart
from routes import every_route, filled, fingerprint, still
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.end_many import begin_from_shell, stop_from_shell
from signedin.actions.issue_key import issue_service_key
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.preview_many import preview_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.rules.access_key import Wish
from signedin.rules.bulk import Wanted
from signedin.rules.operator import Role
from signedin.rules.policy_wish import Wish as Rule
from signedin.rules.session import AppType
from web.operators import at_the_console, number_of

pytestmark = pytest.mark.xdist_group("operator matrix")
WHOSE = ("own", "ada", "peer")
"""The account that is acted on: one's own, that of Ada, who is no operator, and that of a peer, an owner."""

TABLE = """
GET    /v1/admin/accounts                                          200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/accounts/{person_id}                              200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/accounts/{person_id}/access-keys                  200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/accounts/{person_id}/sessions                     200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/deeds                                             200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/endings                                           200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/endings/{ending_id}                               200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/health                                            200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/operators                                         200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/overview                                          200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/overview.csv                                      200/200/200  200/200/200  200/200/200  200/200  200/200
POST   /v1/admin/accounts/{person_id}/end                          H/H/H        200!/200!/O  200!/200!/200!  S/S  200!/O
POST   /v1/admin/accounts/{person_id}/logout-all                   H/H/H        409/200!/O   409/200!/200!  S/S  200!/O
POST   /v1/admin/accounts/{person_id}/sessions/{row_id}/reveal     H/H/H        200!/200!/O  200!/200!/200!  S/S  200!/O
POST   /v1/admin/endings/preview                                   O/O/O        O/O/O        200/200/200  O/O  O/O
POST   /v1/admin/endings                                           O/O/O        O/O/O        200!/200!/200!  O/O  O/O
POST   /v1/admin/endings/{ending_id}/stop                          O/O/O        O/O/O        200!/200!/200!  O/O  O/O
POST   /v1/admin/endings/{ending_id}/resume                        O/O/O        O/O/O        200!/200!/200!  O/O  O/O
GET    /v1/admin/accounts/{person_id}/rules                        200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/organisations                                     200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/organisations/{organisation_id}                   200/200/200  200/200/200  200/200/200  200/200  200/200
GET    /v1/admin/organisations/{organisation_id}/members           200/200/200  200/200/200  200/200/200  200/200  200/200
POST   /v1/admin/organisations                                     O/O/O        O/O/O        201!/201!/201!  O/O  O/O
PATCH  /v1/admin/organisations/{organisation_id}                   O/O/O        O/O/O        200!/200!/200!  O/O  O/O
DELETE /v1/admin/organisations/{organisation_id}                   O/O/O        O/O/O        204!/204!/204!  O/O  O/O
POST   /v1/admin/organisations/{organisation_id}/members           O/O/O        O/O/O        200!/200!/200!  O/O  O/O
DELETE /v1/admin/organisations/{organisation_id}/members/{person_id}    O/O/O   O/O/O        204!/204!/204!  O/O  O/O
PUT    /v1/admin/organisations/{organisation_id}/rules/{app_type}       O/O/O   O/O/O        200!/200!/200!  O/O  O/O
DELETE /v1/admin/organisations/{organisation_id}/rules/{app_type}       O/O/O   O/O/O        204!/204!/204!  O/O  O/O
PATCH  /v1/admin/accounts/{person_id}                              O/O/O        O/O/O        409/200!/200!  O/O  O/O
POST   /v1/admin/operators                                         O/O/O        O/O/O        409/200!/200!  O/O  O/O
DELETE /v1/admin/operators/{person_id}                             O/O/O        O/O/O        409/404/204!  O/O  O/O
"""
"""For viewer, helper, owner: on their own account, on Ada's, on a peer's; for a service key with admin:read and one with
both scopes: on Ada's and on an operator's. H and O are 403 that name the role helper or owner, S is 403 without the
scope, `!` changes something and nothing else does."""
ASKING = (*Role, "reads", "manages")


def new_name():
    """What no organisation is called yet."""
    return f"Harbour {secrets.token_hex(6)}"


def table():
    lines = [line.split() for line in TABLE.strip().splitlines()]
    return {(method, path): dict(zip(map(str, ASKING), cells, strict=True)) for method, path, *cells in lines}


EXPECTED = table()


class World:
    """Operators of each role, and two service keys; what is acted on is made anew for each request."""

    def __init__(self, house):
        self.house = house
        for email, name in ((ADA, "Ada Lovelace"), (GRACE, "Grace Hopper")):
            house.somebody(email, name)
        self.emails = {role.value: f"{role.value}@example.org" for role in Role}
        for role, email in self.emails.items():
            house.somebody(email, role)
            done_apart(appoint_from_shell(house.means, email, Role(role), house.clock()))
        self.consoles = {role: at_the_console(house, email) for role, email in self.emails.items()}
        self.keys = {"reads": self.key("admin:read"), "manages": self.key("admin:read", "admin:manage")}

    def key(self, *scopes):
        made = issue_service_key(self.house.means, Wish("desk", scopes), [AppType.WEB], self.house.clock())
        return done_apart(made).token

    def whose(self, asking, whose):
        """The address of the account that is acted on, as it has to be."""
        if whose == "own":
            return self.emails[asking]
        if whose == "peer":
            done_apart(appoint_from_shell(self.house.means, GRACE, Role.OWNER, self.house.clock()))
            return GRACE
        return ADA

    def asked(self, asking, how, email):
        method, path = how
        number, row = number_of(self.house, email), ""
        if "{row_id}" in path or path.endswith(("/end", "/logout-all")) or "endings" in path:
            row = self.house.signed_in(SAFARI_ON_IPHONE, email=email).current()["id"]
        is_begun = path.endswith("/v1/admin/endings") and method == "POST"
        shown, ending = self.ending(path.endswith("/resume")) if "endings" in path else ("", "")
        organisation = self.organisation(how, email) if "{organisation_id}" in path else ""
        path = filled(path, row, str(number), organisation, ending)
        bodies = {
            "/end": {"ids": [row], "reason": "lost"}, "/logout-all": {"reason": "lost"}, "/reveal": {"reason": "lost"},
            "/operators": {"email": email, "role": "viewer"}, "/preview": {"everyone": True},
        }  # fmt: skip
        bodies |= {
            "/members": {"email": email},
            "/rules/all": {"most": 9},
            "/organisations": {"name": new_name()},
        }
        bodies |= {f"/organisations/{organisation}": {"name": new_name()}}
        body = next((sent for end, sent in bodies.items() if path.endswith(end)), None)
        body = {"preview": shown, "reason": "withdrawn"} if is_begun else body
        body = {"state": "disabled", "reason": "left"} if method == "PATCH" and "accounts" in path else body
        more = {"json": body} if body is not None and method not in {"GET", "DELETE"} else {}
        if path.endswith("/v1/admin/accounts"):
            more = {"params": {"q": email}}
        before = fingerprint(self.house, without=("activity",))
        answer = self.sent(asking, method, path, **more)
        return answer, fingerprint(self.house, without=("activity",)) != before

    def sent(self, asking, method, path, **more):
        if asking in self.keys:
            headers = {"authorization": f"Bearer {self.keys[asking]}"}
            return self.house.browser().http.request(method, path, headers=headers, **more)
        console = self.consoles[asking]
        return console.http.request(method, path, headers=console.own() if method != "GET" else {}, **more)

    def ending(self, is_stopped):
        """A preview that was not begun, and the id of an ending for many that was, and perhaps stopped."""
        means, now = self.house.means, self.house.clock()
        shown, begun = (
            done_apart(preview_from_shell(means, Wanted(everyone=True), now)).sealed for _ in range(2)
        )
        ending = done_apart(begin_from_shell(means, begun, "a drill", now)).id
        if is_stopped:
            done_apart(stop_from_shell(means, ending, now))
        return shown, ending

    def organisation(self, how, email):
        """The number of a new one, with what is to be taken from it, and nothing else."""
        means, now, name = self.house.means, self.house.clock(), new_name()
        made = done_apart(make_from_shell(means, name, now))
        if how[0] == "DELETE" and "members" in how[1]:
            done_apart(add_member_from_shell(means, name, email, now))
        if how[0] == "DELETE" and "rules" in how[1]:
            done_apart(set_policy_from_shell(means, name, "all", Rule(most=9), now))
        return str(made.id)

    def mend(self, email):
        """As it was: enabled, and with the role it had."""
        owner = self.consoles["owner"]
        owner.http.patch(
            f"/v1/admin/accounts/{number_of(self.house, email)}", json={"state": "active", "reason": "as it was"},
            headers=owner.own(),
        )  # fmt: skip
        if email == ADA:
            owner.http.delete(f"/v1/admin/operators/{number_of(self.house, email)}", headers=owner.own())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with still(tmp_path_factory.mktemp("operators"), Clock()) as house:
        yield World(house)


def said(answer, *, is_changed):
    """What the table says of an answer."""
    if answer.status_code == 403:
        problem = answer.json()
        assert problem["code"] == "insufficient_permission"
        if "role" not in problem:
            return "S" if "insufficient_scope" in answer.headers["www-authenticate"] else "403"
        return {"viewer": "V", "helper": "H", "owner": "O"}[problem["role"]] + "!" * is_changed
    return str(answer.status_code) + "!" * is_changed


def test_every_call_of_operators_has_a_line_in_the_table(world):
    assert set(EXPECTED) == {how for how in every_route(world.house) if how[1].startswith("/v1/admin/")}


@pytest.mark.security("7.4.5", "8.2.1", "8.2.2", "8.3.2", "attack-17", "attack-25")
@pytest.mark.guide("D11", "D5", "R86")
@pytest.mark.parametrize("asking", [str(each) for each in ASKING])
@pytest.mark.parametrize("how", EXPECTED, ids=" ".join)
def test_each_role_gets_the_answer_of_the_table_and_nothing_else_is_changed(world, how, asking):
    accounts = WHOSE if asking in world.consoles else WHOSE[1:]
    found = []
    for whose in accounts:
        email = world.whose(asking, whose)
        answer, is_changed = world.asked(asking, how, email)
        found.append(said(answer, is_changed=is_changed))
        if is_changed:
            world.mend(email)
    assert "/".join(found) == EXPECTED[how][asking]
