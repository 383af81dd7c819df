"""Why one is at the sign-in page: told to the holder of the ended session, and to nobody else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.browsers import SESSIONS
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, done_apart
from signedin.actions import operate

HELP = "/help/active-sessions"
"""A page of the signed-in that does not listen to anything, so that it stays where it is."""


def reason(page):
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    return page.get_by_role("status")


@pytest.fixture
def other(house):
    """The browser in Berlin that ends things."""
    return house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)


@pytest.mark.guide("R51", "R87", "D10")
def test_who_was_revoked_is_told_the_day_and_never_where_or_by_which_device(house, laptop, other):
    laptop.signed_in()
    wanted = next(each["id"] for each in other.sessions() if not each["current"])
    other.revoke(wanted)
    house.clock.move(days=3)
    page = laptop.tab()
    expect(reason(page)).to_contain_text("This session was revoked on 23 November.")
    expect(reason(page)).to_contain_text(
        "If you did not do that, sign in and look at what else is signed in."
    )
    for part in ("Firefox", "Windows", "Berlin"):
        expect(reason(page)).not_to_contain_text(part)


@pytest.mark.guide("R87", "D10")
def test_who_was_logged_out_with_all_devices_is_told_so(house, laptop, other):
    laptop.signed_in()
    other.log_out_all()
    expect(reason(laptop.tab())).to_contain_text("All devices were logged out on 23 November.")


@pytest.mark.guide("R68", "R87", "D10")
def test_who_was_away_for_thirty_days_is_told_that_the_session_expired(house, laptop, clock):
    laptop.signed_in()
    clock.move(days=29, hours=23, minutes=58)
    page = laptop.tab(HELP)
    expect(page.locator(".menu")).to_be_visible()
    clock.move(days=30)
    page.goto(SESSIONS)
    expect(reason(page)).to_have_text(
        "Your session expired. It had not been used for 30 days. Sign in to start a new one."
    )


@pytest.mark.guide("R68", "D10")
def test_a_page_that_lies_open_leaves_by_itself_when_its_session_expires(house, laptop, clock):
    page = laptop.signed_in().listening()
    clock.move(days=30)
    expect(reason(page)).to_contain_text("Your session expired.")


@pytest.mark.guide("D7", "D10")
def test_the_overall_limit_has_a_reason_of_its_own(house, laptop, clock):
    page = laptop.signed_in().tab(HELP)
    for _ in range(12):
        clock.move(days=29)
        page.reload()
        expect(page.locator(".menu")).to_be_visible()
    clock.move(days=29)
    page.goto(SESSIONS)
    expect(reason(page)).to_contain_text("Your session reached its overall limit.")
    expect(reason(page)).to_contain_text("No session lasts longer than 365 days.")


@pytest.mark.guide("D10")
def test_what_an_operator_ended_is_said_to_have_been_ended_by_an_operator(house, laptop):
    laptop.signed_in()
    wanted = laptop.as_program().current()["id"]
    done_apart(operate.end_one(house.means, wanted, "lost phone", house.clock()))
    expect(reason(laptop.tab())).to_contain_text("An operator ended this session on 23 November.")


@pytest.mark.guide("D10")
def test_only_the_holder_of_the_ended_session_sees_the_reason(house, laptop, phone, other):
    laptop.signed_in()
    other.revoke(next(each["id"] for each in other.sessions() if not each["current"]))
    expect(reason(phone.tab())).to_have_count(0)
    expect(reason(laptop.tab())).to_contain_text("This session was revoked")


@pytest.mark.guide("D10", "R44")
def test_the_reason_is_gone_after_the_next_sign_in(house, laptop, other):
    laptop.signed_in()
    other.revoke(next(each["id"] for each in other.sessions() if not each["current"]))
    page = laptop.tab()
    expect(reason(page)).to_contain_text("This session was revoked")
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(".row.is-current")).to_be_visible()
    page.get_by_role("button", name="Logout", exact=True).click()
    expect(reason(page)).to_contain_text("You are logged out.")
    page.reload()
    expect(reason(page)).to_have_count(0)
