"""Every call, made by everybody: each cell of the table has the answer that is written here, and no call is left out."""

from __future__ import annotations

import asyncio

import pytest

from callers import OF_SESSIONS
from people import ADA, BERLIN, CHROME_ON_MACOS, GRACE, Clock, done_apart
from routes import every_route, still
from signedin.actions import operate
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.actions.revoke_key import revoke_any_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES, PERSONAL
from signedin.rules.session import AppType
from signedin.server.app import calls

pytestmark = pytest.mark.xdist_group("who may")

NOBODY = ("anonymous", "garbage", "revoked session", "logged out", "revoked key", "revoked service", "disabled",
          "a key in the cookie", "a session's cookie as bearer", "a begun session in the cookie", "two at once")  # fmt: skip
SESSIONS = ("cookie", "begun web", "begun mobile", "begun admin", "begun sync")
KEYS = ("key with all", "key without", "service with all", "service without")
WHO = (*NOBODY, *SESSIONS, "cookie from elsewhere", *KEYS)

PERSON, SESSION, SERVICE, OPERATOR, ANYBODY = "person", "session", "service", "operator", "anybody"
ROUTES = {
    ("GET", "/v1/account"): (PERSON, "account:read"),
    ("GET", "/v1/activity"): (PERSON, "activity:read"),
    ("GET", "/v1/sessions"): (PERSON, "sessions:read"),
    ("GET", "/v1/sessions/current"): (PERSON, "sessions:read"),
    ("GET", "/v1/sessions/events"): (PERSON, "sessions:read"),
    ("GET", "/v1/sessions/{row_id}"): (PERSON, "sessions:read"),
    ("DELETE", "/v1/sessions/{row_id}"): (SESSION, "sessions:manage"),
    ("DELETE", "/v1/sessions/current"): (SESSION, ""),
    ("POST", "/v1/sessions/logout-all"): (SESSION, "sessions:manage"),
    ("POST", "/v1/sessions/current/ticket"): (SESSION, ""),
    ("GET", "/v1/access-keys"): (PERSON, "keys:read"),
    ("POST", "/v1/access-keys"): (SESSION, ""),
    ("DELETE", "/v1/access-keys/{row_id}"): (SESSION, ""),
    ("GET", "/v1/accounts"): (SERVICE, "accounts:read"),
    ("POST", "/v1/accounts"): (SERVICE, "accounts:manage"),
    ("GET", "/v1/accounts/{account_id}"): (SERVICE, "accounts:read"),
    ("PATCH", "/v1/accounts/{account_id}"): (SERVICE, "accounts:manage"),
    ("DELETE", "/v1/accounts/{account_id}"): (SERVICE, "accounts:manage"),
    ("GET", "/v1/accounts/{account_id}/sessions"): (SERVICE, "accounts:read"),
    ("POST", "/v1/accounts/{account_id}/sessions"): (SERVICE, "sessions:begin"),
    ("DELETE", "/v1/accounts/{account_id}/sessions"): (SERVICE, "sessions:manage"),
    ("GET", "/v1/feed"): (SERVICE, "sessions:check"),
    ("POST", "/v1/feed/ack"): (SERVICE, "sessions:check"),
    ("POST", "/v1/leaked-tokens"): (ANYBODY, ""),
    ("GET", "/v1/admin/accounts"): (OPERATOR, "admin:read"),
    ("GET", "/v1/admin/accounts/{person_id}"): (OPERATOR, "admin:read"),
    ("PATCH", "/v1/admin/accounts/{person_id}"): (OPERATOR, ""),
    ("GET", "/v1/admin/accounts/{person_id}/access-keys"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/accounts/{person_id}/end"): (OPERATOR, "admin:manage"),
    ("POST", "/v1/admin/accounts/{person_id}/logout-all"): (OPERATOR, "admin:manage"),
    ("GET", "/v1/admin/accounts/{person_id}/sessions"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/accounts/{person_id}/sessions/{row_id}/reveal"): (OPERATOR, "admin:manage"),
    ("GET", "/v1/admin/deeds"): (OPERATOR, "admin:read"),
    ("GET", "/v1/admin/endings"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/endings"): (OPERATOR, ""),
    ("GET", "/v1/admin/endings/{ending_id}"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/endings/{ending_id}/resume"): (OPERATOR, ""),
    ("POST", "/v1/admin/endings/{ending_id}/stop"): (OPERATOR, ""),
    ("POST", "/v1/admin/endings/preview"): (OPERATOR, ""),
    ("GET", "/v1/admin/health"): (OPERATOR, "admin:read"),
    ("GET", "/v1/admin/overview"): (OPERATOR, "admin:read"),
    ("GET", "/v1/admin/overview.csv"): (OPERATOR, "admin:read"),
    ("GET", "/v1/admin/operators"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/operators"): (OPERATOR, ""),
    ("DELETE", "/v1/admin/operators/{person_id}"): (OPERATOR, ""),
    ("GET", "/v1/admin/organisations"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/organisations"): (OPERATOR, ""),
    ("DELETE", "/v1/admin/organisations/{organisation_id}"): (OPERATOR, ""),
    ("GET", "/v1/admin/organisations/{organisation_id}"): (OPERATOR, "admin:read"),
    ("PATCH", "/v1/admin/organisations/{organisation_id}"): (OPERATOR, ""),
    ("GET", "/v1/admin/organisations/{organisation_id}/members"): (OPERATOR, "admin:read"),
    ("POST", "/v1/admin/organisations/{organisation_id}/members"): (OPERATOR, ""),
    ("DELETE", "/v1/admin/organisations/{organisation_id}/members/{person_id}"): (OPERATOR, ""),
    ("DELETE", "/v1/admin/organisations/{organisation_id}/rules/{app_type}"): (OPERATOR, ""),
    ("PUT", "/v1/admin/organisations/{organisation_id}/rules/{app_type}"): (OPERATOR, ""),
    ("GET", "/v1/admin/accounts/{person_id}/rules"): (OPERATOR, "admin:read"),
}
"""Who may make each call, and with which scope. A call that is not named here fails the test."""
NO_SUCH = "0" * 26
LET_IN = {
    ("GET", "/v1/sessions/{row_id}"): 404, ("DELETE", "/v1/sessions/{row_id}"): 404,
    ("DELETE", "/v1/access-keys/{row_id}"): 404,
    **{how: 404 for how in ROUTES if "{account_id}" in how[1]},
}  # fmt: skip
"""Whoever may make the call is told of an id that there is not; other calls are mistaken in one field, and say so."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with still(tmp_path_factory.mktemp("who"), Clock()) as house:
        for email in (ADA, GRACE, "eve@example.org"):
            house.somebody(email)
        yield World(house)


class World:
    """One house with a credential of each kind, living and dead."""

    def __init__(self, house):
        self.house, self.base = house, house.base_url
        laptop = house.signed_in()
        self.own = laptop.own()
        keys = {
            name: self.key(*scopes) for name, scopes in {"all": PERSONAL, "none": ("account:read",)}.items()
        }
        keys["other"] = self.key("keys:read")
        service = self.service(*OF_SERVICES)
        begun = {each.value: self.begin(service, each) for each in OF_SESSIONS}
        self.sent = {
            "anonymous": {}, "garbage": bearer("sgn_key_" + "x" * 61),
            "revoked session": self.cookie(self.revoked()), "logged out": self.cookie(self.logged_out()),
            "revoked key": bearer(self.revoked_key()), "revoked service": bearer(self.revoked_service()),
            "disabled": self.cookie(self.disabled()),
            "a key in the cookie": self.cookie(keys["all"]), "a session's cookie as bearer": bearer(laptop.secret),
            "a begun session in the cookie": self.cookie(begun["web"]),
            "two at once": self.cookie(laptop.secret) | bearer(keys["all"]),
            "cookie": self.cookie(laptop.secret),
            "cookie from elsewhere": {"cookie": f"signedin={laptop.secret}", "sec-fetch-site": "cross-site",
                                      "origin": "https://evil.example"},
            **{f"begun {each}": bearer(token) for each, token in begun.items()},
            "key with all": bearer(keys["all"]), "service with all": bearer(service),
        }  # fmt: skip
        self.lesser = {"account:read": bearer(keys["other"]), "": bearer(keys["none"])}
        self.services = {
            scope: bearer(self.service(*(each for each in OF_SERVICES if each != scope)))
            for scope in OF_SERVICES
        }

    def cookie(self, secret):
        return self.own | {"cookie": f"signedin={secret}"}

    def key(self, *scopes, email=ADA):
        made = issue_key_for(self.house.means, email, Wish("backup", scopes), self.house.clock())
        return done_apart(made).token

    def service(self, *scopes, name="shop"):
        made = issue_service_key(self.house.means, Wish(name, scopes), OF_SESSIONS, self.house.clock())
        return done_apart(made).token

    def begin(self, service, app_type: AppType):
        person = {"app_type": app_type.value, "address": BERLIN, "user_agent": CHROME_ON_MACOS}
        answer = self.ask("POST", "/v1/accounts/outside:anna/sessions", bearer(service), json=person)
        return answer.json()["token"]

    def revoked(self):
        browser, other = self.house.signed_in(), self.house.signed_in()
        other.revoke(browser.current()["id"])
        return browser.secret

    def logged_out(self):
        browser = self.house.signed_in()
        secret = browser.secret
        browser.log_out()
        return secret

    def disabled(self):
        secret = self.house.signed_in(email="eve@example.org").secret
        asyncio.run(operate.disable(self.house.means, "eve@example.org", self.house.clock()))
        return secret

    def revoked_key(self):
        made = done_apart(issue_key_for(self.house.means, ADA, Wish("x", PERSONAL), self.house.clock()))
        done_apart(revoke_any_key(self.house.means, made.key.id, self.house.clock()))
        return made.token

    def revoked_service(self):
        made = done_apart(
            issue_service_key(self.house.means, Wish("x", OF_SERVICES), OF_SESSIONS, self.house.clock())
        )
        done_apart(revoke_any_key(self.house.means, made.key.id, self.house.clock()))
        return made.token

    def headers(self, who, scope):
        """What that caller sends with a call that needs this scope."""
        if who == "key without":
            return self.lesser.get(scope, self.lesser[""])
        if who == "service without":
            return self.services.get(scope, self.services["sessions:check"])
        return self.sent[who]

    def ask(self, method, path, headers, **more):
        with self.house.browser("httpx/1.0", "192.0.2.20").http as http:
            return http.request(method, path, headers=headers, **more)


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def documented(how, who):
    """The answer that the table and the docs give, as (status, code)."""
    kind, _ = ROUTES[how]
    let_in = (LET_IN[how], "not_found") if how in LET_IN else (422, "unknown_field")
    if kind == ANYBODY:
        return 422, "unknown_field"
    if kind == OPERATOR:
        return of_operators(who, ROUTES[how][1], let_in)
    if who in NOBODY:
        return 401, "not_signed_in"
    if who == "cookie from elsewhere" and how[0] == "GET":
        return 401, "not_signed_in"
    if who == "cookie from elsewhere" and "feed" not in how[1]:
        return 403, "cross_site_request"
    if kind == SERVICE:
        return let_in if who == "service with all" else (403, "insufficient_permission")
    if who in SESSIONS or who == "cookie from elsewhere":
        return let_in
    return let_in if kind == PERSON and who == "key with all" else (403, "insufficient_permission")


def of_operators(who, scope, let_in):
    """A person's own cookie is not read there; whatever is a bearer's is somebody, and no operator."""
    if who in ("cookie", "cookie from elsewhere") or (who in NOBODY and who != "two at once"):
        return 401, "not_signed_in"
    return let_in if who == "service with all" and scope else (403, "insufficient_permission")


def test_every_call_there_is_stands_in_the_table_and_no_other(world):
    assert set(ROUTES) == {each for each in every_route(world.house) if each[1].startswith("/v1/")}


def test_the_table_says_what_the_description_says():
    told = {(str(next(iter(route.http_methods))), next(iter(route.paths)).replace(":str", "")): route.opt["call"]
            for route in calls()}  # fmt: skip
    for how, (kind, scope) in ROUTES.items():
        assert told[how].by.value == kind, how
        if kind in (PERSON, SERVICE, OPERATOR):
            assert told[how].scope == scope, how


@pytest.mark.security("8.2.1", "8.2.2", "8.4.1", "attack-17", "SM-2", "T2")
@pytest.mark.guide("R5", "D3", "D11", "D31")
@pytest.mark.parametrize("how", ROUTES, ids=" ".join)
def test_each_caller_gets_the_documented_answer(world, how):
    method, path = how
    mistaken = how not in LET_IN
    path = path.replace("{row_id}", NO_SUCH).replace("{account_id}", "1").replace("{person_id}", "1")
    path = (
        path.replace("{organisation_id}", "1").replace("{app_type}", "all").replace("{ending_id}", "0" * 24)
    )
    if method == "POST" and how in LET_IN:
        person = {"app_type": "web", "address": BERLIN}
    for who in WHO:
        more = {"params": {"colour": "blue"}} if mistaken else {}
        if method in ("POST", "PATCH"):
            more["json"] = person if method == "POST" and how in LET_IN else {}
        answer = world.ask(method, path, world.headers(who, ROUTES[how][1]), **more)
        assert (answer.status_code, answer.json()["code"]) == documented(how, who), who
        assert answer.headers["content-type"] == "application/problem+json", who
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"].startswith("Session error="), who


@pytest.mark.guide("D12", "R26")
@pytest.mark.security("attack-17", "8.2.2")
@pytest.mark.parametrize("who", WHO)
def test_a_guarded_app_is_opened_by_a_session_of_its_app_type_and_by_nothing_else(world, who):
    for app_type in OF_SESSIONS:
        answer = world.ask(
            "GET", f"/v1/check?app_type={app_type.value}", world.headers(who, "sessions:check")
        )
        own = {"cookie": "web", "cookie from elsewhere": "web"}.get(who, who.removeprefix("begun "))
        assert answer.status_code == (200 if own == app_type.value else 401), app_type
    by_scope = world.ask("GET", "/v1/check?scope=account:read", world.headers(who, "account:read"))
    opened = by_scope.status_code == 200
    assert opened == (who in ("cookie", "cookie from elsewhere", "begun web", "key with all"))


@pytest.mark.guide("R5")
@pytest.mark.security("8.2.2")
def test_what_is_anothers_is_as_if_it_never_was(world):
    graces = world.house.signed_in(email=GRACE)
    key = done_apart(issue_key_for(world.house.means, GRACE, Wish("hers", PERSONAL), world.house.clock())).key
    row = graces.current()["id"]
    for method, path in (("GET", f"/v1/sessions/{row}"), ("DELETE", f"/v1/sessions/{row}"),
                         ("DELETE", f"/v1/access-keys/{key.id}")):  # fmt: skip
        for who in SESSIONS:
            answer = world.ask(method, path, world.sent[who])
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path, who)
    assert graces.current()["id"] == row
