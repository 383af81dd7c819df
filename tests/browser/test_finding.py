"""Guide: finding a session - types, places, words, order."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import names, row


@pytest.fixture
def page(filled, laptop):
    """The demo's list on the laptop; read in one piece, and only its parts afterwards."""
    page = laptop.signed_in(filled.account.email, filled.password).tab()
    page.evaluate("window.sameDocument = true")
    yield page
    assert page.evaluate("window.sameDocument"), "the page was loaded anew"


def shown(page):
    return page.locator(".shown")


@pytest.mark.guide("R83", "R34")
def test_a_type_filter_says_how_many_there_are_and_shows_just_these(page):
    types = page.get_by_role("navigation", name="Filter by session type")
    expect(types.get_by_role("link", name="All 21")).to_have_attribute("aria-current", "true")
    for kind, count in {"Web": 9, "Admin": 2, "Sync": 3, "Mobile": 3, "OAuth": 4}.items():
        types.get_by_role("link", name=f"{kind} {count}").click()
        expect(page.locator(".row")).to_have_count(count)
        expect(page.locator(f".row[data-type='{kind.lower()}']")).to_have_count(count)
        expect(types.get_by_role("link", name=kind)).to_have_attribute("aria-current", "true")
        expect(shown(page)).to_contain_text(f"{count} of 21 shown")


@pytest.mark.guide("R83")
def test_show_all_takes_every_filter_away(page):
    expect(shown(page)).to_have_count(0)
    page.get_by_role("link", name="Sync 3").click()
    expect(shown(page)).to_contain_text("3 of 21 shown")
    page.get_by_role("link", name="Show all").click()
    expect(page.locator(".row")).to_have_count(21)
    expect(shown(page)).to_have_count(0)
    expect(page).to_have_url(re.compile("/settings/sessions$"))


@pytest.mark.guide("R83")
def test_the_address_can_be_kept_as_a_bookmark_and_opened_in_another_tab(page, laptop):
    page.get_by_role("link", name="Web 9").click()
    expect(page.locator(".row")).to_have_count(9)
    page.get_by_role("link", name="Berlin, DE 4").click()
    expect(page.locator(".row")).to_have_count(1)
    other = laptop.tab(None)
    other.goto(page.url)
    assert names(other) == names(page)
    expect(shown(other)).to_contain_text("1 of 21 shown")


@pytest.mark.guide("R83")
def test_back_and_forward_go_through_the_filters(page):
    page.get_by_role("link", name="Sync 3").click()
    expect(page.locator(".row")).to_have_count(3)
    page.get_by_role("link", name="Mobile 3").click()
    expect(row(page, "Example Mobile")).to_have_count(3)
    page.go_back()
    expect(row(page, "Example Sync")).to_have_count(3)
    page.go_back()
    expect(page.locator(".row")).to_have_count(21)
    page.go_forward()
    expect(row(page, "Example Sync")).to_have_count(3)
    expect(page).to_have_url(re.compile("type=sync$"))


@pytest.mark.guide("R83", "D22")
def test_search_finds_what_is_displayed_while_one_types(page):
    box = page.get_by_role("searchbox", name="Search sessions")
    for words, count in {
        "firefox": 2,
        "firefox berlin": 1,
        "203.0.113": 6,
        "Connected": 0,
        "tide": 1,
    }.items():
        box.fill("")
        box.press_sequentially(words)
        expect(shown(page)).to_contain_text(f"{count} of 21 shown")
        expect(page.locator(".row")).to_have_count(count)
        expect(box).to_be_focused()
        expect(box).to_have_value(words)


@pytest.mark.guide("D22", "R11")
def test_the_hidden_part_of_an_address_cannot_be_found(page):
    page.get_by_role("searchbox").fill("203.0.113.24")
    expect(page.get_by_text("No session matches “203.0.113.24”")).to_be_visible()
    expect(shown(page)).to_contain_text("0 of 21 shown")


@pytest.mark.guide("R83")
def test_no_match_in_one_type_offers_to_search_all(page):
    page.get_by_role("link", name="OAuth 4").click()
    page.get_by_role("searchbox").fill("safari")
    expect(page.get_by_text("3 sessions of other types do.")).to_be_visible()
    page.get_by_role("link", name="Search all types").click()
    expect(row(page, "Safari")).to_have_count(3)


@pytest.mark.guide("R83")
def test_the_newest_question_is_answered_even_when_an_older_one_takes_longer(page, laptop):
    held = []
    page.route("**/settings/sessions?q=saf", lambda route: held.append(route))  # noqa: PLW0108  # a list's own deed cannot be asked how many arguments it takes
    box = page.get_by_role("searchbox")
    with page.expect_request("**/settings/sessions?q=saf"):
        box.fill("saf")
    box.fill("firefox")
    expect(shown(page)).to_contain_text("2 of 21 shown")
    held[0].abort()
    expect(row(page, "Firefox")).to_have_count(2)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.guide("R83")
def test_searching_keeps_the_type_and_the_place_one_had_chosen(page):
    page.get_by_role("link", name="Berlin, DE 4").click()
    expect(page.locator(".row")).to_have_count(4)
    page.get_by_role("searchbox").fill("chrome")
    expect(shown(page)).to_contain_text("1 of 21 shown")
    expect(page).to_have_url(re.compile(r"place=berlin-de&q=chrome$"))


@pytest.mark.guide("R19", "R77")
def test_the_list_can_be_sorted_by_last_activity_and_by_the_longest_unused(page):
    page.get_by_role("link", name="Longest unused").click()
    expect(page.locator(".row").first).to_contain_text("Safari on iOS")
    expect(page.locator(".row").first).to_contain_text("28 days ago")
    page.get_by_role("link", name="Last activity", exact=True).click()
    expect(page.locator(".row").first).to_contain_text("Active now")
    expect(page.locator(".row").nth(1)).to_contain_text("4 minutes ago")
    assert names(page)[-1].startswith("Safari on iOS")
    page.get_by_role("link", name="In groups").click()
    expect(page.get_by_role("heading", name="Connected apps 4")).to_be_visible()


@pytest.mark.guide("R83", "D25")
def test_a_place_shows_its_sessions_and_choosing_it_again_shows_all(page):
    places = page.get_by_role("list", name="Sessions by place")
    places.get_by_role("link", name="Dublin, IE 2").click()
    expect(page.locator(".row")).to_have_count(2)
    expect(page.locator(".row .place", has_text="Dublin, IE")).to_have_count(2)
    expect(places.get_by_role("link", name="Dublin, IE 2")).to_have_attribute("aria-current", "true")
    places.get_by_role("link", name="Dublin, IE 2").click()
    expect(page.locator(".row")).to_have_count(21)
    places.get_by_role("link", name="Local network 1").click()
    expect(page.locator(".row")).to_have_count(1)


def test_a_place_and_its_pin_light_up_together(page):
    pin = page.locator(".pin[data-place='1'] g")
    quiet = pin.evaluate("pin => getComputedStyle(pin).scale")
    page.get_by_role("link", name="San Francisco, US 7").hover()
    expect(pin).not_to_have_css("scale", quiet)


def test_what_is_worth_a_look_leads_to_its_row(page):
    page.get_by_role("link", name="Unfamiliar location Firefox on Windows").click()
    expect(row(page, "Firefox on Windows")).to_be_in_viewport()
    expect(page.locator(".row:target")).to_contain_text("Firefox on Windows")
