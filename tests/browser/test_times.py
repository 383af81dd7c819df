"""Times as the person who reads them has them on their clock."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.browsers import row
from people import ADA, FIREFOX_ON_WINDOWS, PASSWORD

WINDOWS = "Firefox on Windows"


def sign_in(page):
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".row.is-current")).to_be_visible()


@pytest.mark.guide("D14", "R13", "R89")
@pytest.mark.parametrize(
    ("zone", "clock_there", "offset"),
    [
        ("Asia/Tokyo", "23:20", "UTC+9"),
        ("America/Los_Angeles", "06:20", "UTC−8"),
        ("America/St_Johns", "10:50", "UTC−3:30"),
    ],
)
def test_times_are_in_the_zone_of_the_browser_from_the_first_list_on(
    house, browsers, zone, clock_there, offset
):
    laptop = browsers("laptop", timezone_id=zone)
    page = laptop.tab("/sign-in")
    sign_in(page)
    expect(page.locator(".updated time")).to_have_text(clock_there)
    expect(page.get_by_role("contentinfo")).to_contain_text(f"{zone} ({offset})")
    page.locator(".row summary").click()
    expect(page.locator(".row")).to_contain_text(f"November 2026, {clock_there}")
    said = page.locator(".row .last time")
    expect(said).to_have_attribute("datetime", "2026-11-23T14:20:00Z")
    expect(said).to_have_attribute("title", f"Monday 23 November 2026, {clock_there}")


@pytest.mark.guide("D14")
def test_the_zone_is_told_by_a_cookie_that_says_nothing_else(house, browsers):
    laptop = browsers("laptop", timezone_id="Asia/Tokyo")
    page = laptop.tab("/sign-in")
    page.wait_for_function("document.cookie.includes('signedin_zone')")
    zone = laptop.cookies()["signedin_zone"]
    assert zone["value"] == "Asia%2FTokyo"
    assert zone["secure"]
    assert zone["sameSite"] == "Lax"


@pytest.mark.guide("R14", "D14")
def test_yesterday_is_the_previous_day_on_the_readers_own_calendar(house, browsers, clock):
    house.signed_in(FIREFOX_ON_WINDOWS)
    clock.move(hours=8)  # 22:20 UTC: in Tokyo it is the next morning, in Los Angeles still the same day
    for zone, said in (("Asia/Tokyo", "yesterday"), ("America/Los_Angeles", "8 hours ago")):
        page = browsers("laptop", timezone_id=zone).tab("/sign-in")
        sign_in(page)
        expect(row(page, WINDOWS)).to_contain_text(said)


@pytest.mark.guide("D14")
def test_who_travels_sees_the_new_zone_at_the_next_page(house, browsers):
    here = browsers("laptop", timezone_id="Europe/Berlin")
    page = here.signed_in().tab()
    page.reload()
    expect(page.locator(".updated time")).to_have_text("15:20")
    there = browsers("laptop", timezone_id="Asia/Tokyo")
    there.context.add_cookies(list(here.cookies().values()))
    page = there.tab()
    page.reload()
    expect(page.locator(".updated time")).to_have_text("23:20")


@pytest.mark.guide("D14")
def test_without_a_script_times_are_said_to_be_in_utc(house, browsers):
    page = browsers("laptop", timezone_id="Asia/Tokyo", java_script_enabled=False).tab("/sign-in")
    sign_in(page)
    expect(page.locator(".updated time")).to_have_text("14:20")
    expect(page.get_by_role("contentinfo")).to_contain_text("Times are shown in UTC.")
