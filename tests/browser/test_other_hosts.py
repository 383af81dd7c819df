"""Apps on other hosts and tickets, in a real browser over TLS: nothing to press but Sign in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.authority import OURS
from browser.browsers import button, row
from browser.shop import SHOP, shop
from people import ADA, BERLIN, PASSWORD, SAFARI_ON_IPHONE, Clock, done_apart, running
from ports import free_port
from signedin.actions.issue_key import issue_service_key
from signedin.rules.access_key import Wish
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def empty_house(tmp_path, authority, port):
    there = (f"https://{SHOP}:{port}",)
    with running(tmp_path, Clock(), authority.vouch_for(OURS), app_hosts=there) as house:
        yield house


@pytest.fixture
def at_the_shop(house, authority, port):
    with shop(authority.vouch_for(SHOP), port, house) as address:
        yield address


@pytest.mark.guide("R4", "R48", "D31")
@pytest.mark.security("C1", "C2", "3.4.3", "attack-1")
def test_signing_in_for_an_app_on_another_host_brings_one_back_there_until_it_is_revoked(
    house, laptop, phone, at_the_shop
):
    page = laptop.tab(None)
    page.goto(at_the_shop + "/orders?page=2&x=1")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page.locator("body")).to_have_text("let in at /orders?page=2&x=1")
    assert page.url == at_the_shop + "/orders?page=2&x=1", "no ticket is left in the address"
    kept = laptop.cookies()["__Host-signedin-host"]
    assert (kept["domain"], kept["httpOnly"], kept["secure"], kept["sameSite"]) == (SHOP, True, True, "Lax")
    program = phone.signed_in().as_program()
    (mine,) = [each for each in program.sessions() if not each["current"]]
    program.revoke(mine["id"])
    page.reload()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    expect(page.locator("body")).to_contain_text("revoked")


@pytest.mark.guide("R4", "D31")
@pytest.mark.security("C2")
def test_without_a_script_it_is_the_same(house, browsers, at_the_shop):
    browser = browsers("laptop", java_script_enabled=False).signed_in()
    page = browser.tab(None)
    page.goto(at_the_shop + "/orders")
    expect(page.locator("body")).to_have_text("let in at /orders")


@pytest.mark.guide("D31", "R18", "R41")
@pytest.mark.security("C2", "3.4.3", "14.2.1")
def test_a_ticket_in_the_address_of_the_app_opens_the_list_and_is_gone_from_the_address(house, laptop):
    program, bearer, given = handed_over(house)
    page = laptop.tab(None)
    page.goto(given["url"])
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()
    expect(row(page, "Safari on iOS").get_by_text("Current", exact=True)).to_be_visible()
    assert given["ticket"] not in page.url
    page.go_back()
    assert given["ticket"] not in page.url
    page.goto(house.base_url + "/settings/sessions")
    button(row(page, "Safari on iOS"), "Logout").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    assert program.get("/v1/check", headers=bearer).json()["reason"] == "logged_out"


@pytest.mark.guide("D31", "R18")
@pytest.mark.security("C2", "14.2.1")
@pytest.mark.parametrize(
    "signs_in_before", [False, True], ids=["signed in to nothing", "signed in as somebody"]
)
def test_without_a_script_and_by_keyboard_the_address_is_copied_into_the_form(
    house, browsers, signs_in_before
):
    browser = browsers("laptop", java_script_enabled=False)
    if signs_in_before:
        browser.signed_in()
    _, _, given = handed_over(house)
    page = browser.tab(None)
    page.goto(given["url"])
    field = page.get_by_label("Address of this page")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("copy the whole address of this page"))
    said_first = page.get_by_text("Somebody is signed in in this browser already.")
    expect(said_first).to_have_count(int(signs_in_before))
    page.keyboard.press("Enter")
    expect(field).to_be_focused()  # nothing is sent while it is empty
    page.keyboard.insert_text(page.url)
    page.keyboard.press("Tab")
    expect(button(page, "Go on")).to_be_focused()
    page.keyboard.press("Enter")
    expect(row(page, "Safari on iOS").get_by_text("Current", exact=True)).to_be_visible()
    assert given["ticket"] not in page.url


@pytest.mark.guide("D31")
def test_who_opens_the_page_without_a_ticket_is_told_that_it_is_missing(house, laptop):
    page = laptop.tab(None)
    page.goto(house.base_url + "/ticket")
    expect(page.get_by_text("No ticket came with this address.")).to_be_visible()
    expect(button(page, "Go on")).to_be_hidden()


def handed_over(house):
    """What the app holds of Anna: a browser of its own, her bearer token, and a ticket for her."""
    made = issue_service_key(house.means, Wish("shop", OF_SERVICES), (AppType.WEB,), house.clock())
    key = {"authorization": f"Bearer {done_apart(made).token}"}
    person = {"app_type": "web", "address": BERLIN, "user_agent": SAFARI_ON_IPHONE, "name": "Anna"}
    program = house.browser().http
    token = program.post("/v1/accounts/outside:anna/sessions", json=person, headers=key).json()["token"]
    bearer = {"authorization": f"Bearer {token}"}
    return program, bearer, program.post("/v1/sessions/current/ticket", headers=bearer).json()
