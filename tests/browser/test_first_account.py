"""The first account, and the ones that people make for themselves."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import button
from people import ADA, GRACE, PASSWORD


def fill(page, name, email, password=PASSWORD):
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(password)
    button(page, "Make the account").click()


@pytest.mark.guide("R1", "R18", "R67")
def test_the_printed_code_makes_the_first_account_and_leads_to_the_list(empty_house, laptop):
    page = laptop.tab("/")
    expect(page.get_by_role("heading", name="Make the first account")).to_be_visible()
    page.get_by_label("Set-up code").fill(empty_house.server.setup_code())
    fill(page, "Ada Lovelace", ADA)
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()
    expect(page.locator(".row")).to_have_count(1)
    expect(page.get_by_text("Current", exact=True)).to_be_visible()
    expect(page.get_by_text("Nothing else is signed in")).to_be_visible()


@pytest.mark.security("6.3.2")
def test_a_wrong_code_makes_no_account_and_what_was_typed_stays(empty_house, laptop):
    laptop.expects("403 (Forbidden)")
    page = laptop.tab("/setup")
    page.get_by_label("Set-up code").fill("0000-0000-0000-0000")
    fill(page, "Ada Lovelace", ADA)
    expect(page.get_by_role("alert")).to_contain_text("set-up code")
    expect(page.get_by_label("Email address")).to_have_value(ADA)
    expect(page.get_by_label("Password")).to_have_value("")
    assert empty_house.server.setup_code() is not None


@pytest.mark.guide("D33")
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(empty_house, laptop):
    laptop.expects("422 (Unprocessable")
    page = laptop.tab("/setup")
    page.get_by_label("Set-up code").fill(empty_house.server.setup_code())
    fill(page, "Ada Lovelace", ADA, "aaaaaaaaaaaaaaaaaaaa")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Set-up code").fill(empty_house.server.setup_code())
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Make the account").click()
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()


def test_who_registers_signs_in_with_what_they_chose(house, laptop):
    page = laptop.tab("/sign-in")
    page.get_by_role("link", name="Make an account").click()
    fill(page, "Grace Hopper", GRACE)
    expect(page.get_by_role("status")).to_contain_text("Your account is ready.")
    page.get_by_label("Email address").fill(GRACE)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page.locator(".row.is-current")).to_have_count(1)
    expect(page.get_by_text("Grace Hopper")).to_be_visible()
    expect(page).to_have_url(re.compile("/settings/sessions$"))


@pytest.mark.security("6.3.8")
def test_an_address_that_is_taken_is_answered_like_one_that_is_free(house, laptop):
    page = laptop.tab("/register")
    fill(page, "Somebody Else", ADA)
    expect(page.get_by_role("status")).to_contain_text("Your account is ready.")
