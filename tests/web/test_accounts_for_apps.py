"""Accounts for apps: found, made, changed, closed, and their sessions seen and ended, each with its scope."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from people import ADA, BERLIN, GRACE, PASSWORD, Clock, done_apart, running
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.rules.used_hours import UsedHours
from signedin.store import accounts, journal, used_hours

pytestmark = pytest.mark.xdist_group("accounts for apps")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        house.somebody(GRACE, "Grace Hopper")
        house.shop = key(house)
        yield house


def key(house, *scopes, name="shop"):
    made = issue_service_key(house.means, Wish(name, scopes or OF_SERVICES), [AppType.WEB], house.clock())
    return done_apart(made).token


def asked(house, path, method="GET", token=None, **more):
    headers = {"authorization": f"Bearer {token or house.shop}"}
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        return http.request(method, f"/v1/accounts{path}", headers=headers, **more)


def found(house, email=ADA):
    [item] = asked(house, "", params={"email": email}).json()["items"]
    return item


def somebody(house, name):
    email = house.somebody(f"{name}@example.org", name.title())
    return email, found(house, email)["id"]


def begun(house, whose):
    person = {"app_type": "web", "address": BERLIN}
    answer = asked(house, f"/{whose}/sessions", "POST", json=person)
    assert answer.status_code == 201, answer.text
    return answer.json()


def reason(house, token):
    answer = house.browser().http.get("/v1/check", headers={"authorization": f"Bearer {token}"})
    return answer.json()["reason"] if answer.status_code == 401 else answer.status_code


def told(house, account_id):
    return [each.event for each in house.means.database.read_now(journal.since, int(account_id), 0)]


def refused(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


@pytest.mark.guide("D31", "R5")
def test_an_account_is_found_by_its_address_by_our_number_and_by_the_apps_own_id(house):
    item = found(house, "ADA@example.org")
    assert (item["email"], item["name"], item["state"]) == (ADA, "Ada Lovelace", "active")
    assert asked(house, f"/{item['id']}").json() == item
    made = begun(house, "outside:anna")
    hers = asked(house, "/outside:anna").json()
    assert (hers["id"], hers["email"], hers["outside_ids"]) == (made["account_id"], None, ["anna"])
    forum = key(house, name="forum")
    assert refused(asked(house, "/outside:anna", token=forum)) == (404, "not_found")
    assert asked(house, f"/{made['account_id']}", token=forum).json()["outside_ids"] == []
    assert asked(house, "", params={"email": "nobody@example.org"}).json()["items"] == []
    for wrong in ({"limit": "935"}, {"cursor": "made up"}):
        assert asked(house, "", params={"email": ADA} | wrong).status_code == 422
    assert refused(asked(house, "/1")) == (404, "not_found")
    assert refused(asked(house, "/anna")) == (422, "invalid_input")


def test_the_list_goes_on_where_the_cursor_says_and_misses_nobody(house):
    for number in range(5):
        house.somebody(f"many{number}@example.org", "Many")
    seen, cursor = [], None
    while True:
        page = asked(house, "", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) <= 2
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    every = [str(each.id) for each in house.means.database.read_now(accounts.every)]
    assert sorted(seen) == sorted(every)
    for wrong in ({"cursor": "1.x"}, {"cursor": "x"}, {"limit": "0"}, {"limit": "201"}, {"limit": "x"}):
        assert refused(asked(house, "", params=wrong)) == (422, "invalid_input")
    assert refused(asked(house, "", params={"after": "1"})) == (422, "unknown_field")


@pytest.mark.guide("D31")
def test_an_account_that_an_app_makes_signs_in_and_its_history_says_who_made_it(house):
    new = {"email": "New@example.org", "name": "New", "password": PASSWORD}
    made = asked(house, "", "POST", json=new)
    assert (made.status_code, made.json()["email"]) == (201, "new@example.org")
    assert house.signed_in(email="new@example.org").is_signed_in
    [created, _] = told(house, made.json()["id"])
    assert (created.facts["by"], created.facts["service"]) == ("service", "shop")
    assert refused(asked(house, "", "POST", json=new)) == (409, "email_taken")
    short = asked(house, "", "POST", json=new | {"email": "other@example.org", "password": "short"})
    assert refused(short) == (422, "password_refused")
    assert "short" not in short.text.replace("too short", "")
    for change, code, field in (
        ({"email": "nobody"}, "invalid_input", "email"), ({"name": ""}, "invalid_input", "name"),
        ({"password": None}, "invalid_input", "password"), ({"role": "owner"}, "unknown_field", "role"),
    ):  # fmt: skip
        answer = asked(house, "", "POST", json=new | change)
        assert (*refused(answer), answer.json()["field"]) == (422, code, field)


@pytest.mark.security("7.4.2", "attack-25")
def test_a_disabled_account_is_dead_at_once_and_enabling_brings_nothing_back(house):
    email, mary = somebody(house, "mary")
    laptop, made = house.signed_in(email=email), begun(house, mary)
    personal = done_apart(
        issue_key_for(house.means, email, Wish("backup", ("sessions:read",)), house.clock())
    ).token
    off = {"state": "disabled", "reason": "left the team"}
    assert asked(house, f"/{mary}", "PATCH", json=off).json()["state"] == "disabled"
    assert not laptop.is_signed_in
    assert reason(house, made["token"]) == "account_disabled"
    answer = house.browser().http.get("/v1/sessions", headers={"authorization": f"Bearer {personal}"})
    assert answer.json()["reason"] == "account_disabled"
    assert house.browser().sign_in(email).status_code != 303
    asked(house, f"/{mary}", "PATCH", json=off)
    assert asked(house, f"/{mary}", "PATCH", json={"state": "active"}).json()["state"] == "active"
    assert reason(house, made["token"]) == "account_disabled"
    assert house.signed_in(email=email).is_signed_in
    kinds = [event.kind.value for event in told(house, mary)]
    assert kinds.count("account_disabled") == kinds.count("account_enabled") == 1
    before = [each.event for each in house.means.database.read_now(journal.before, int(mary), None, 50)]
    assert [event.personal for event in before if event.kind == "account_disabled"] == [
        {"reason": "left the team"}
    ]


@pytest.mark.security("7.4.2", "attack-25")
def test_a_closed_account_is_over_for_good_and_its_history_stays(house):
    email, eve = somebody(house, "eve")
    made = begun(house, eve)
    house.means.database.write_now(used_hours.put, int(eve), UsedHours().noted(house.clock()))
    for _ in range(2):
        assert asked(house, f"/{eve}", "DELETE", params={"reason": "asked for it"}).status_code == 204
    assert not list(house.means.database.read_now(used_hours.of, int(eve)).hours()), (
        "when she was there is forgotten"
    )
    assert reason(house, made["token"]) == "account_closed"
    assert house.browser().sign_in(email).status_code != 303
    assert asked(house, f"/{eve}").json()["state"] == "closed"
    for wanted in ({"state": "active"}, {"state": "disabled"}, {"name": "Eva"}):
        assert refused(asked(house, f"/{eve}", "PATCH", json=wanted)) == (409, "account_inactive")
    begin = asked(house, f"/{eve}/sessions", "POST", json={"app_type": "web", "address": BERLIN})
    assert (*refused(begin), begin.json()["reason"]) == (409, "account_inactive", "account_closed")
    assert [event.kind for event in told(house, eve)].count("account_closed") == 1
    assert refused(asked(house, f"/{eve}", "DELETE", params={"because": "x"})) == (422, "unknown_field")


@pytest.mark.guide("R60", "R62", "R58")
def test_an_app_sees_the_sessions_of_an_account_and_ends_all_of_them_but_no_keys(house):
    email, rose = somebody(house, "rose")
    laptop, made = house.signed_in(email=email), begun(house, rose)
    personal = done_apart(
        issue_key_for(house.means, email, Wish("backup", ("sessions:read",)), house.clock())
    ).token
    listed = asked(house, f"/{rose}/sessions").json()
    assert {item["id"] for item in listed["items"]} == {laptop.current()["id"], made["session"]["id"]}
    assert not [item for item in listed["items"] if item["current"]]
    ended = asked(house, f"/{rose}/sessions", "DELETE", params={"reason": "lost laptop"})
    assert ended.json() == {"sessions_ended": 2, "consents_ended": 0, "access_keys_kept": 1}
    assert not laptop.is_signed_in
    assert reason(house, made["token"]) == "logged_out_everywhere"
    answer = house.browser().http.get("/v1/sessions", headers={"authorization": f"Bearer {personal}"})
    assert answer.status_code == 200
    assert told(house, rose)[-1].facts["service"] == "shop"


def test_a_name_is_changed_and_nothing_else(house):
    _, jo = somebody(house, "jo")
    assert asked(house, f"/{jo}", "PATCH", json={"name": " Jo\u202e  March "}).json()["name"] == "Jo March"
    answer = asked(house, f"/{jo}", "PATCH", json={"name": ""})
    assert (*refused(answer), answer.json()["field"]) == (422, "invalid_input", "name")
    for wrong in ({"state": "closed"}, {"state": "gone"}, {"reason": "x" * 501}):
        assert refused(asked(house, f"/{jo}", "PATCH", json=wrong)) == (422, "invalid_input")
    assert refused(asked(house, f"/{jo}", "PATCH", json={"email": ADA})) == (422, "unknown_field")


@pytest.mark.guide("D31")
@pytest.mark.security("8.2.1", "attack-17")
def test_each_call_wants_its_scope_and_nobody_but_a_service_key_has_it(house):
    mine, laptop = found(house)["id"], house.signed_in()
    calls = {
        ("GET", ""): "accounts:read", ("GET", f"/{mine}"): "accounts:read",
        ("GET", f"/{mine}/sessions"): "accounts:read", ("POST", ""): "accounts:manage",
        ("PATCH", f"/{mine}"): "accounts:manage", ("DELETE", f"/{mine}"): "accounts:manage",
        ("DELETE", f"/{mine}/sessions"): "sessions:manage", ("POST", f"/{mine}/sessions"): "sessions:begin",
    }  # fmt: skip
    personal = done_apart(
        issue_key_for(house.means, ADA, Wish("backup", ("sessions:read",)), house.clock())
    ).token
    app = begun(house, mine)["token"]
    for (method, path), scope in calls.items():
        without = key(house, *(each for each in OF_SERVICES if each != scope))
        answer = asked(house, path, method, token=without)
        assert refused(answer) == (403, "insufficient_permission")
        assert f'scope="{scope}"' in answer.headers["www-authenticate"]
        for token in (personal, app):
            assert refused(asked(house, path, method, token=token)) == (403, "insufficient_permission")
        own = laptop.http.request(method, f"/v1/accounts{path}", headers=laptop.own())
        assert refused(own) == (403, "insufficient_permission")
        assert house.browser().http.request(method, f"/v1/accounts{path}").status_code == 401
    assert laptop.is_signed_in


@pytest.mark.guide("D31")
def test_no_app_changes_or_stops_an_operators_account(house):
    email, root = somebody(house, "root")
    laptop = house.signed_in(email=email)
    made = sa.update(accounts.accounts).where(accounts.accounts.c.account_id == int(root))
    house.means.database.write_now(lambda conn: conn.execute(made.values(operator_role="helper")))
    for method, path, body in (
        ("PATCH", "", {"state": "disabled"}), ("PATCH", "", {"name": "x"}), ("DELETE", "", None),
        ("DELETE", "/sessions", None),
    ):  # fmt: skip
        assert refused(asked(house, f"/{root}{path}", method, json=body)) == (403, "insufficient_permission")
    assert laptop.is_signed_in


def test_what_is_too_long_is_refused_by_its_name_and_not_cut(house):
    _, liv = somebody(house, "liv")
    person = {"app_type": "web", "address": BERLIN}
    for path, method, sent, named in (
        (f"/{liv}", "PATCH", {"name": "x" * 121}, "name"),
        ("", "POST", {"email": "max@example.org", "name": "x" * 121, "password": PASSWORD}, "name"),
        (f"/{liv}/sessions", "POST", person | {"app_name": "x" * 41}, "app_name"),
        ("/outside:long/sessions", "POST", person | {"name": "x" * 121}, "name"),
    ):
        answer = asked(house, path, method, json=sent)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
            422,
            "invalid_input",
            named,
        )
    assert asked(house, f"/{liv}").json()["name"] == "Liv"
    assert asked(house, f"/{liv}", "PATCH", json={"name": "x" * 120}).json()["name"] == "x" * 120
    assert asked(house, f"/{liv}/sessions", "POST", json=person | {"app_name": "x" * 40}).status_code == 201
