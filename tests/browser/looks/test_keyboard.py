"""By keyboard alone: everything can be reached, seen when it is reached, and used."""

from __future__ import annotations

import re
from itertools import islice

import pytest
from playwright.sync_api import expect

from browser.browsers import SESSIONS
from browser.looks.gallery import ALONE, PHONE, WIDE
from browser.looks.pictures import SHAPES

LOW, NARROW = (1280, 640), (700, 900)
MOST_STOPS = 250


@pytest.fixture
def other(gallery):
    """Another session of hers, to be ended."""
    return gallery.newcomer()


@pytest.fixture
def page(gallery):
    with gallery.browser(WIDE, reduced_motion="reduce") as browser:
        yield gallery.signed_in(browser).tab()


def stops(page, key="Tab"):
    """What has the focus, stop after stop, until the page has been gone through."""
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        stop = page.evaluate("shapes.focused()")
        if stop["isPage"]:
            return
        yield stop
    raise AssertionError("the page has no end")


def next_button(page, row_id):
    """The button of the row after this one, found also when this one is gone."""
    following = page.locator(f"#s-{row_id} + .row").get_attribute("id")
    return page.locator(f"#{following} .btn-end")


@pytest.mark.parametrize("size", [WIDE, LOW, NARROW, PHONE], ids=["wide", "low", "narrow", "phone"])
@pytest.mark.parametrize("path", [SESSIONS, f"{SESSIONS}?q=e&type=web", "/sign-in", f"{SESSIONS}/logout-all"])
def test_every_stop_has_a_ring_is_in_the_window_and_under_nothing(gallery, path, size):
    with gallery.browser(size, reduced_motion="reduce") as browser:
        if path != "/sign-in":
            gallery.signed_in(browser)
        page = browser.tab(path)
        page.evaluate(SHAPES)
        page.locator(".skip").focus()
        forwards = [page.evaluate("shapes.focused()"), *stops(page)]
        backwards = list(islice(stops(page, "Shift+Tab"), len(forwards)))
        assert [stop for stop in [*forwards, *backwards] if stop["problems"]] == []
        assert [stop["name"] for stop in backwards] == [stop["name"] for stop in forwards][::-1]


def test_the_first_stop_leads_past_the_navigation(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Refresh Sessions")).to_be_focused()


def test_the_menu_opens_is_gone_through_and_closes(page):
    summary = page.locator(".menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".menu-list").get_by_role("link", name="Settings")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".menu-list").get_by_role("button", name="Logout")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu-list")).to_be_hidden()
    expect(summary).to_be_focused()


@pytest.mark.guide("R36", "R37")
def test_refreshing_leaves_the_focus_on_its_button_and_says_that_it_is_done(page):
    button = page.get_by_role("button", name="Refresh Sessions")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("List updated.")
    expect(button).to_be_focused()


@pytest.mark.guide("R83")
def test_a_filter_is_chosen_and_taken_back_with_the_focus_where_one_was(page):
    page.get_by_role("link", name="Sync 3").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(3)
    expect(page.get_by_role("link", name="Sync 3")).to_be_focused()
    expect(page.locator("#announce")).to_have_text("3 of 21 shown")
    page.get_by_role("link", name="Show all").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(21)
    expect(page.locator(".types").get_by_role("link", name="All 21")).to_be_focused()


def test_a_place_is_chosen_and_taken_back_with_the_focus_on_it(page):
    page.get_by_role("link", name="Berlin, DE 4").focus()
    for count in (4, 21):
        page.keyboard.press("Enter")
        expect(page.locator(".row")).to_have_count(count)
        expect(page.get_by_role("link", name="Berlin, DE 4")).to_be_focused()


def test_an_order_is_chosen_with_the_focus_on_it(page):
    page.get_by_role("link", name="Last activity").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="All sessions and apps")).to_be_visible()
    expect(page.get_by_role("link", name="Last activity")).to_be_focused()


def test_searching_leaves_the_focus_and_the_caret_in_the_field(page):
    page.get_by_label("Search sessions").focus()
    page.keyboard.type("lisbon")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.get_by_label("Search sessions")).to_be_focused()
    page.keyboard.type("x")
    expect(page.locator(".row")).to_have_count(0)
    expect(page.get_by_label("Search sessions")).to_have_value("lisbonx")


def test_details_open_and_close(page):
    summary = page.locator(".row", has_text="Porter").locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Permissions changed")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_text("Permissions changed")).to_be_hidden()


@pytest.mark.guide("R47", "R50")
def test_revoking_begins_at_cancel_stays_in_the_dialog_and_goes_on_at_the_next_row(other, page):
    button = page.locator(f"#s-{other} .btn-end")
    following = next_button(page, other)
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Revoke this session?")
    expect(dialog.get_by_text("Cancel")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches('dialog *, body')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Revoke session")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#s-{other}")).to_contain_text("Ended")
    expect(page.locator("#announce")).to_have_text("Firefox on Windows has been signed out.")
    expect(following).to_be_focused()
    expect(page.locator(f"#s-{other}")).to_have_count(0)
    expect(following).to_be_focused()


def test_this_was_not_me_goes_on_with_what_to_do_next_and_then_with_the_next_row(other, page):
    following = next_button(page, other)
    page.locator(f"#s-{other} .btn-alarm").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#s-{other} .followup").get_by_role("button").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Not now")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(f"#s-{other}")).to_have_count(0)
    expect(following).to_be_focused()


def test_it_was_me_leaves_the_focus_on_the_row_that_is_no_longer_flagged(other, page):
    page.locator(f"#s-{other} .flag-act .btn-plain").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#s-{other} .flag")).to_have_count(0)
    expect(page.locator(f"#s-{other} .btn-end")).to_be_focused()


@pytest.mark.guide("R57", "R59")
def test_logging_out_everywhere_takes_two_keys_and_can_be_cancelled(gallery):
    with gallery.browser(WIDE) as browser:
        page = gallery.signed_in(browser, ALONE).tab()
        button = page.locator(".security").get_by_role("button", name="Logout All Devices")
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Log out all devices?")
        expect(dialog.get_by_text("Cancel")).to_be_focused()
        page.keyboard.press("Escape")
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        expect(dialog.get_by_text("Cancel")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("/sign-in"))
        expect(page.get_by_role("status")).to_contain_text("All devices are logged out")
