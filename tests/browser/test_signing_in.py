"""Guide: signing in, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from people import ADA, PASSWORD


@pytest.mark.guide("R4", "R18")
def test_signing_in_brings_the_list_with_this_browser_as_current(house, laptop):
    page = laptop.tab("/settings/sessions")
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()
    row = page.locator(".row.is-current")
    expect(row).to_contain_text(re.compile("Chrom(e|ium) on macOS"))  # as the build calls itself
    expect(row.get_by_text("Current", exact=True)).to_be_visible()


@pytest.mark.guide("R2")
def test_a_browser_signed_in_without_the_page_sees_the_list(house, laptop, phone):
    laptop.signed_in()
    phone.signed_in()
    page = laptop.tab()
    expect(page.locator(".row")).to_have_count(2)
    expect(phone.tab().locator(".row.is-current")).to_contain_text("Safari on iOS")


@pytest.mark.guide("R2", "R34")
def test_the_demo_account_is_seen_whole(filled, laptop):
    page = laptop.signed_in(filled.account.email, filled.password).tab()
    expect(page.locator(".row")).to_have_count(21)
