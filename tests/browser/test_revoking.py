"""Guide: Revoke, with its dialog - and the other browser is thrown out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.browsers import SESSIONS, button, row
from people import ADELAIDE, BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE

WINDOWS = "Firefox on Windows"


@pytest.fixture
def other(house):
    """Somebody's Firefox in Berlin, as a program plays it."""
    return house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)


@pytest.fixture
def page(house, other, laptop):
    """The list on the laptop, whose browser has a clock that can be moved."""
    laptop.signed_in()
    page = laptop.tab(None)
    page.clock.install()
    page.goto(SESSIONS)
    return page


def dialog(page):
    return page.get_by_role("dialog", name="Revoke this session?")


def announced(page):
    return page.get_by_role("status").first


@pytest.mark.guide("R46", "R47")
def test_the_dialog_names_the_device_the_place_and_the_last_activity_with_cancel_first(page, other, clock):
    clock.move(minutes=5)
    button(page, "Refresh Sessions").click()
    expect(announced(page)).to_have_text("List updated.")
    button(page, "Revoke", f"{WINDOWS}, Berlin, DE").click()
    expect(dialog(page)).to_contain_text(WINDOWS)
    expect(dialog(page)).to_contain_text("Berlin, DE")
    expect(dialog(page)).to_contain_text("last activity 5 minutes ago")
    expect(dialog(page).get_by_role("link", name="Cancel")).to_be_focused()
    assert dialog(page).evaluate("dialog => dialog.matches(':modal')")


@pytest.mark.guide("R47")
@pytest.mark.parametrize("way", ["Cancel", "Escape", "a click outside", "Enter on Cancel"])
def test_cancelling_changes_nothing_and_gives_the_focus_back(page, other, way):
    opener = button(page, "Revoke", WINDOWS)
    opener.click()
    expect(dialog(page)).to_be_visible()
    if way == "Cancel":
        dialog(page).get_by_role("link", name="Cancel").click()
    elif way == "a click outside":
        page.mouse.click(5, 5)
    else:
        page.keyboard.press("Escape" if way == "Escape" else "Enter")
    expect(dialog(page)).to_have_count(0)
    expect(opener).to_be_focused()
    expect(page.locator(".row")).to_have_count(2)
    assert other.is_signed_in


@pytest.mark.guide("R47")
def test_a_click_inside_the_dialog_beside_its_words_does_not_close_it(page):
    button(page, "Revoke", WINDOWS).click()
    box = dialog(page).bounding_box()
    page.mouse.click(box["x"] + 6, box["y"] + 6)
    expect(dialog(page)).to_be_visible()


@pytest.mark.guide("R48", "R50", "R51")
def test_revoking_ends_the_session_marks_the_row_says_so_and_the_row_leaves_within_six_seconds(page, other):
    button(page, "Revoke", WINDOWS).click()
    button(dialog(page), "Revoke session").click()
    gone = row(page, WINDOWS)
    expect(gone).to_contain_text("Ended")
    expect(announced(page)).to_have_text(f"{WINDOWS} has been signed out.")
    assert not other.is_signed_in
    expect(dialog(page)).to_have_count(0)
    expect(gone.get_by_role("button")).to_have_count(0)
    page.clock.fast_forward(5000)
    expect(gone).to_contain_text("Ended")
    page.clock.fast_forward(1000)
    expect(gone).to_have_count(0)
    expect(page.get_by_text("Only this browser is signed in.")).to_be_visible()
    expect(page.get_by_role("navigation", name="Settings")).to_contain_text("1")


@pytest.mark.guide("R50")
def test_without_motion_the_row_is_simply_gone_after_its_six_seconds(house, other, browsers):
    laptop = browsers("laptop", reduced_motion="reduce").signed_in()
    page = laptop.tab(None)
    page.clock.install()
    page.goto(SESSIONS)
    button(page, "Revoke", WINDOWS).click()
    button(dialog(page), "Revoke session").click()
    expect(row(page, WINDOWS)).to_contain_text("Ended")
    assert row(page, WINDOWS).evaluate("row => getComputedStyle(row).transitionDuration") in {"0s", "none"}
    page.clock.fast_forward(6000)
    expect(row(page, WINDOWS)).to_have_count(0)


@pytest.mark.guide("R50")
def test_the_focus_goes_to_the_next_rows_button_and_stays_there_when_the_row_has_left(house, laptop):
    house.signed_in(SAFARI_ON_IPHONE, ADELAIDE)
    house.clock.move(minutes=2)
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    laptop.signed_in()
    page = laptop.tab(None)
    page.clock.install()
    page.goto(SESSIONS)
    button(page, "Revoke", WINDOWS).click()
    button(dialog(page), "Revoke session").click()
    following = button(page, "Revoke", "Safari on iOS")
    expect(following).to_be_focused()
    page.clock.fast_forward(6000)
    expect(row(page, WINDOWS)).to_have_count(0)
    expect(following).to_be_focused()
    following.press("Enter")
    button(dialog(page), "Revoke session").press("Enter")
    expect(row(page, "Safari on iOS")).to_contain_text("Ended")
    expect(button(page, "Refresh Sessions")).to_be_focused()


@pytest.mark.guide("R53")
def test_revoking_the_phone_leaves_the_other_browsers_signed_in(page, house, other):
    phone = house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    expect(page.locator("#notes")).to_contain_text("A new session just started.")
    button(page, "Refresh Sessions").click()
    button(page, "Revoke", "Safari on iOS").click()
    button(dialog(page), "Revoke session").click()
    expect(row(page, "Safari on iOS")).to_contain_text("Ended")
    assert not phone.is_signed_in
    assert other.is_signed_in
    page.reload()
    expect(page.locator(".row.is-current")).to_be_visible()


@pytest.mark.guide("R52", "R77")
def test_several_can_be_revoked_one_after_the_other_without_waiting(page, house, other):
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    expect(page.locator("#notes")).to_contain_text("A new session just started.")
    button(page, "Refresh Sessions").click()
    for name in (WINDOWS, "Safari on iOS"):
        button(page, "Revoke", name).click()
        button(dialog(page), "Revoke session").click()
        expect(row(page, name)).to_contain_text("Ended")
    page.clock.fast_forward(6000)
    expect(page.locator(".row")).to_have_count(1)


@pytest.mark.guide("R78", "R80")
def test_a_connected_app_is_revoked_by_the_same_way_and_nothing_else_ends(filled, laptop):
    page = laptop.signed_in(filled.account.email, filled.password).tab()
    button(page, "Revoke", "Tidewater Calendar").click()
    asked = page.get_by_role("dialog", name="Revoke this connected app?")
    expect(asked).to_contain_text("Tidewater Calendar loses access to your account immediately.")
    button(asked, "Revoke app").click()
    expect(row(page, "Tidewater Calendar")).to_contain_text("Ended")
    button(page, "Refresh Sessions").click()
    expect(page.locator(".row")).to_have_count(20)
    expect(page.get_by_role("link", name="OAuth 3")).to_be_visible()


@pytest.mark.guide("R40", "R84")
def test_the_current_row_offers_logout_and_never_revoke(page):
    current = page.locator(".row.is-current")
    expect(button(current, "Logout")).to_be_visible()
    expect(current.get_by_role("button")).to_have_count(1)
