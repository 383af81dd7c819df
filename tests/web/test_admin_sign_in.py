"""The Admin application: a sign-in, a cookie and a session of its own, for operators alone."""

from __future__ import annotations

import pytest

from people import ADA, GRACE, PASSWORD, done_apart
from signedin.actions.appoint import appoint_from_shell, dismiss_from_shell
from signedin.rules.operator import Role
from web.operators import ROSA, at_the_console, operator_in


@pytest.fixture
def house(house):
    operator_in(house, ROSA, Role.OWNER)
    return house


@pytest.mark.guide("R16", "R21", "D5", "D18")
def test_web_and_admin_in_one_browser_are_two_rows_with_two_cookies_and_each_ends_alone(house):
    browser = house.signed_in(email=ROSA)
    assert (
        browser.send(
            "/admin/sign-in", {"email": ROSA, "password": PASSWORD}, page="/admin/sign-in"
        ).status_code
        == 303
    )
    assert {"signedin", "signedin-admin"} <= set(browser.http.cookies)
    rows = {row["app_type"]: row for row in browser.sessions()}
    assert set(rows) == {"web", "admin"}
    assert rows["admin"]["session_type"] == "admin_session"
    assert [row["app_type"] for row in browser.sessions() if row["current"]] == ["web"], "the page one is on"
    assert browser.open("/admin/operators").status_code == 200
    assert browser.revoke(rows["admin"]["id"]).status_code == 303
    assert browser.is_signed_in
    answer = browser.open("/admin/operators")
    assert answer.headers["location"] == "/admin/sign-in?next=/admin/operators"
    assert "was revoked on" in browser.open("/admin/sign-in").text


@pytest.mark.guide("D5", "R42")
def test_logging_out_of_the_console_leaves_the_persons_own_session_signed_in(house):
    browser = house.signed_in(email=ROSA)
    at_the_console(house, ROSA, browser)
    answer = browser.send("/admin/sign-out", page="/admin/operators")
    assert answer.headers["location"] == "/admin/sign-in"
    assert [line.partition("=")[0] for line in answer.headers.get_list("set-cookie")] == [
        "signedin-admin",
        "signedin-notice",
    ]
    assert browser.open("/admin/operators").status_code == 303
    assert browser.is_signed_in


@pytest.mark.guide("D5", "D18")
@pytest.mark.security("7.2.1", "attack-17")
def test_neither_cookie_opens_the_other_application(house):
    own, console = house.signed_in(email=ROSA), at_the_console(house, ROSA)
    thief = house.browser()
    thief.http.cookies.set("signedin-admin", own.secret, domain="localhost.local", path="/")
    assert thief.open("/admin/operators").headers["location"].startswith("/admin/sign-in")
    other = house.browser()
    other.http.cookies.set(
        "signedin", console.http.cookies["signedin-admin"], domain="localhost.local", path="/"
    )
    assert other.open("/v1/sessions").json()["reason"] == "wrong_app_type"
    assert not other.is_signed_in


@pytest.mark.security("6.3.8", "8.2.1")
def test_who_is_no_operator_is_told_the_same_as_by_a_wrong_password(house):
    house.somebody(GRACE, "Grace Hopper")
    answers = [
        house.browser().send("/admin/sign-in", {"email": email, "password": password}, page="/admin/sign-in")
        for email, password in (
            (GRACE, PASSWORD),
            (GRACE, "wrong"),
            (ROSA, "wrong"),
            ("nobody@example.org", PASSWORD),
        )
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all("The email address or the password is wrong." in answer.text for answer in answers)
    assert all("signedin-admin" not in answer.headers.get("set-cookie", "") for answer in answers)


@pytest.mark.security("8.3.2", "attack-25", "7.4.1")
def test_a_dismissed_operator_is_out_at_once_and_a_lowered_one_can_do_less_at_once(house):
    operator_in(house, GRACE, Role.OWNER, "Grace Hopper")
    grace = at_the_console(house, GRACE)
    appoint = {"email": ADA, "role": "viewer"}
    done_apart(appoint_from_shell(house.means, GRACE, Role.VIEWER, house.clock()))
    refused = grace.send("/admin/operators", appoint, page="/admin/operators")
    assert (refused.status_code, "This needs the role owner." in refused.text) == (403, True)
    done_apart(dismiss_from_shell(house.means, GRACE, house.clock()))
    assert grace.open("/admin/operators").headers["location"].startswith("/admin/sign-in")
    assert "An operator ended this session" in grace.open("/admin/sign-in").text


@pytest.mark.security("7.6.2", "3.7.2")
@pytest.mark.parametrize(
    "wanted",
    ["//evil.example", "/settings/sessions", "/admin/sign-out", "/administer", "https://evil.example"],
)
def test_sign_in_leads_to_pages_of_the_console_only(house, wanted):
    browser = house.browser()
    fields = {"email": ROSA, "password": PASSWORD, "next": wanted}
    assert browser.send("/admin/sign-in", fields, page="/admin/sign-in").headers["location"] == "/admin"


def test_the_language_of_the_console_is_chosen_at_its_foot(house):
    console = at_the_console(house, ROSA)
    answer = console.send(
        "/admin/language", {"lang": "de", "back": "/admin/operators"}, page="/admin/operators"
    )
    assert answer.headers["location"] == "/admin/operators"
    assert '<html lang="de"' in console.open("/admin/operators").text


@pytest.mark.guide("D5", "D12")
def test_an_admin_application_behind_a_proxy_is_opened_by_the_admin_session_and_a_web_one_is_not(house):
    browser = house.signed_in(email=ROSA)
    assert browser.open("/v1/check?app_type=admin").status_code == 401
    at_the_console(house, ROSA, browser)
    answer = browser.open("/v1/check?app_type=admin")
    assert (answer.status_code, answer.headers["signedin-app-type"]) == (200, "admin")
    assert browser.open("/v1/check").headers["signedin-app-type"] == "web"
    console = at_the_console(house, ROSA)
    assert [console.open(f"/v1/check?app_type={each}").status_code for each in ("web", "admin")] == [401, 200]


@pytest.mark.guide("D11")
def test_who_appoints_somebody_reads_who_is_an_operator_now(house):
    house.somebody(GRACE, "Grace Hopper")
    console = at_the_console(house, ROSA)
    appoint = {"email": GRACE, "role": "viewer"}
    assert console.send("/admin/operators", appoint, page="/admin/operators").status_code == 303
    page = console.open("/admin/operators")
    assert (page.status_code, "is now an operator with the role Viewer" in page.text) == (200, True)
