"""Guide: Logout, Logout All Devices, and Log out all other devices."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import EVENTS, SESSIONS, button, closed, find_chromium, launch, row
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, SAFARI_ON_IPHONE

SECRETS = re.compile(f"Ada Lovelace|{re.escape(ADA)}|Chrome on macOS|Firefox|sgn_")


def at_sign_in(page):
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    return page.get_by_role("status")


@pytest.mark.guide("R41", "R43", "R44")
def test_logout_asks_nothing_ends_this_session_and_no_other(house, laptop):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = laptop.signed_in().tab()
    mine = page.locator(".row.is-current").get_attribute("id")
    stolen = laptop.as_program()
    button(page.locator(".row.is-current"), "Logout").click()
    expect(at_sign_in(page)).to_contain_text("You are logged out.")
    assert "__Host-signedin" not in laptop.cookies()
    assert not stolen.is_signed_in
    assert other.is_signed_in
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page.locator(".row.is-current")).to_be_visible()
    assert page.locator(".row.is-current").get_attribute("id") != mine


@pytest.mark.guide("R41")
@pytest.mark.security("7.4.4")
@pytest.mark.parametrize("path", [SESSIONS, "/settings/active-sessions", "/help/active-sessions", "/privacy"])
def test_logout_is_in_the_menu_of_every_page(house, laptop, path):
    page = laptop.signed_in().tab(path)
    page.locator(".menu summary").click()
    expect(page.get_by_text(ADA)).to_be_visible()
    page.mouse.click(5, 500)
    expect(page.get_by_text(ADA)).to_be_hidden()
    page.locator(".menu summary").click()
    button(page.locator(".menu"), "Logout").click()
    expect(at_sign_in(page)).to_contain_text("You are logged out.")


@pytest.mark.guide("R42")
@pytest.mark.security("14.3.1")
def test_the_back_button_shows_nothing_private_after_logout(house, laptop):
    page = laptop.signed_in().tab("/help/active-sessions")
    page.goto(SESSIONS)
    button(page.locator(".row.is-current"), "Logout").click()
    at_sign_in(page)
    page.go_back()
    at_sign_in(page)
    expect(page.locator("body")).not_to_contain_text(SECRETS)
    page.go_back()
    expect(page.get_by_role("heading", name="Guide to Active Sessions")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(SECRETS)


@pytest.mark.guide("R42")
@pytest.mark.security("14.3.1")
def test_not_even_a_page_from_the_browsers_own_memory_is_shown_after_logout(house, playwright, authority):
    memory = {"ignore_default_args": ["--disable-back-forward-cache"]}
    with (
        launch(playwright, find_chromium(), authority.pin, **memory) as chromium,
        closed(chromium, house) as open_,
    ):
        laptop = open_("laptop").signed_in()
        page = laptop.tab()
        page.goto("/help/active-sessions")
        other = laptop.tab()
        button(other.locator(".row.is-current"), "Logout").click()
        at_sign_in(other)
        page.go_back(wait_until="commit")
        at_sign_in(page)
        expect(page.locator("body")).not_to_contain_text(SECRETS)


@pytest.mark.guide("R42", "R49")
def test_a_page_that_comes_back_from_memory_asks_first_whether_it_is_still_signed_in(house, laptop):
    laptop.expects("net::ERR_FAILED", "401 (Unauthorized)")
    laptop.signed_in()
    page = laptop.tab(None)
    page.route(f"**{EVENTS}", lambda route: route.abort())
    page.goto(SESSIONS)
    back = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))"
    with page.expect_response(f"**{SESSIONS}/alive") as answer:
        page.evaluate(back)
    assert answer.value.status == 204
    expect(page.locator(".row.is-current")).to_be_visible()
    laptop.as_program().log_out()
    page.evaluate(back)
    at_sign_in(page)


@pytest.mark.guide("R56", "R57", "D1")
def test_the_dialog_of_logout_all_devices_counts_what_ends_and_what_stays(filled, laptop):
    page = laptop.signed_in(filled.account.email, filled.password).tab()
    security = page.get_by_role("region", name="Security Actions")
    button(security, "Logout All Devices").click()
    asked = page.get_by_role("dialog", name="Log out all devices?")
    for part in ("17 sessions on your devices, including this one", "4 connected apps", "3 access keys",
                 "Access keys stay active.", "You are logged out here too.", "This cannot be undone.",
                 "Unsaved work in other tabs or on other devices may be lost."):  # fmt: skip
        expect(asked).to_contain_text(part)
    expect(asked.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    expect(button(security, "Logout All Devices")).to_be_focused()
    page.reload()
    expect(page.locator(".row")).to_have_count(21)


@pytest.mark.guide("R58", "R59", "R61", "R63", "R87")
def test_logout_all_devices_throws_every_browser_out_and_says_what_ended(house, laptop, phone):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page, theirs = laptop.signed_in().tab(), phone.signed_in().tab()
    second = laptop.tab()
    laptop.expects("401 (Unauthorized)")  # the tab that takes the stream over, only to learn that it is over
    button(page.get_by_role("region", name="Security Actions"), "Logout All Devices").click()
    button(page.get_by_role("dialog"), "Logout All Devices").click()
    expect(at_sign_in(page)).to_contain_text("All devices are logged out, this one too.")
    expect(page.get_by_role("status")).to_contain_text("3 sessions")
    expect(at_sign_in(theirs)).to_contain_text("All devices were logged out on 23 November.")
    at_sign_in(second)
    assert not other.is_signed_in
    page.go_back()
    expect(page.locator("body")).not_to_contain_text(SECRETS)


@pytest.mark.guide("D2")
def test_log_out_all_other_devices_keeps_this_one_and_says_what_ended(house, laptop, phone):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page, theirs = laptop.signed_in().tab(), phone.signed_in().tab()
    button(page.get_by_role("region", name="Security Actions"), "Log out all other devices").click()
    asked = page.get_by_role("dialog", name="Log out all other devices?")
    expect(asked).to_contain_text("2 sessions on your other devices")
    expect(asked).to_contain_text("This session: Chrome on macOS")
    button(asked, "Log out all other devices").click()
    expect(page.get_by_text("All other devices are logged out.")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
    at_sign_in(theirs)
    assert not other.is_signed_in
    page.reload()
    expect(page.locator(".row.is-current")).to_be_visible()
    expect(page.get_by_text("All other devices are logged out.")).to_have_count(0)


@pytest.mark.guide("R62", "D23")
def test_who_signs_in_again_after_it_is_alone_in_the_list(house, laptop, phone):
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    page = laptop.signed_in().tab()
    button(page.get_by_role("region", name="Security Actions"), "Logout All Devices").click()
    button(page.get_by_role("dialog"), "Logout All Devices").click()
    at_sign_in(page)
    page = laptop.signed_in().tab()
    expect(page.locator(".row")).to_have_count(1)
    expect(row(page, "Safari on iOS")).to_have_count(0)
