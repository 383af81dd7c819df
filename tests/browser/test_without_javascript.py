"""Without JavaScript everything works: links and forms, and a page where otherwise a dialog opens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import button, names, row
from people import ADA, ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, SAFARI_ON_IPHONE

WINDOWS = "Firefox on Windows"


@pytest.fixture
def plain(browsers):
    """A laptop whose browser runs no script."""
    return browsers("laptop", java_script_enabled=False)


def at_sign_in(page):
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    return page.get_by_role("status")


@pytest.mark.guide("R4", "R18")
def test_signing_in_and_coming_back_to_the_page_one_wanted(house, plain):
    page = plain.tab("/settings/sessions?type=web")
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page).to_have_url(re.compile("type=web$"))
    expect(page.get_by_text("Current", exact=True)).to_be_visible()


def test_the_first_account_is_made(empty_house, plain):
    page = plain.tab("/")
    page.get_by_label("Set-up code").fill(empty_house.server.setup_code())
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Make the account").click()
    expect(page.locator(".row.is-current")).to_be_visible()


@pytest.mark.guide("R36", "R39", "R83")
def test_filters_search_order_and_refresh_go_together(filled, plain):
    page = plain.signed_in(filled.account.email, filled.password).tab()
    page.get_by_role("link", name="Web 9").click()
    expect(page.get_by_text("9 of 21 shown")).to_be_visible()
    page.get_by_role("searchbox").fill("safari")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("3 of 21 shown")).to_be_visible()
    page.get_by_role("link", name="Longest unused").click()
    expect(page.locator(".row").first).to_contain_text("Safari on iOS")
    page.get_by_role("link", name="San Francisco, US 7").click()
    found = names(page)
    assert len(found) == 2
    url = page.url
    button(page, "Refresh Sessions").click()
    expect(page.locator(".row")).to_have_count(2)
    assert names(page) == found
    assert sorted(re.split("[?&]", page.url)) == sorted(re.split("[?&]", url))
    page.get_by_role("link", name="Show all").click()
    expect(page.locator(".row")).to_have_count(21)


@pytest.mark.guide("R36", "R39")
def test_refresh_shows_what_began_and_what_ended(house, plain):
    page = plain.signed_in().tab()
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    button(page, "Refresh Sessions").click()
    expect(row(page, WINDOWS)).to_be_visible()
    other.log_out()
    button(page, "Refresh Sessions").click()
    expect(row(page, WINDOWS)).to_have_count(0)


def test_details_and_the_menu_open(house, plain):
    page = plain.signed_in().tab()
    page.locator(".row summary").click()
    expect(page.get_by_text("Reference")).to_be_visible()
    page.locator(".menu summary").click()
    expect(page.get_by_text(ADA)).to_be_visible()


@pytest.mark.guide("R47", "R48", "R50")
def test_revoking_asks_on_a_page_of_its_own_and_says_what_was_signed_out(house, plain):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = plain.signed_in().tab()
    button(page, "Revoke", WINDOWS).click()
    expect(page.get_by_role("heading", name="Revoke this session?")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Berlin, DE")
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator(".row")).to_have_count(2)
    assert other.is_signed_in
    button(page, "Revoke", WINDOWS).click()
    button(page, "Revoke session").click()
    expect(page.get_by_text(f"{WINDOWS} has been signed out.")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
    assert not other.is_signed_in
    page.reload()
    expect(page.get_by_text("has been signed out")).to_have_count(0)


@pytest.mark.guide("R54", "R85", "D9")
@pytest.mark.parametrize("when", ["before the page is asked for", "while it is open"])
def test_what_has_ended_already_is_said_to_have(house, plain, when):
    plain.expects("410 (Gone)")
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = plain.signed_in().tab()
    if "before" in when:
        other.log_out()
        button(page, "Revoke", WINDOWS).click()
    else:
        button(page, "Revoke", WINDOWS).click()
        other.log_out()
        button(page, "Revoke session").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("ended")
    expect(page.get_by_text("session_already_ended")).to_be_visible()
    page.get_by_role("link", name="Back to your sessions").click()
    expect(page.locator(".row")).to_have_count(1)


@pytest.mark.guide("R75")
def test_it_was_me_and_this_wasnt_me(house, plain):
    plain.signed_in()
    mine, stranger = house.signed_in(SAFARI_ON_IPHONE, BERLIN), house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    page = plain.tab()
    button(page, "It was me", "Safari on iOS").click()
    expect(page.get_by_text("This session is no longer flagged.")).to_be_visible()
    assert mine.is_signed_in
    button(page, "This wasn’t me", WINDOWS).click()
    expect(page.get_by_text("Whoever signed in there may know your password.")).to_be_visible()
    assert not stranger.is_signed_in


@pytest.mark.guide("R41", "R42")
def test_logout_leads_to_sign_in_and_the_back_button_shows_nothing_private(house, plain):
    page = plain.signed_in().tab()
    button(page.locator(".row.is-current"), "Logout").click()
    expect(at_sign_in(page)).to_contain_text("You are logged out.")
    page.go_back()
    at_sign_in(page)
    expect(page.locator("body")).not_to_contain_text("Ada Lovelace")


@pytest.mark.guide("R57", "R58", "R59")
def test_logout_all_devices_counts_first_and_ends_everything(filled, empty_house, plain):
    other = empty_house.browser(FIREFOX_ON_WINDOWS, BERLIN)
    other.sign_in(filled.account.email, filled.password)
    page = plain.signed_in(filled.account.email, filled.password).tab()
    button(page, "Logout All Devices").click()
    expect(page.get_by_role("heading", name="Log out all devices?")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("18 sessions on your devices, including this one")
    button(page, "Logout All Devices").click()
    expect(at_sign_in(page)).to_contain_text("18 sessions and 4 connected apps ended.")
    assert not other.is_signed_in


@pytest.mark.guide("D2")
def test_log_out_all_other_devices_keeps_this_one(house, plain):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = plain.signed_in().tab()
    button(page, "Log out all other devices").click()
    expect(page.get_by_role("main")).to_contain_text("1 session on another device")
    button(page, "Log out all other devices").click()
    expect(page.get_by_text("All other devices are logged out.")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
    assert not other.is_signed_in
