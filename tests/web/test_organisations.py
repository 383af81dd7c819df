"""Organisations in the console and at the sign-in page: rules are set, seen, explained, and hold at once."""

from __future__ import annotations

import re

import pytest

from people import (
    ADA,
    ADELAIDE,
    BERLIN,
    FIREFOX_ON_WINDOWS,
    GRACE,
    PASSWORD,
    SAFARI_ON_IPHONE,
    done_apart,
    running,
)
from signedin.actions import set_policy
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.organisations import (
    add_member_from_shell,
    make_from_shell,
    remove_from_shell,
    remove_member_from_shell,
)
from signedin.actions.set_policy import clear_policy_from_shell, set_policy_from_shell
from signedin.rules.operator import Role
from signedin.rules.policy_wish import Wish
from signedin.store import accounts, policies

MARINE, OWNER, HELPER, EVE = "Tidewater Marine", "olive@example.org", "hugo@example.org", "eve@example.org"
ORGANISATIONS = "/admin/organisations"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Ada belongs to an organisation, Eve to another; Olive owns all, Hugo helps the first one's people."""
    with running(tmp_path_factory.mktemp("house"), sweeps=False) as house:
        for email in (ADA, GRACE, EVE, OWNER, HELPER):
            house.somebody(email, email[:3].title())
        means, now = house.means, house.clock()
        for name, whose in ((MARINE, ADA), ("Calendar", EVE)):
            done_apart(make_from_shell(means, name, now))
            done_apart(add_member_from_shell(means, name, whose, now))
        done_apart(appoint_from_shell(means, OWNER, Role.OWNER, now))
        done_apart(appoint_from_shell(means, HELPER, Role.HELPER, now, MARINE))
        yield house


@pytest.fixture
def house(served):
    """No rule is left of the test before."""
    served.means.database.write_now(lambda conn: conn.execute(policies.policies.delete()))
    return served


def operator(house, email):
    browser = house.browser()
    answer = browser.send("/admin/sign-in", {"email": email, "password": PASSWORD}, page="/admin/sign-in")
    assert answer.status_code == 303, answer.text
    return browser


def rule(house, name=MARINE, app_type="all", **wish):
    done_apart(set_policy_from_shell(house.means, name, app_type, Wish(**wish), house.clock()))


def number(house, email):
    return str(house.means.database.read_now(accounts.find_by_email, email).id)


def org(browser, name=MARINE):
    found = browser.open("/v1/admin/organisations").json()["items"]
    return next(each for each in found if each["name"] == name)["id"]


@pytest.mark.guide("R86", "D11")
@pytest.mark.security("8.2.1")
def test_where_a_rule_says_so_people_see_their_sessions_and_end_none_but_their_own(house):
    phone, laptop = house.signed_in(), house.signed_in()
    rule(house, read_only=True)
    page = laptop.open("/settings/sessions")
    assert page.status_code == 200
    assert "end only the session you are using" in page.text
    assert "/revoke" not in page.text
    assert "Rules of your organisation" in page.text
    assert MARINE in page.text
    other = phone.current()["id"]
    assert laptop.revoke(other).status_code == 403
    refused = laptop.http.delete(f"/v1/sessions/{other}", headers=laptop.own())
    assert refused.status_code == 403
    assert refused.json()["code"] == "insufficient_permission"
    assert "organisation" in refused.json()["title"]
    assert laptop.http.post("/v1/sessions/logout-all", headers=laptop.own()).status_code == 403
    assert laptop.log_out().status_code == 303
    assert phone.is_signed_in


@pytest.mark.guide("R68")
def test_a_shortened_limit_throws_out_at_the_next_check_and_the_sign_in_page_says_why(house):
    laptop = house.signed_in()
    house.clock.move(hours=3)
    assert laptop.open("/v1/check").status_code == 200
    house.clock.move(hours=3)
    rule(house, idle_seconds=7200)
    refused = laptop.open("/v1/check")
    assert (refused.status_code, refused.json()["reason"]) == (401, "policy")
    shown = laptop.open("/sign-in").text
    assert "A rule of your organisation ended this session." in shown
    house.means.database.write_now(lambda conn: None)
    assert laptop.open("/v1/check").json()["reason"] == "policy"


def test_activity_says_which_session_a_rule_has_ended(house):
    house.signed_in().log_out_all()
    by_limit = house.signed_in(FIREFOX_ON_WINDOWS)
    house.clock.move(hours=3)
    rule(house, idle_seconds=7200)
    assert by_limit.open("/v1/check").json()["reason"] == "policy"
    rule(house, most=1, too_many="end_oldest")
    for_room, laptop = house.signed_in(SAFARI_ON_IPHONE), house.signed_in()
    assert not for_room.is_signed_in
    file = laptop.open("/settings/activity.csv?kind=ended").text
    told = [line.split(",")[1:3] for line in file.splitlines()[1:3]]
    assert told == [["session_expired", "Safari on iOS"], ["session_expired", "Firefox on Windows"]]
    page = re.sub("<[^>]+>", "", laptop.open("/settings/activity?kind=ended").text)
    for device in ("Safari on iOS", "Firefox on Windows"):
        assert f"A rule of your organisation ended {device}" in page


@pytest.mark.security("7.1.2")
def test_who_has_too_many_is_asked_which_ends_and_goes_on_without_a_script(house):
    house.signed_in().log_out_all()
    rule(house, most=2, too_many="ask")
    for_room = house.browser()
    first, second = house.signed_in(), house.signed_in()
    asked = for_room.send("/sign-in", {"email": ADA, "password": PASSWORD})
    assert asked.status_code == 409
    fields = dict(re.findall(r'name="(csrf|next|pending)" value="([^"]*)"', asked.text))
    again = for_room.http.post("/sign-in/room", data=fields, headers=for_room.own())
    assert again.status_code == 409
    chosen = first.current()["id"]
    assert f'name="row-{chosen}"' in again.text
    done = for_room.http.post("/sign-in/room", data=fields | {f"row-{chosen}": "1"}, headers=for_room.own())
    assert done.status_code == 303
    assert for_room.is_signed_in
    assert second.is_signed_in
    assert not first.is_signed_in


@pytest.mark.guide("R86")
@pytest.mark.security("8.2.1")
def test_who_ticks_more_than_has_to_end_is_asked_again_and_nothing_has_ended(house):
    house.signed_in().log_out_all()
    rule(house, most=2, too_many="ask", read_only=True)
    for_room = house.browser()
    first, second = house.signed_in(), house.signed_in()
    asked = for_room.send("/sign-in", {"email": ADA, "password": PASSWORD})
    fields = dict(re.findall(r'name="(csrf|next|pending)" value="([^"]*)"', asked.text))
    ticks = {f"row-{each.current()['id']}": "1" for each in (first, second)}
    refused = for_room.http.post("/sign-in/room", data=fields | ticks, headers=for_room.own())
    assert refused.status_code == 409
    assert "End 1 of them to sign in here." in refused.text
    assert not for_room.is_signed_in
    assert (first.is_signed_in, second.is_signed_in) == (True, True)


def test_who_is_asked_which_session_ends_can_tell_two_of_one_device_apart(house):
    house.signed_in().log_out_all()
    rule(house, most=2, too_many="ask")
    house.signed_in()
    house.clock.move(minutes=7)
    house.signed_in()
    asked = house.browser().send("/sign-in", {"email": ADA, "password": PASSWORD})
    rows = re.findall(r'name="row-[^"]*" value="1"><span>(.*?)</label>', asked.text, re.DOTALL)
    since = [re.search(r"Web session since <time[^>]*>([^<]+)</time>", row)[1] for row in rows]
    assert len(set(since)) == len(rows) == 2


def test_who_adds_or_appoints_an_address_of_nobody_is_told_what_to_do_there_and_not_in_the_shell(house):
    olive = operator(house, OWNER)
    home, nobody = f"{ORGANISATIONS}/{org(olive)}", "nobody@example.org"
    refused = [
        olive.send(f"{home}/members", {"email": nobody}, page=home).text,
        olive.send("/admin/operators", {"email": nobody, "role": "viewer"}, page="/admin/operators").text,
        olive.http.post(f"/v1{home}/members", json={"email": nobody}, headers=olive.own()).text,
    ]
    for each in refused:
        assert "There is no account with this address." in each
        assert "Find the account by its name, and check its address there." in each
        assert "signedin account" not in each
    german = {"accept-language": "de"} | olive.own()
    page = olive.http.post(
        f"{home}/members", data={"csrf": olive.form_token(home), "email": nobody}, headers=german
    )
    assert "Zu dieser Adresse gibt es kein Konto." in page.text


def test_where_no_more_are_allowed_the_page_says_what_to_do(house):
    house.signed_in().log_out_all()
    rule(house, most=1, too_many="refuse")
    house.signed_in()
    refused = house.browser().sign_in()
    assert refused.status_code == 409
    assert "allows no more sessions" in refused.text


@pytest.mark.security("6.3.8")
def test_from_another_network_nobody_comes_in_and_nothing_ends(house):
    laptop = house.signed_in(address=BERLIN)
    rule(house, networks=(f"{BERLIN}/32",))
    assert laptop.open("/v1/check").status_code == 200
    laptop.http.headers["x-forwarded-for"] = ADELAIDE
    refused = laptop.open("/v1/check")
    assert (refused.status_code, refused.json()["reason"]) == (401, "outside_networks")
    assert "You are still signed in there" in refused.json()["detail"]
    assert laptop.open("/v1/sessions").json()["reason"] == "outside_networks"
    assert laptop.open("/settings/sessions").status_code == 303
    shown = laptop.open("/sign-in").text
    assert "allows this account only from certain networks" in shown
    assert "ended this session" not in shown
    laptop.http.headers["x-forwarded-for"] = BERLIN
    assert laptop.open("/v1/check").status_code == 200
    abroad = house.browser(address=ADELAIDE)
    assert abroad.sign_in().status_code == 403
    assert abroad.sign_in(password="quite another password").status_code == 401
    assert abroad.sign_in("nobody@example.org").status_code == 401


@pytest.mark.guide("R41")
@pytest.mark.security("6.3.8", "7.4.4")
def test_who_has_gone_outside_logs_out_from_there_and_does_nothing_else(house):
    house.signed_in().log_out_all()
    laptop, phone = (house.signed_in(address=BERLIN) for _ in range(2))
    rule(house, networks=(f"{BERLIN}/32",))
    token = laptop.form_token("/settings/sessions")
    laptop.http.headers["x-forwarded-for"] = ADELAIDE
    other = {"csrf": token}
    for path in ("/settings/sessions/logout-all", f"/settings/sessions/{phone.current()['id']}/revoke"):
        refused = laptop.http.post(path, data=other, headers=laptop.own())
        assert (refused.status_code, refused.headers["location"]) == (303, "/sign-in"), path
    for method, path in (("POST", "logout-all"), ("DELETE", phone.current()["id"])):
        refused = laptop.http.request(method, f"/v1/sessions/{path}", headers=laptop.own())
        assert (refused.status_code, refused.json()["reason"]) == (401, "outside_networks"), path
    assert laptop.http.post("/sign-out", data={"csrf": "another"}, headers=laptop.own()).status_code == 403
    done = laptop.http.post("/sign-out", data=other, headers=laptop.own())
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
    assert "You are logged out." in laptop.open("/sign-in").text
    assert phone.is_signed_in
    assert len(phone.sessions()) == 1


@pytest.mark.guide("R41")
@pytest.mark.security("6.3.8", "7.4.4")
def test_a_program_and_the_page_of_a_client_let_one_log_out_from_outside_and_read_nothing(house):
    laptop, phone = (house.signed_in(address=BERLIN) for _ in range(2))
    rule(house, networks=(f"{BERLIN}/32",))
    for each in (laptop, phone):
        each.http.headers["x-forwarded-for"] = ADELAIDE
    assert laptop.http.delete("/v1/sessions/current", headers=laptop.own()).status_code == 204
    laptop.http.headers["x-forwarded-for"] = BERLIN
    assert not laptop.is_signed_in
    page = phone.open("/oauth/end_session")
    assert ADA not in page.text
    fields = {"csrf": re.search(r'name="csrf" value="([^"]*)"', page.text)[1]}
    assert phone.http.post("/oauth/logout", data=fields, headers=phone.own()).status_code == 303
    phone.http.headers["x-forwarded-for"] = BERLIN
    assert not phone.is_signed_in


@pytest.mark.security("8.2.1", "attack-17")
def test_an_owner_makes_an_organisation_and_sets_its_rules_in_the_console(house):
    olive = operator(house, OWNER)
    made = olive.send(ORGANISATIONS, {"name": "Harbour"}, page=ORGANISATIONS)
    assert made.status_code == 303
    home = made.headers["location"]
    assert olive.send(ORGANISATIONS, {"name": "harbour"}, page=ORGANISATIONS).status_code == 409
    assert olive.send(f"{home}/members", {"email": GRACE}, page=home).status_code == 303
    wish = {
        "app_type": "web",
        "idle_minutes": "60",
        "most": "3",
        "too_many": "ask",
        "networks": "192.0.2.0/24",
    }
    assert olive.send(f"{home}/rules", wish, page=home).status_code == 303
    assert olive.open(f"{home}?after={2**63}").status_code == 200
    page = olive.open(home).text
    for said in ("1 hour without use", "3 sessions at once", "192.0.2.0/24", GRACE):
        assert said in page
    why = olive.open(f"/admin/accounts/{number(house, GRACE)}").text
    assert "Rules for this account, and why" in why
    assert "By: <bdi>Harbour</bdi>" in why
    assert (
        olive.send(f"{home}/rules", {"app_type": "web", "idle_minutes": "soon"}, page=home).status_code == 422
    )
    apps = olive.send(f"{home}/rules", {"app_type": "oauth", "networks": "192.0.2.0/24"}, page=home)
    assert apps.status_code == 422
    assert "Connected apps are bound to no networks." in apps.text
    assert olive.send(f"{home}/remove", page=home).status_code == 409
    assert olive.send(f"{home}/rules/web/clear", page=home).status_code == 303
    assert olive.send(f"{home}/members/{number(house, GRACE)}/remove", page=home).status_code == 303
    assert olive.send(f"{home}/rename", {"name": "Port"}, page=home).status_code == 303
    assert olive.send(f"{home}/remove", page=home).status_code == 303
    assert olive.open(home).status_code == 404


@pytest.mark.security("8.2.1", "attack-17")
def test_an_operator_of_one_organisation_knows_nobody_else(house):
    hugo, ada, eve = operator(house, HELPER), number(house, ADA), number(house, EVE)
    assert hugo.open(f"/v1/admin/accounts/{ada}").status_code == 200
    unknown = hugo.open("/v1/admin/accounts/7")
    for path in ("", "/sessions", "/access-keys", "/rules"):
        assert hugo.open(f"/v1/admin/accounts/{eve}{path}").json() == unknown.json()
    assert hugo.open(f"/admin/accounts/{eve}").status_code == 404
    for words in ("eve", eve, "203.0.113.", "o"):
        found = hugo.open(f"/v1/admin/accounts?q={words}").json()
        assert {each["id"] for each in found["items"]} <= {ada}
        assert found["next_cursor"] is None
    [found] = hugo.open("/v1/admin/accounts?q=ada").json()["items"]
    assert found["id"] == ada
    session = house.signed_in(email=EVE).current()["id"]
    assert hugo.open(f"/v1/admin/accounts?q={session[:8]}").json()["items"] == []
    for path, body in (
        ("end", {"ids": [session], "reason": "lost"}),
        ("logout-all", {"reason": "lost"}),
        (f"sessions/{session}/reveal", {"reason": "lost"}),
    ):
        answer = hugo.http.post(f"/v1/admin/accounts/{eve}/{path}", json=body, headers=hugo.own())
        assert (answer.status_code, answer.json()) == (404, unknown.json())
    assert [each["name"] for each in hugo.open("/v1/admin/organisations").json()["items"]] == [MARINE]
    olive = operator(house, OWNER)
    other = org(olive, "Calendar")
    for path in ("", "/members"):
        assert hugo.open(f"/v1/admin/organisations/{other}{path}").status_code == 404
    assert {each["account_id"] for each in hugo.open("/v1/admin/deeds").json()["items"]} <= {ada}
    emails = {each["email"] for each in hugo.open("/v1/admin/operators").json()["items"]}
    assert emails == {OWNER, HELPER}


@pytest.mark.security("8.2.1", "attack-17")
def test_an_operator_of_one_organisation_sees_what_holds_by_another_but_not_whose_nor_where_its_people_are(
    house,
):
    hugo, path = operator(house, HELPER), f"/v1/admin/accounts/{number(house, ADA)}/rules"
    done_apart(add_member_from_shell(house.means, "Calendar", ADA, house.clock()))
    rule(house, app_type="web", networks=("192.0.2.0/24",), idle_seconds=7200)
    rule(house, "Calendar", app_type="web", networks=("203.0.113.0/24",), idle_seconds=3600)
    answer = hugo.open(path)
    [web] = [each for each in answer.json()["in_force"] if each["app_type"] == "web"]
    assert web["networks"] == [
        {"value": ["192.0.2.0/24"], "because": [MARINE]},
        {"value": [], "because": [""]},
    ]
    assert web["idle_seconds"] == {"value": 3600, "because": [""]}
    page = hugo.open(f"/admin/accounts/{number(house, ADA)}").text
    assert "Only from certain networks." in page
    assert "another organisation" in page
    for never in ("203.0.113", "Calendar"):
        assert never not in answer.text
        assert f"<bdi>{never}" not in page
    rule(house, "Calendar", app_type="web", networks=("192.0.2.0/24",))
    [web] = [each for each in hugo.open(path).json()["in_force"] if each["app_type"] == "web"]
    assert web["networks"] == [{"value": ["192.0.2.0/24"], "because": [MARINE]}]
    done_apart(remove_member_from_shell(house.means, "Calendar", ADA, house.clock()))


@pytest.mark.security("8.2.1", "attack-17")
def test_an_owner_binds_an_operator_to_an_organisation_in_the_console_and_frees_them_again(house):
    olive, page = operator(house, OWNER), "/admin/operators"
    wish = {"email": GRACE, "role": "helper", "organisation": "tidewater  marine"}
    assert olive.send(page, wish | {"organisation": "Tidewater\u200b Marine"}, page=page).status_code == 303
    assert 'name="organisation"' in olive.open(page).text
    assert olive.send(page, wish | {"organisation": "\0"}, page=page).status_code == 404
    for wrong, status in (({"organisation": "Nowhere"}, 404), ({"role": "owner"}, 422)):
        refused = olive.send(page, wish | wrong, page=page)
        assert refused.status_code == status
        assert "tidewater  marine" in refused.text or "Nowhere" in refused.text
    assert olive.send(page, wish, page=page).status_code == 303
    shown = olive.open(page).text
    assert (
        shown.count(f"Only for the members of <bdi>{MARINE}</bdi>.") == 3
    )  # said once, and at Grace and Hugo
    grace = operator(house, GRACE)
    assert grace.open(f"/v1/admin/accounts/{number(house, EVE)}").status_code == 404
    assert "End for many" not in grace.open("/admin").text
    [appointed] = [
        each for each in olive.open("/v1/admin/deeds").json()["items"]
        if (each["kind"], each["account_id"]) == ("operator_appointed", number(house, GRACE))
    ]  # fmt: skip
    assert appointed["facts"]["organisation"] == org(olive)
    assert olive.send(page, wish | {"organisation": " "}, page=page).status_code == 303
    assert grace.open(f"/v1/admin/accounts/{number(house, EVE)}").status_code == 200
    assert olive.send(f"{page}/{number(house, GRACE)}/dismiss", page=page).status_code == 303


@pytest.mark.security("8.2.1", "attack-17")
def test_a_name_that_is_a_number_binds_nobody_to_another_organisation(house):
    olive = operator(house, OWNER)
    asked = {"email": GRACE, "role": "viewer", "organisation_id": org(olive)}
    made = done_apart(make_from_shell(house.means, org(olive), house.clock()))
    answer = olive.http.post("/v1/admin/operators", json=asked, headers=olive.own())
    assert answer.json()["organisation_id"] == org(olive)
    for wrong in ("7", "Tidewater Marine"):
        refused = olive.http.post(
            "/v1/admin/operators", json=asked | {"organisation_id": wrong}, headers=olive.own()
        )
        assert refused.status_code == 404
    olive.http.delete(f"/v1/admin/operators/{number(house, GRACE)}", headers=olive.own())
    assert olive.http.delete(f"/v1/admin/organisations/{made.id}", headers=olive.own()).status_code == 204


def test_what_is_done_to_an_organisation_in_the_shell_stands_in_the_record(house):
    olive, means, now = operator(house, OWNER), house.means, house.clock()
    made = done_apart(make_from_shell(means, "Lighthouse", now))
    rule(house, "Lighthouse", most=3)
    done_apart(add_member_from_shell(means, "Lighthouse", GRACE, now))
    done_apart(remove_member_from_shell(means, "Lighthouse", GRACE, now))
    done_apart(clear_policy_from_shell(means, "Lighthouse", "all", now))
    done_apart(remove_from_shell(means, "Lighthouse", now))
    found = [
        each for each in olive.open("/v1/admin/deeds").json()["items"]
        if each["facts"].get("organisation") == str(made.id)
    ]  # fmt: skip
    assert sorted(each["kind"] for each in found) == [
        "member_added", "member_removed", "organisation_made", "organisation_removed", "policy_cleared", "policy_set",
    ]  # fmt: skip
    assert {each["operator_id"] for each in found} == {None}
    whose = {each["account_id"] for each in found if not each["kind"].startswith("member")}
    assert whose == {number(house, OWNER)}
    assert "in the shell of the server" in olive.open("/admin").text


@pytest.mark.security("8.2.1", "attack-17")
def test_who_is_no_owner_is_told_which_role_it_needs(house):
    hugo = operator(house, HELPER)
    home = f"/v1/admin/organisations/{org(hugo)}"
    tries = (
        ("POST", "/v1/admin/organisations", {"name": "Mine"}),
        ("PATCH", home, {"name": "Mine"}),
        ("DELETE", home, None),
        ("POST", f"{home}/members", {"email": GRACE}),
        ("DELETE", f"{home}/members/{number(house, ADA)}", None),
        ("PUT", f"{home}/rules/all", {"most": 1}),
        ("DELETE", f"{home}/rules/all", None),
    )
    for method, path, body in tries:
        answer = hugo.http.request(method, path, headers=hugo.own(), **({"json": body} if body else {}))
        assert (answer.status_code, answer.json()["role"]) == (403, "owner"), (method, path)


def test_programs_set_rules_and_read_which_applies_and_why(house):
    olive = operator(house, OWNER)
    home = f"/v1/admin/organisations/{org(olive)}"
    put = olive.http.put(f"{home}/rules/web", json={"idle_seconds": 3600, "most": 4}, headers=olive.own())
    assert put.status_code == 200
    assert olive.open(home).json()["rules"][0]["idle_seconds"] == 3600
    rules = olive.open(f"/v1/admin/accounts/{number(house, ADA)}/rules").json()
    web = next(each for each in rules["in_force"] if each["app_type"] == "web")
    assert web["idle_seconds"] == {"value": 3600, "because": [MARINE]}
    assert web["shortest_password"] == {"value": 15, "because": []}
    assert [each["email"] for each in olive.open(f"{home}/members?limit=1").json()["items"]] == [ADA]
    for body, field in (({"most": 0}, "most"), ({}, "idle_seconds"), ({"networks": ["x"]}, "networks")):
        refused = olive.http.put(f"{home}/rules/web", json=body, headers=olive.own())
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert olive.http.delete(f"{home}/rules/web", headers=olive.own()).status_code == 204
    assert olive.http.delete(f"{home}/rules/web", headers=olive.own()).status_code == 404


def rule_form(page):
    """What the form that sets a rule holds as it is shown."""
    form = page[page.index('id="set-rule"') :].partition("</form>")[0]
    fields = {
        re.search('name="([^"]*)"', each)[1]: re.search('value="([^"]*)"', each)[1]
        for each in re.findall("<input [^>]*>", form)
        if "checkbox" not in each or " checked" in each
    }
    for select in re.findall("<select .*?</select>", form, re.DOTALL):
        chosen = re.search('value="([^"]*)" selected', select)
        fields[re.search('name="([^"]*)"', select)[1]] = chosen[1] if chosen else ""
    return fields


def test_a_rule_is_changed_in_one_thing_and_the_others_stay(house):
    olive = operator(house, OWNER)
    home = f"{ORGANISATIONS}/{org(olive)}"
    wish = {
        "idle_seconds": 5400, "overall_seconds": 5401, "most": 3, "too_many": "ask", "read_only": True,
        "networks": ("192.0.2.0/24", "203.0.113.0/24"), "shortest_password": 20,
    }  # fmt: skip
    rule(house, app_type="web", **wish)
    rule(house, app_type="all", idle_seconds=7200)
    assert rule_form(olive.open(home).text)["idle_minutes"] == ""
    assert f'href="{home}?rule=web#set-rule"' in olive.open(home).text
    shown = rule_form(olive.open(f"{home}?rule=web").text)
    assert shown.pop("csrf")
    assert olive.send(f"{home}/rules", shown | {"most": "4"}, page=home).status_code == 303
    [web] = [each for each in olive.open(f"/v1{home}").json()["rules"] if each["app_type"] == "web"]
    assert web == {"app_type": "web"} | wish | {"most": 4, "networks": list(wish["networks"])}
    assert rule_form(olive.open(f"{home}?rule=nowhere").text)["idle_minutes"] == ""


def test_who_has_set_a_rule_is_told_all_that_it_wants_now_and_from_when_on(house):
    olive = operator(house, OWNER)
    home = f"{ORGANISATIONS}/{org(olive)}"
    rule(house, app_type="web", idle_seconds=3600)
    assert olive.send(f"{home}/rules", {"app_type": "web", "most": "2"}, page=home).status_code == 303
    told = re.search(r'<div class="notice" role="status">.*?</div>', olive.open(home).text)[0]
    assert "The rule is set: Web" in told
    assert "from the next request of every session on" in told
    assert "2 sessions at once" in told
    assert "without use" not in told


def test_a_rule_that_cannot_be_set_names_the_field_with_its_least_and_most(house):
    olive = operator(house, OWNER)
    home = f"{ORGANISATIONS}/{org(olive)}"
    for name, text, said in (
        ("idle_minutes", "2", "The longest time without use is from 5 minutes to 3,650 days."),
        ("overall_hours", "0,05", "The longest time in all is from 5 minutes to 3,650 days."),
        ("most", "1001", "The most sessions at once are from 1 to 1,000."),
        ("shortest_password", "8", "The fewest characters of a new password are from 15 to 128."),
        ("most", "1.5", "This is not a number."),
        ("networks", "here", "This is not a network."),
    ):
        refused = olive.send(f"{home}/rules", {"app_type": "web", name: text}, page=home)
        assert refused.status_code == 422, name
        assert said in refused.text
        [wrong] = re.findall(r'<(?:input|select)[^>]*aria-invalid="true"[^>]*>', refused.text)
        assert f'name="{name}"' in wrong
        assert re.search(r'aria-describedby="refused[ "]', wrong)
    assert "aria-invalid" not in olive.open(home).text


@pytest.mark.security("8.2.1")
def test_networks_that_keep_their_owner_out_of_the_console_are_set_once_they_have_confirmed_that(house):
    olive = operator(house, OWNER)
    home, path = f"{ORGANISATIONS}/{org(olive)}", f"/v1/admin/organisations/{org(olive)}/rules/admin"
    done_apart(add_member_from_shell(house.means, MARINE, OWNER, house.clock()))
    wish = {"app_type": "admin", "networks": "192.0.2.0/24"}
    refused = olive.send(f"{home}/rules", wish, page=home)
    assert (refused.status_code, 'value="192.0.2.0/24"' in refused.text) == (409, True)
    assert re.search(r'type="checkbox" name="confirmed"(?! checked)', refused.text)
    assert 'name="confirmed"' not in olive.open(home).text
    put = olive.http.put(path, json={"networks": ["192.0.2.0/24"]}, headers=olive.own())
    assert (put.status_code, put.json()["code"]) == (409, "shuts_out")
    assert olive.open(home).status_code == 200
    sure = olive.http.put(path, json={"networks": ["192.0.2.0/24"], "confirmed": True}, headers=olive.own())
    assert (sure.status_code, "confirmed" in sure.json()) == (200, False)
    assert olive.open(home).status_code == 303
    done_apart(remove_member_from_shell(house.means, MARINE, OWNER, house.clock()))
    assert olive.send(f"{home}/rules", wish | {"confirmed": "1"}, page=home).status_code == 303


def test_what_takes_too_long_to_put_away_is_said_to_people_and_programs(house, monkeypatch):
    ada = house.signed_in()
    rule(house, app_type="web", overall_seconds=3600)
    olive = operator(house, OWNER)
    home, path = f"{ORGANISATIONS}/{org(olive)}", f"/v1/admin/organisations/{org(olive)}/rules/web"
    monkeypatch.setattr(set_policy, "BURIES_FOR", -1)
    house.clock.move(hours=2)
    told = olive.http.delete(path, headers=olive.own())
    assert (told.status_code, told.json()["code"]) == (503, "rule_still_ending")
    assert int(told.headers["retry-after"]) > 0
    page = olive.send(f"{home}/rules/web/clear", page=home)
    assert (page.status_code, "Send it again in a moment" in page.text) == (503, True)
    monkeypatch.undo()
    assert olive.http.delete(path, headers=olive.own()).status_code == 204
    assert not ada.is_signed_in
