"""Nothing is cut off, nothing lies on top of anything, and everything is large enough to hit."""

from __future__ import annotations

import pytest

from browser.browsers import SESSIONS
from browser.looks.gallery import CROWD, PHONE, SMALL, WIDE, WORDY
from browser.looks.pictures import SHAPES, keep
from browser.looks.sights import SIGHTS

WIDTHS = (1600, 1180, 1000, 959, 800, 700, 660, 600, 480, 400, 360, 320)


def resize(page, width, height=900):
    page.set_viewport_size({"width": width, "height": height})


@pytest.mark.parametrize("sight", SIGHTS, ids=str)
def test_nothing_reaches_over_the_edge_at_320_pixels_and_at_200_percent(gallery, sight):
    with gallery.browser(SMALL, reduced_motion="reduce") as browser:
        page = sight.seen(gallery, browser)
        page.evaluate(SHAPES)
        for width in (320, 640):  # 640 is 1280 at 200 %
            resize(page, width, 450)
            assert page.evaluate("shapes.overTheEdge()") == [], width
            assert page.evaluate("shapes.onTopOfEachOther()") == [], width
        assert page.evaluate("shapes.tooSmall(24)") == []
        resize(page, *PHONE)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            keep(page, sight.name, PHONE[0], scheme)


@pytest.mark.parametrize("path", [SESSIONS, "/sign-in", "/help/active-sessions", f"{SESSIONS}/logout-all"])
def test_nothing_reaches_over_the_edge_when_only_the_text_is_twice_as_large(gallery, path):
    with gallery.browser(WIDE) as browser:
        if path != "/sign-in":
            gallery.signed_in(browser)
        page = browser.tab(path)
        page.evaluate(SHAPES)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("shapes.overTheEdge()") == []


@pytest.mark.parametrize("who", ["", WORDY], ids=["demo", "long names"])
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_no_part_of_a_row_lies_on_another_at_any_width(gallery, who, direction):
    with gallery.browser(WIDE, reduced_motion="reduce") as browser:
        page = gallery.signed_in(browser, who).tab()
        page.evaluate(SHAPES)
        page.evaluate("(direction) => (document.documentElement.dir = direction)", direction)
        for width in WIDTHS:
            resize(page, width)
            assert page.evaluate("shapes.onTopOfEachOther()") == [], width
            assert page.evaluate("shapes.overTheEdge()") == [], width
        page.evaluate("document.querySelectorAll('.row details').forEach((details) => (details.open = true))")
        for width in WIDTHS[::3]:
            resize(page, width)
            assert page.evaluate("shapes.onTopOfEachOther()") == [], f"{width}, details open"


def test_targets_are_44_pixels_high_for_a_finger(gallery):
    with gallery.browser(PHONE) as browser:
        page = gallery.signed_in(browser).tab()
        heights = page.locator(".btn, .types a, #q").evaluate_all(
            "(all) => all.map((each) => each.getBoundingClientRect().height)"
        )
        assert min(heights) >= 44


def test_columns_follow_the_width_of_the_page_as_designed(gallery):
    with gallery.browser(WIDE) as browser:
        page = gallery.signed_in(browser).tab()
        columns = {1280: 6, 860: 5, 500: 4, 300: 3}
        for width, expected in columns.items():
            resize(page, width)
            found = page.locator(".row").first.evaluate(
                "(row) => getComputedStyle(row).gridTemplateColumns.split(' ').filter((each) => each !== '0px').length"
            )
            assert found == expected, width
            assert page.locator(".cols").is_visible() == (width == 1280)


def test_twenty_sessions_fit_in_a_little_more_than_two_screens(gallery):
    with gallery.browser(WIDE) as browser:
        page = gallery.signed_in(browser).tab()
        rows = page.locator('[data-group="other"] .row')
        heights = rows.evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().height)")
        assert max(heights) <= 68


@pytest.mark.guide("R83")
def test_a_thousand_sessions_come_in_pages_that_can_be_asked_for(gallery):
    with gallery.browser(WIDE) as browser:
        page = gallery.signed_in(browser, CROWD).tab()
        assert page.locator(".row").count() == 100
        page.get_by_role("link", name="Show more").click()
        page.locator(".row").nth(199).wait_for()
        assert page.locator(".row").count() == 200
