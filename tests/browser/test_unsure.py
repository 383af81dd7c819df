"""When it is not certain whether a session has ended: nothing is claimed, and the page asks again."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import EVENTS, SESSIONS, button, row
from people import BERLIN, FIREFOX_ON_WINDOWS

WINDOWS = "Firefox on Windows"
REVOKE = re.compile(r"/revoke\??$")


@pytest.fixture
def other(house):
    return house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)


@pytest.fixture
def page(house, other, laptop):
    """The list on the laptop, which hears nothing of what happens elsewhere."""
    laptop.expects("net::ERR_FAILED")
    laptop.signed_in()
    page = laptop.tab(None)
    page.route(f"**{EVENTS}", lambda route: route.abort())
    page.clock.install()
    page.goto(SESSIONS)
    return page


def revoke(page):
    button(page, "Revoke", WINDOWS).click()
    button(page.get_by_role("dialog"), "Revoke session").click()


def announced(page):
    return page.get_by_role("status").first


@pytest.mark.guide("R54", "R85", "D9")
def test_what_ended_while_the_dialog_was_open_is_said_to_have_ended_already(page, other, laptop):
    laptop.expects("410 (Gone)")
    button(page, "Revoke", WINDOWS).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    other.log_out()
    button(page.get_by_role("dialog"), "Revoke session").click()
    expect(announced(page)).to_have_text("This session had already ended.")
    expect(row(page, WINDOWS)).to_contain_text("Ended")
    page.clock.fast_forward(6000)
    expect(row(page, WINDOWS)).to_have_count(0)


@pytest.mark.guide("R85", "D9")
def test_what_ended_before_the_dialog_was_asked_for_is_said_to_have_ended_already(page, other, laptop):
    laptop.expects("410 (Gone)")
    other.log_out()
    button(page, "Revoke", WINDOWS).click()
    expect(announced(page)).to_have_text("This session had already ended.")
    expect(row(page, WINDOWS)).to_contain_text("Ended")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.guide("D9")
def test_a_lost_question_is_not_confirmed_and_resolves_by_itself(page, other):
    page.route(REVOKE, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    revoke(page)
    doubt = row(page, WINDOWS).get_by_role("alert")
    expect(doubt).to_have_text("Not confirmed. We could not reach the server; checking again.")
    expect(row(page, WINDOWS)).not_to_contain_text("Ended")
    expect(button(page, "Revoke", WINDOWS)).to_be_visible()
    assert other.is_signed_in
    page.clock.run_for(4000)
    expect(doubt).to_have_count(1)
    page.unroute(REVOKE)
    page.clock.run_for(8000)
    expect(row(page, WINDOWS)).to_contain_text("Ended")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert not other.is_signed_in


@pytest.mark.guide("D9", "R54")
def test_a_lost_answer_to_what_was_done_is_not_confirmed_until_the_server_says_it_is_over(
    page, other, laptop
):
    laptop.expects("410 (Gone)")

    sent = laptop.as_program()
    wanted = other.current()["id"]

    def lose_the_answer(route):
        if route.request.method == "POST":
            assert sent.revoke(wanted).status_code == 303
            route.abort()
        else:
            route.continue_()

    page.route(REVOKE, lose_the_answer)
    revoke(page)
    expect(row(page, WINDOWS).get_by_role("alert")).to_contain_text("Not confirmed.")
    assert not other.is_signed_in
    page.unroute(REVOKE)
    page.clock.run_for(2000)
    expect(row(page, WINDOWS)).to_contain_text("Ended")
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.guide("D9", "R64")
def test_a_server_that_cannot_say_is_asked_again_too(page, other, laptop):
    laptop.expects("503 (Service Unavailable)")
    page.route(
        REVOKE,
        lambda route: route.fulfill(status=503) if route.request.method == "POST" else route.continue_(),
    )
    revoke(page)
    expect(row(page, WINDOWS).get_by_role("alert")).to_contain_text("Not confirmed.")
    page.unroute(REVOKE)
    page.clock.run_for(2000)
    expect(row(page, WINDOWS)).to_contain_text("Ended")


def test_a_dialog_that_cannot_be_fetched_leaves_the_page_as_it_was(page):
    page.route(REVOKE, lambda route: route.abort())
    button(page, "Revoke", WINDOWS).click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing has changed.")
    expect(page.locator(".row")).to_have_count(2)


def test_a_revoke_that_is_refused_says_so_and_claims_nothing(page, other, laptop):
    laptop.expects("403 (Forbidden)")
    button(page, "Revoke", WINDOWS).click()
    page.get_by_role("dialog").locator("[name=csrf]").evaluate("field => field.value = 'another'")
    button(page.get_by_role("dialog"), "Revoke session").click()
    expect(page.get_by_role("alert")).to_contain_text("This was refused.")
    expect(row(page, WINDOWS)).not_to_contain_text("Ended")
    assert other.is_signed_in
