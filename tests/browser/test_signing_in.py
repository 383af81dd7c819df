"""Guide: signing in, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import button, row
from people import ADA, PASSWORD


def sign_in(page, password=PASSWORD):
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(password)
    button(page, "Sign in").click()


@pytest.mark.guide("R4", "R6", "R18", "R19")
def test_signing_in_brings_the_list_with_this_browser_first_and_marked_as_current(house, laptop, phone):
    phone.signed_in()
    page = laptop.tab("/sign-in")
    sign_in(page)
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()
    first = page.locator(".row").first
    expect(first).to_contain_text(re.compile("Chrom(e|ium) on macOS"))  # as the build calls itself
    expect(first.get_by_text("Current", exact=True)).to_be_visible()
    expect(page.get_by_text("Current", exact=True)).to_have_count(1)
    expect(first).to_have_attribute("aria-current", "true")
    expect(row(page, "Safari on iOS").get_by_text("Current", exact=True)).to_have_count(0)
    border = "element => getComputedStyle(element.closest('.sheet')).borderTopWidth"
    assert first.evaluate(border) != row(page, "Safari on iOS").evaluate(border)


@pytest.mark.guide("R4")
def test_the_page_one_wanted_comes_back_after_sign_in(house, laptop, phone):
    phone.signed_in()
    page = laptop.tab("/settings/sessions?type=web&sort=recent")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    sign_in(page)
    expect(page).to_have_url(f"{house.base_url}/settings/sessions?type=web&sort=recent")
    expect(page.get_by_role("link", name="Web 2")).to_have_attribute("aria-current", "true")


@pytest.mark.guide("R4")
@pytest.mark.security("3.7.2")
def test_sign_in_never_leads_to_another_host(house, laptop):
    page = laptop.tab("/sign-in?next=//evil.test/")
    sign_in(page)
    expect(page).to_have_url(f"{house.base_url}/settings/sessions")


@pytest.mark.security("6.3.8")
def test_a_wrong_password_is_told_without_saying_what_was_wrong(house, laptop):
    laptop.expects("401 (Unauthorized)")
    page = laptop.tab("/sign-in")
    sign_in(page, "four unrelated words make nothing")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value(ADA)
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_be_focused()
    sign_in(page)
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()


def test_the_sign_in_page_shows_how_this_sign_in_will_be_listed(house, phone):
    page = phone.tab("/sign-in")
    preview = page.get_by_role("complementary", name="How this sign-in will be listed")
    expect(preview).to_contain_text("Safari on iOS")
    expect(preview).to_contain_text("Berlin, DE")
    sign_in(page)
    current = page.locator(".row.is-current")
    expect(current).to_contain_text("Safari on iOS")
    expect(current).to_contain_text("Berlin, DE")


def test_who_is_signed_in_already_goes_on_from_the_sign_in_page(house, laptop):
    page = laptop.signed_in().tab("/sign-in")
    expect(page).to_have_url(f"{house.base_url}/settings/sessions")


@pytest.mark.guide("D35")
def test_the_shared_computer_tick_ends_the_session_after_an_hour_without_use_and_keeps_no_cookie(
    house, laptop, clock
):
    page = laptop.tab("/sign-in")
    page.get_by_label("This is a public or shared computer").check()
    sign_in(page)
    page.locator(".row.is-current summary").click()
    expect(page.locator(".row.is-current")).to_contain_text("ends after an hour without use")
    jar = laptop.cookies()
    assert jar["__Host-signedin"]["expires"] == -1
    assert "__Host-signedin-browser" not in jar
    page.goto("/help/active-sessions")  # which does not leave by itself
    clock.move(minutes=59)
    page.reload()
    expect(page.locator(".menu")).to_be_visible()
    clock.move(minutes=61)
    page.goto("/settings/sessions")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("Your session expired.")
    expect(page.get_by_role("status")).to_contain_text("It had not been used for 1 hour.")


@pytest.mark.guide("D35")
def test_a_browser_that_is_remembered_raises_no_flag_the_next_time(house, laptop, phone):
    laptop.signed_in()
    page = phone.tab("/sign-in")
    expect(page.get_by_label("Remember this browser")).to_be_checked()
    sign_in(page)
    button(page, "Logout").click()
    sign_in(page)
    expect(page.locator(".row.is-current")).to_be_visible()
    mine = row(laptop.tab(), "Safari on iOS")
    expect(mine).to_contain_text("Berlin, DE")
    expect(mine.get_by_text("New device")).to_have_count(0)
