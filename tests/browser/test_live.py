"""What happens elsewhere shows up while the page is open: without a reload, and in all tabs by one stream."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from browser.browsers import EVENTS, SESSIONS, button, row
from people import ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE

WINDOWS = "Firefox on Windows"


def note(page):
    return page.locator("#notes").get_by_text("A new session just started.")


def at_sign_in(page):
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    return page.get_by_role("status")


@pytest.mark.guide("R67", "R81", "R82")
def test_a_session_that_begins_elsewhere_is_told_above_the_list_which_does_not_move(house, laptop):
    for _ in range(12):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = laptop.signed_in().listening()
    details = page.locator(".row").nth(8)
    details.locator("summary").click()
    before, place = details.bounding_box(), page.evaluate("scrollY")
    house.signed_in(SAFARI_ON_IPHONE, ADELAIDE)
    expect(note(page)).to_have_count(1)
    expect(page.get_by_role("status").first).to_contain_text("A new session just started.")
    expect(page.locator(".row")).to_have_count(13)
    assert details.bounding_box()["y"] == pytest.approx(before["y"], abs=2) or place == 0
    expect(details.get_by_text("Reference")).to_be_visible()
    page.get_by_role("link", name="Show it").click()
    expect(page.locator(".row")).to_have_count(14)
    expect(row(page, "Safari on iOS").locator("summary")).to_be_focused()
    expect(note(page)).to_have_count(0)


@pytest.mark.guide("R81")
def test_one_note_tells_of_one_session_and_of_several_and_nothing_beside_it_says_there_is_none(house, laptop):
    page = laptop.signed_in().listening()
    alone = page.get_by_text("Only this browser is signed in.")
    expect(alone).to_be_visible()
    note = page.locator("#notes .note p")
    with page.expect_response("**/revoke"):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    windows = "Firefox on Windows, Berlin, DE."
    expect(note).to_have_text(f"A new session just started. {windows} It is not in the list yet.")
    expect(alone).to_be_hidden()
    expect(page.get_by_text("Nothing else is signed in")).to_be_hidden()
    page.get_by_role("link", name="Show it").focus()
    with page.expect_response("**/revoke"):
        house.signed_in(SAFARI_ON_IPHONE, ADELAIDE)
    iphone = "Safari on iOS, Adelaide, SA, AU."
    several = f"New sessions just started. {windows} {iphone} They are not in the list yet."
    expect(note).to_have_text(several)
    expect(page.get_by_role("status").first).to_have_text(several)
    expect(page.get_by_role("link", name="Show them")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".row")).to_have_count(3)
    expect(note).to_have_count(0)
    expect(page.get_by_text("Nothing to look at.")).to_have_count(0)


@pytest.mark.guide("R81")
def test_what_the_list_shows_already_is_not_told_as_new(house, laptop):
    page = laptop.signed_in().listening()
    held = []
    page.route("**/revoke", lambda route: held.append(route))  # noqa: PLW0108  # see test_finding.py
    with page.expect_request("**/revoke"):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    button(page, "Refresh Sessions").click()
    expect(page.locator(".row")).to_have_count(2)
    with page.expect_response("**/revoke"):
        held[0].continue_()
    page.unroute("**/revoke")
    with page.expect_response("**/revoke"):
        house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    expect(page.locator("#notes .note")).to_have_count(1)
    expect(page.locator("#notes")).to_contain_text("Safari on iOS")
    expect(page.locator("#notes")).not_to_contain_text(WINDOWS)


@pytest.mark.guide("R36", "R50")
def test_a_session_that_ends_elsewhere_is_marked_and_leaves(house, laptop):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    laptop.signed_in()
    page = laptop.tab(None)
    page.clock.install()
    laptop.listening(page=page)
    other.log_out()
    expect(row(page, WINDOWS)).to_contain_text("Ended")
    expect(page.get_by_role("status").first).to_have_text(f"{WINDOWS} has been signed out.")
    page.clock.fast_forward(6000)
    expect(row(page, WINDOWS)).to_have_count(0)
    expect(page.get_by_text("Only this browser is signed in.")).to_be_visible()


@pytest.mark.guide("R36", "R83")
def test_what_ends_behind_a_filter_corrects_the_counts(filled, empty_house, laptop):
    other = empty_house.browser(FIREFOX_ON_WINDOWS, BERLIN)
    other.sign_in(filled.account.email, filled.password)
    laptop.signed_in(filled.account.email, filled.password)
    page = laptop.listening(f"{SESSIONS}?type=sync")
    expect(page.get_by_text("3 of 22 shown")).to_be_visible()
    other.log_out()
    expect(page.get_by_text("3 of 21 shown")).to_be_visible()


@pytest.mark.guide("R49", "R51", "D10")
def test_the_tab_of_a_revoked_session_leaves_within_a_second_and_says_why(house, laptop, phone):
    theirs = phone.signed_in().listening(page=phone.tab("/help/active-sessions"))
    page = laptop.signed_in().tab()
    button(page, "Revoke", "Safari on iOS").click()
    begun = time.monotonic()
    theirs.reload()
    for_a_page = time.monotonic() - begun  # how slow this machine is at the moment
    with theirs.expect_navigation(url=re.compile(r"/sign-in\?elsewhere$"), wait_until="commit"):
        begun = time.monotonic()
        button(page.get_by_role("dialog"), "Revoke session").click()
    assert time.monotonic() - begun < 1 + 3 * for_a_page
    expect(at_sign_in(theirs)).to_contain_text("This session was revoked on 23 November.")
    expect(theirs.get_by_role("status")).not_to_contain_text("Chrome")
    expect(theirs.get_by_role("status")).not_to_contain_text("San Francisco")
    theirs.go_back()
    expect(theirs.get_by_role("heading", name="Guide to Active Sessions")).to_be_visible()


@pytest.mark.guide("R49")
def test_eight_tabs_all_work_and_all_learn_by_one_stream(house, laptop, phone):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    laptop.signed_in()
    tabs = [laptop.listening(), *(laptop.tab() for _ in range(7))]
    for tab in tabs:
        button(tab, "Refresh Sessions").click()
        expect(tab.get_by_role("status").first).to_have_text("List updated.")
    theirs = phone.signed_in().tab()
    for tab in tabs:
        expect(note(tab)).to_have_count(1)
    other.log_out()
    for tab in tabs:
        expect(button(tab, "Revoke", WINDOWS)).to_have_count(0)
    assert laptop.requests.count(EVENTS) == 1
    laptop.expects(
        "401 (Unauthorized)"
    )  # what a tab reads again at the very moment in which it is thrown out
    button(theirs, "Revoke", "Chrome on macOS").click()
    button(theirs.get_by_role("dialog"), "Revoke session").click()
    for tab in tabs:
        expect(at_sign_in(tab)).to_contain_text("This session was revoked")
    assert laptop.requests.count(EVENTS) == 1


@pytest.mark.guide("R49", "R82")
def test_when_the_tab_that_listens_is_closed_another_takes_over_and_misses_nothing(house, laptop):
    other = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    first = laptop.signed_in().listening()
    second, third = laptop.tab(), laptop.tab()
    assert laptop.requests.count(EVENTS) == 1
    with laptop.context.expect_event("response", lambda answer: answer.url.endswith(EVENTS)):
        first.close()
        other.log_out()
    for tab in (second, third):
        expect(tab.locator(".row")).to_have_count(1)
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    for tab in (second, third):
        expect(note(tab)).to_have_count(1)
    assert laptop.requests.count(EVENTS) == 2


@pytest.mark.guide("R82")
def test_a_stream_that_breaks_off_is_opened_again_and_what_was_missed_is_read(house, laptop):
    laptop.expects("503 (Service Unavailable)", "net::ERR_")
    laptop.signed_in()
    page = laptop.tab(None)
    page.clock.install()
    page.route(f"**{EVENTS}", lambda route: route.fulfill(status=503))
    with page.expect_response(f"**{SESSIONS}/alive"):
        page.goto(SESSIONS)
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    expect(page.locator(".row")).to_have_count(1)
    page.unroute(f"**{EVENTS}")
    page.clock.fast_forward(6000)
    expect(page.locator(".row")).to_have_count(2)


@pytest.mark.guide("R82")
def test_what_begins_between_the_page_and_its_stream_is_not_missed(house, laptop):
    laptop.signed_in()
    page = laptop.tab(None)
    held = []
    page.route(f"**{EVENTS}", lambda route: held.append(route))  # noqa: PLW0108  # see test_finding.py
    with page.expect_request(f"**{EVENTS}"):
        page.goto(SESSIONS)
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    expect(page.locator(".row")).to_have_count(1)
    held[0].continue_()
    expect(page.locator(".row")).to_have_count(2)


@pytest.mark.guide("R82")
def test_a_second_tab_learns_from_the_first_what_happened_while_it_was_opening(house, laptop):
    laptop.signed_in().listening()
    page = laptop.tab(None)
    held = []
    page.route("**/stream.js", lambda route: held.append(route))  # noqa: PLW0108  # see test_finding.py
    with page.expect_request("**/stream.js"):
        page.goto(SESSIONS, wait_until="commit")
    first = laptop.context.pages[0]
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    expect(note(first)).to_have_count(1)
    expect(page.locator(".row")).to_have_count(1)
    held[0].continue_()
    expect(page.locator(".row")).to_have_count(2)
    assert laptop.requests.count(EVENTS) == 1


@pytest.mark.guide("D15")
def test_an_open_stream_is_nobodys_activity(house, laptop, clock):
    page = laptop.signed_in().listening()
    clock.move(hours=3)
    other = house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    expect(note(page)).to_have_count(1)
    rows = {each["device"]: each for each in other.sessions()}
    assert rows["Chrome on macOS"]["last_activity_at"].startswith("2026-11-23T14:20")
