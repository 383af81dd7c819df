"""Worth a look: the sentence, "This wasn't me" and "It was me"."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.browsers import SESSIONS, button, row
from people import ADELAIDE, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE

WINDOWS = "Firefox on Windows"
NOT_ME, ME = "This wasn’t me", "It was me"


@pytest.fixture
def stranger(house, laptop):
    """A sign-in from far away, after the laptop's."""
    laptop.signed_in()
    house.clock.move(hours=2)
    return house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)


@pytest.fixture
def page(stranger, laptop):
    page = laptop.tab(None)
    page.clock.install()
    page.goto(SESSIONS)
    return page


def announced(page):
    return page.get_by_role("status").first


@pytest.mark.guide("R75", "R76")
def test_a_sign_in_from_far_away_stands_under_worth_a_look_with_its_reason(page):
    look = page.get_by_role("region", name="Worth a look 1")
    expect(look).to_contain_text("Unfamiliar location.")
    expect(look).to_contain_text("Nobody has used your account from Adelaide before.")
    expect(look).to_contain_text("2 hours earlier you were active in San Francisco")
    expect(look).to_contain_text("New device.")
    expect(page.get_by_text("1 is worth a look")).to_be_visible()


@pytest.mark.guide("R75", "R48")
def test_this_wasnt_me_ends_it_at_once_and_offers_logout_all_devices(page, stranger, house):
    button(page, NOT_ME, WINDOWS).click()
    gone = row(page, WINDOWS)
    expect(gone).to_contain_text("Ended")
    expect(gone).to_contain_text("Whoever signed in there may know your password.")
    expect(announced(page)).to_have_text(f"{WINDOWS} has been signed out.")
    assert not stranger.is_signed_in
    expect(page.get_by_role("dialog")).to_have_count(0)
    follow_up = button(gone, "Logout All Devices")
    expect(follow_up).to_be_focused()
    page.clock.fast_forward("02:00")
    expect(follow_up).to_be_visible()
    follow_up.click()
    expect(page.get_by_role("dialog", name="Log out all devices?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(follow_up).to_be_focused()


@pytest.mark.guide("R75", "R50")
def test_not_now_lets_the_row_go_and_the_focus_stays_in_the_list(page, house):
    house.signed_in(SAFARI_ON_IPHONE, ADELAIDE)
    button(page, "Refresh Sessions").click()
    expect(page.locator(".row")).to_have_count(3)
    button(page, NOT_ME, WINDOWS).click()
    button(row(page, WINDOWS), "Not now").click()
    page.clock.fast_forward(500)
    expect(row(page, WINDOWS)).to_have_count(0)
    expect(button(page, "Revoke", "Safari on iOS")).to_be_focused()


@pytest.mark.guide("R75", "D9")
def test_this_wasnt_me_with_a_lost_answer_is_not_confirmed_and_offers_the_next_step_afterwards(
    page, stranger, laptop
):
    laptop.expects("net::ERR_FAILED")
    page.route("**/not-me", lambda route: route.abort())
    button(page, NOT_ME, WINDOWS).click()
    expect(row(page, WINDOWS).get_by_role("alert")).to_contain_text("Not confirmed.")
    assert stranger.is_signed_in
    page.unroute("**/not-me")
    page.clock.run_for(2000)
    expect(row(page, WINDOWS)).to_contain_text("That session has ended.")
    expect(button(row(page, WINDOWS), "Logout All Devices")).to_be_focused()
    assert not stranger.is_signed_in


@pytest.mark.guide("R75")
def test_it_was_me_takes_the_flag_away_for_good_and_says_thank_you(page, stranger):
    button(page, ME, WINDOWS).click()
    expect(announced(page)).to_have_text("Thank you. This session is no longer flagged.")
    expect(page.get_by_text("Unfamiliar location")).to_have_count(0)
    expect(page.get_by_role("region", name="Other sessions 1")).to_contain_text(WINDOWS)
    page.reload()
    expect(page.get_by_text("Unfamiliar location")).to_have_count(0)
    assert stranger.is_signed_in


def test_it_was_me_that_does_not_arrive_says_so(page, laptop):
    laptop.expects("net::ERR_FAILED")
    page.route("**/recognize", lambda route: route.abort())
    button(page, ME, WINDOWS).click()
    expect(page.get_by_role("alert")).to_contain_text("This was refused.")
    expect(button(page, ME, WINDOWS)).to_be_visible()


@pytest.mark.guide("R77")
def test_what_was_not_used_for_three_weeks_can_be_kept(filled, laptop):
    page = laptop.signed_in(filled.account.email, filled.password).tab()
    unused = row(page, "Edge on Windows")
    expect(unused).to_contain_text("Last used on 2 November.")
    button(page, "Keep it", "Edge on Windows").click()
    expect(unused.get_by_text("Unused for 21 days")).to_have_count(0)
    expect(page.get_by_text("2 are worth a look")).to_be_visible()
