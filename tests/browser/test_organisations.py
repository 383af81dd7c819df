"""Rules of organisations in a real browser: set by an owner, seen at the account and by the person whom they concern."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.browsers import SESSIONS, button
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, PASSWORD, SAN_FRANCISCO, done_apart
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.rules.policy_wish import Wish
from web.operators import ROSA, number_of, operator_in

MARINE = "Tidewater Marine"


@pytest.fixture(params=["with scripts", "without scripts"])
def scripted(request):
    return request.param == "with scripts"


@pytest.fixture
def console(browsers, house, scripted):
    """Rosa, an owner, at the console."""
    operator_in(house, ROSA, "owner")
    page = browsers("laptop", java_script_enabled=scripted).tab("/admin")
    signs_in(page, ROSA)
    expect(page.get_by_role("heading", name="Record of operator actions")).to_be_visible()
    return page


def signs_in(page, email):
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    button(page, "Sign in").click()


@pytest.mark.guide("D11", "D7", "R86")
def test_a_rule_is_set_seen_at_the_account_and_told_to_the_person(console, browsers, house, scripted):
    page = console
    page.get_by_role("navigation", name="Operator console").get_by_role("link", name="Organisations").click()
    page.get_by_label("Name").fill(MARINE)
    button(page, "Make it").click()
    page.get_by_label("Email address").fill(ADA)
    button(page, "Add").click()
    page.get_by_label("For", exact=True).select_option("web")
    page.get_by_label("Longest time without use, in minutes").fill("60")
    page.get_by_label("Most sessions of one kind at once").fill("3")
    page.get_by_label("People see their sessions").check()
    button(page, "Set the rule").click()
    expect(page.get_by_role("status")).to_contain_text("1 hour without use")
    page.get_by_role("link", name="Change the rule for Web").click()
    expect(page.get_by_label("Longest time without use, in minutes")).to_have_value("60")
    expect(page.get_by_label("For", exact=True)).to_have_value("web")
    expect(page.get_by_label("People see their sessions")).to_be_checked()
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    expect(page.get_by_role("heading", name="Rules for this account, and why")).to_be_visible()
    expect(page.get_by_text("3 sessions at once").first).to_be_visible()
    expect(page.get_by_text(f"By: {MARINE}").first).to_be_visible()
    ada = browsers("phone", java_script_enabled=scripted).signed_in().tab(SESSIONS)
    ada.get_by_text("Rules of your organisation").click()
    expect(ada.get_by_text("1 hour without use")).to_be_visible()
    expect(ada.get_by_text(f"By: {MARINE}").first).to_be_visible()
    expect(ada.get_by_text("end only the session you are using")).to_be_visible()
    expect(button(ada, "Logout All Devices")).to_have_count(0)


@pytest.mark.guide("D11")
def test_an_operator_is_bound_to_an_organisation(console, house):
    done_apart(make_from_shell(house.means, MARINE, house.clock()))
    page = console
    page.goto("/admin/operators")
    form = page.locator("form", has=page.get_by_role("heading", name="Appoint an operator"))
    form.get_by_label("Email address").fill(ADA)
    form.get_by_label("Role").select_option("helper")
    form.get_by_label("Only for the members of an organisation").fill(MARINE)
    button(page, "Appoint").click()
    expect(page.get_by_role("status")).to_contain_text(f"Only for the members of {MARINE}.")
    expect(page.get_by_role("listitem").filter(has_text=ADA)).to_contain_text("Only for the members of")


@pytest.mark.security("7.1.2")
def test_who_has_too_many_sessions_chooses_at_the_sign_in_page_which_one_ends(browsers, house, scripted):
    means, now = house.means, house.clock()
    done_apart(make_from_shell(means, MARINE, now))
    done_apart(add_member_from_shell(means, MARINE, ADA, now))
    done_apart(set_policy_from_shell(means, MARINE, "web", Wish(most=1, too_many="ask"), now))
    old = house.signed_in(FIREFOX_ON_WINDOWS)
    browser = browsers("phone", java_script_enabled=scripted)
    browser.expects("409 (Conflict)")
    page = browser.tab("/sign-in")
    signs_in(page, ADA)
    expect(page.get_by_role("heading", name="Which session ends?")).to_be_visible()
    page.get_by_role("checkbox", name="Firefox on Windows").check()
    button(page, "End the selected ones and sign in").click()
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()
    assert not old.is_signed_in


@pytest.mark.guide("R41")
@pytest.mark.security("6.3.8", "7.4.4")
def test_who_went_outside_reads_that_they_are_still_signed_in_and_logs_out_there(browsers, house, scripted):
    done_apart(make_from_shell(house.means, MARINE, house.clock()))
    done_apart(add_member_from_shell(house.means, MARINE, ADA, house.clock()))
    laptop = browsers("laptop", java_script_enabled=scripted).signed_in()
    page = laptop.tab(SESSIONS)
    wish = Wish(networks=(f"{SAN_FRANCISCO}/32",))
    done_apart(set_policy_from_shell(house.means, MARINE, "all", wish, house.clock()))
    laptop.context.set_extra_http_headers({"X-Forwarded-For": BERLIN})
    laptop.expects("401")
    page.goto(SESSIONS)
    notice = page.get_by_role("status").filter(has_text="only from certain networks")
    expect(notice).to_contain_text("You are still signed in there")
    laptop.context.set_extra_http_headers({"X-Forwarded-For": SAN_FRANCISCO})
    page.goto(SESSIONS)
    expect(page.get_by_role("heading", name="Active Sessions")).to_be_visible()
    laptop.context.set_extra_http_headers({"X-Forwarded-For": BERLIN})
    page.goto(SESSIONS)
    button(page, "Logout").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    laptop.context.set_extra_http_headers({"X-Forwarded-For": SAN_FRANCISCO})
    page.goto(SESSIONS)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
