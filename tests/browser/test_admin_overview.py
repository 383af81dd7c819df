"""Overview and Health in a real browser, with scripts and without: seen, opened, and taken along."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.browsers import button
from people import PASSWORD, done_apart
from signedin.actions.count_overview import count_overview
from web.operators import ROSA, operator_in


@pytest.fixture(params=["with scripts", "without scripts"])
def console(request, browsers, house):
    operator_in(house, ROSA, "viewer")
    page = browsers("laptop", java_script_enabled=request.param == "with scripts").tab("/admin")
    page.get_by_label("Email address").fill(ROSA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page.get_by_role("heading", name="Record of operator actions")).to_be_visible()
    house.signed_in()
    done_apart(count_overview(house.means, house.clock() + timedelta(minutes=5)))
    return page


@pytest.mark.guide("D11", "R16")
def test_the_numbers_are_seen_and_taken_along(console):
    page = console
    page.get_by_role("navigation", name="Operator console").get_by_role("link", name="Overview").click()
    card = page.get_by_role("region", name="Signed in")
    web = card.get_by_role("row", name=re.compile("^Web"))
    expect(web.get_by_role("cell").first).to_have_text("1")
    expect(web.get_by_role("img", name="Web: at most 1 a day, on 1 day that was counted")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Map of the places"))).to_be_visible()
    expect(page.get_by_role("rowheader", name="2026-11-23")).to_be_hidden()
    page.get_by_text("The numbers of each day").click()
    expect(page.get_by_role("rowheader", name="2026-11-23")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV").click()
    assert taken.value.suggested_filename == "signedin-overview-2026-11-23.csv"
    assert ",sessions,web,1\n" in Path(taken.value.path()).read_text()


@pytest.mark.guide("D11")
def test_what_the_doctor_finds_is_read(console):
    page = console
    page.get_by_role("navigation", name="Operator console").get_by_role("link", name="Health").click()
    expect(page.get_by_role("heading", name="Health", level=1)).to_be_visible()
    expect(page.get_by_text("It has this version's schema")).to_be_visible()
    expect(
        page.get_by_text("The command signedin doctor, in the shell of the server, looks closer")
    ).to_be_visible()
