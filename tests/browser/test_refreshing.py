"""Guide: Refresh Sessions reads the list again, and nothing else moves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import EVENTS, SESSIONS, button, row
from people import BERLIN, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE

LIST = re.compile(r"/settings/sessions(\?.*)?$")


@pytest.fixture
def page(filled, laptop):
    """The demo's list on the laptop; read in one piece, and only its parts afterwards."""
    page = laptop.signed_in(filled.account.email, filled.password).tab()
    page.evaluate("window.sameDocument = true")
    yield page
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"


def refresh(page):
    return button(page, "Refresh Sessions")


def announced(page):
    return page.get_by_role("status").first


@pytest.mark.guide("R35", "R36", "R81")
def test_what_began_appears_and_what_ended_disappears_without_loading_the_page_anew(
    filled, laptop, empty_house
):
    laptop.expects("net::ERR_FAILED")
    page = laptop.signed_in(filled.account.email, filled.password).tab(None)
    page.route(f"**{EVENTS}", lambda route: route.abort())
    page.goto(SESSIONS)
    page.evaluate("window.sameDocument = true")
    other = empty_house.browser(SAFARI_ON_IPHONE, BERLIN)
    other.sign_in(filled.account.email, filled.password)
    refresh(page).click()
    expect(page.locator(".row")).to_have_count(22)
    expect(page.get_by_role("link", name="All 22")).to_be_visible()
    expect(page.get_by_role("navigation", name="Settings")).to_contain_text("22")
    laptop.expects("410 (Gone)")  # the page may be asking about the new one just when it ends
    other.log_out()
    refresh(page).click()
    expect(page.locator(".row")).to_have_count(21)
    expect(announced(page)).to_have_text("List updated.")
    assert page.evaluate("window.sameDocument")


@pytest.mark.guide("R36")
def test_last_activity_and_the_time_of_reading_move_on(page, clock):
    expect(page.locator(".updated")).to_contain_text("Updated")
    before = page.locator(".updated time").inner_text()
    clock.move(minutes=5)
    refresh(page).click()
    expect(row(page, "Example Sync on macOS")).to_contain_text("9 minutes ago")
    expect(page.locator(".row.is-current")).to_contain_text("Active now")
    expect(page.locator(".updated time")).not_to_have_text(before)
    fresh = page.locator(".updated time").inner_text()
    page.evaluate("window.location.reload()")
    page.wait_for_function("!window.sameDocument")
    expect(page.locator(".updated time")).to_have_text(fresh)
    page.evaluate("window.sameDocument = true")


@pytest.mark.guide("R36")
def test_filter_scroll_focus_and_open_details_stay(page):
    page.get_by_role("link", name="Web 9").click()
    expect(page.locator(".row")).to_have_count(9)
    details = row(page, "Chrome on ChromeOS")
    details.locator("summary").click()
    expect(details.get_by_text("Reference")).to_be_visible()
    place = page.evaluate("scrollTo(0, 400), scrollY")
    assert place == 400
    with page.expect_response(LIST):
        page.evaluate("document.querySelector('.refresh').requestSubmit()")
    expect(announced(page)).to_have_text("List updated.")
    expect(page.locator(".row")).to_have_count(9)
    expect(details.get_by_text("Reference")).to_be_visible()
    expect(details.locator("summary")).to_be_focused()
    assert page.evaluate("scrollY") == place
    expect(page).to_have_url(re.compile("type=web$"))


@pytest.mark.guide("R36")
def test_the_focus_stays_on_the_button_that_was_pressed(page):
    refresh(page).focus()
    page.keyboard.press("Enter")
    expect(announced(page)).to_have_text("List updated.")
    expect(refresh(page)).to_be_focused()


@pytest.mark.guide("R37")
def test_while_it_loads_the_button_is_busy_and_a_second_press_asks_nothing(page, laptop):
    held = []
    page.route(LIST, lambda route: held.append(route))  # noqa: PLW0108  # a list's own deed cannot be asked how many arguments it takes
    refresh(page).click()
    form = page.locator("form.refresh")
    expect(form).to_have_attribute("aria-busy", "true")
    expect(refresh(page)).to_be_disabled()
    refresh(page).click(force=True)
    page.evaluate("document.querySelector('.refresh button').click()")
    held[0].continue_()
    expect(refresh(page)).to_be_enabled()
    expect(form).not_to_have_attribute("aria-busy", "true")
    assert len(held) == 1


@pytest.mark.guide("R37")
@pytest.mark.parametrize("failure", ["the line is cut", "the server is ill"])
def test_a_failure_keeps_the_old_list_says_so_and_can_be_repeated(page, laptop, failure):
    laptop.expects("net::ERR_FAILED", "503 (Service Unavailable)")
    answer = {"status": 503, "body": "{}"}
    page.route(LIST, lambda route: route.abort() if "cut" in failure else route.fulfill(**answer))
    refresh(page).click()
    expect(page.get_by_role("alert")).to_contain_text("The list could not be read again")
    expect(page.get_by_role("alert")).to_contain_text("Nothing has changed.")
    expect(page.locator(".row")).to_have_count(21)
    page.unroute(LIST)
    refresh(page).click()
    expect(announced(page)).to_have_text("List updated.")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.guide("R35", "R38", "D15")
def test_refresh_asks_the_server_itself_and_an_automatic_re_read_is_nobodys_activity(page, laptop):
    with page.expect_request(LIST) as asked:
        refresh(page).click()
    assert asked.value.headers["signedin-partial"] == "list"
    assert "signedin-automatic" not in asked.value.headers
    assert asked.value.response().headers["cache-control"] == "no-store"
    assert not asked.value.response().from_service_worker


@pytest.mark.guide("D15")
def test_an_open_page_reads_itself_again_every_minute_and_says_that_nobody_asked(filled, laptop):
    laptop.signed_in(filled.account.email, filled.password)
    page = laptop.tab(None)
    page.clock.install()
    laptop.listening(page=page)  # by then the page has set its clock, however slow the machine is
    expect(page.locator(".row")).to_have_count(21)
    with page.expect_request(lambda request: "signedin-partial" in request.headers) as asked:
        page.clock.fast_forward("01:01")
    assert asked.value.headers["signedin-automatic"] == "1"


@pytest.mark.guide("R36", "D15")
def test_what_one_has_unticked_and_not_saved_stays_until_it_is_ticked_again(filled, laptop):
    laptop.signed_in(filled.account.email, filled.password)
    page, asked = laptop.tab(None), []
    page.clock.install()
    laptop.listening(page=page)
    page.on(
        "request", lambda request: asked.append(request) if "signedin-partial" in request.headers else None
    )
    app = page.locator(".row:has(.keeps input:not([disabled]))").first
    app.locator("summary").click()
    box = app.locator(".keeps [type=checkbox]:not([disabled])").first
    box.uncheck()
    page.clock.fast_forward("01:01")
    expect(box).not_to_be_checked()
    assert asked == []
    box.check()
    with page.expect_request(lambda request: "signedin-partial" in request.headers):
        page.clock.fast_forward("01:01")


@pytest.mark.guide("D15", "R68")
def test_a_forgotten_open_tab_expires_like_any_other(house, laptop, clock):
    laptop.signed_in()
    page = laptop.tab(None)
    page.clock.install()
    laptop.listening(page=page)  # by then everything that belongs to the page has been asked for
    clock.move(days=29)
    with page.expect_response(LIST):
        page.clock.fast_forward("01:01")
    expect(page.locator(".row")).to_contain_text("Active now")
    clock.move(days=1)
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("It had not been used for 30 days.")


@pytest.mark.guide("R36")
def test_a_row_one_is_reading_stays_where_it_is_when_others_come_and_go_above_it(house, laptop):
    for _ in range(12):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
        house.clock.move(minutes=2)  # the next one stands above the one before
    page = laptop.signed_in().tab()
    anchor = page.locator(".row").nth(9)
    mark = page.locator(f"[id='{anchor.get_attribute('id')}']")
    mark.evaluate("row => scrollTo(0, row.getBoundingClientRect().top + scrollY)")
    before = mark.bounding_box()["y"]
    house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    page.evaluate("document.querySelector('.refresh').requestSubmit()")
    expect(page.locator(".row")).to_have_count(14)
    assert mark.bounding_box()["y"] == pytest.approx(before, abs=2)
