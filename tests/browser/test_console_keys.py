"""The operator console by the keyboard alone, with scripts and without: each page, from the address bar to the last button."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import button, row
from browser.test_console import WHY, Keys, is_out
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, PASSWORD
from web.operators import ROSA, number_of

WINDOWS = "Firefox on Windows"


@pytest.fixture(params=["with scripts", "without scripts"])
def keys(request, browsers, stolen):
    """Rosa, signed in at the console by keys."""
    page = browsers("laptop", java_script_enabled=request.param == "with scripts").tab("/admin")
    keys = Keys(page)
    for label, words in (("Email address", ROSA), ("Password", PASSWORD)):
        keys.go_to(page.get_by_label(label))
        keys.type(words)
    keys.press("Enter")
    expect(page.get_by_label("Find an account")).to_be_focused()
    return keys


def goes_through(keys, *stops):
    """Each button or link in turn, entered."""
    for stop in stops:
        keys.go_to(stop)
        keys.press("Enter")


@pytest.mark.guide("D22", "R9")
def test_an_account_is_found_by_name_by_number_and_by_the_address_that_is_shown(keys, house):
    page = keys.page
    for words in ("ada", str(number_of(house, ADA)), f"{BERLIN.rpartition('.')[0]}.•••"):
        keys.go_to(page.get_by_label("Find an account"))
        keys.press("Control+A")
        keys.type(words)
        keys.press("Enter")
        expect(page.locator(".hits")).to_contain_text(ADA)
    keys.go_to(page.get_by_label("Find an account"))
    keys.press("Control+A")
    keys.type("nobody at all")
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("No account is found by that.")
    assert page.locator(".hits").count() == 0


@pytest.mark.guide("D10", "R11")
def test_a_full_address_is_shown_and_what_was_done_is_read_in_the_record(keys, house):
    page = keys.page
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    keys.go_to(row(page, WINDOWS).locator("summary"))
    keys.press("Enter")
    goes_through(keys, row(page, WINDOWS).get_by_role("link", name="Show the full address"))
    expect(page.get_by_label("Reason")).to_be_focused()
    keys.type("Court order 7")
    keys.press("Enter")
    expect(page.get_by_text(BERLIN).first).to_be_visible()
    goes_through(keys, page.get_by_role("link", name="Back to the account"))
    expect(row(page, WINDOWS)).to_be_visible()
    goes_through(
        keys,
        page.get_by_role("navigation", name="Operator console").get_by_role("link", name="Accounts"),
        page.locator(".record").get_by_role("link", name="Ada Lovelace").first,
    )
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ada Lovelace")


def test_an_account_is_disabled_and_enabled(keys, house, stolen):
    page = keys.page
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    goes_through(keys, button(page, "Disable account"))
    expect(page.get_by_label("Reason")).to_be_focused()
    keys.type(WHY)
    goes_through(keys, button(page, "Disable account"))
    expect(page.get_by_role("status")).to_contain_text("The account is disabled.")
    assert not stolen.is_signed_in
    goes_through(keys, button(page, "Enable account"))
    expect(page.get_by_label("Reason")).to_be_focused()
    keys.type("Found again")
    goes_through(keys, button(page, "Enable account"))
    expect(page.get_by_role("status")).to_contain_text("The account is enabled.")


@pytest.mark.guide("D10")
def test_all_devices_are_logged_out_and_the_reason_is_asked_for_first(keys, house, stolen):
    page = keys.page
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    goes_through(keys, button(page, "Logout All Devices"))
    expect(page.get_by_label("Reason")).to_be_focused()
    goes_through(keys, button(page, "Logout All Devices"))
    expect(page.get_by_role("heading", name="Log out all devices of this account?")).to_be_visible()
    keys.go_to(page.get_by_label("Reason"))
    keys.type(WHY)
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("All devices are logged out.")
    assert is_out(stolen)


def test_an_operator_is_appointed_given_another_role_and_dismissed(keys, house):
    page = keys.page
    goes_through(
        keys, page.get_by_role("navigation", name="Operator console").get_by_role("link", name="Operators")
    )
    keys.go_to(page.get_by_label("Email address"))
    keys.type(GRACE)
    goes_through(keys, button(page, "Appoint"))
    expect(page.get_by_role("status")).to_contain_text(
        "Grace Hopper is now an operator with the role Viewer."
    )
    keys.go_to(page.get_by_label("Role of Grace Hopper"))
    keys.press("ArrowDown")
    goes_through(keys, page.get_by_role("button", name=re.compile("^Change the role of")))
    expect(page.get_by_role("status")).to_contain_text("with the role Helper.")
    goes_through(keys, page.get_by_role("button", name=re.compile("^Dismiss Grace")))
    expect(page.get_by_role("status")).to_contain_text("is no longer an operator.")


def test_what_has_the_focus_is_never_behind_the_reason(keys, house):
    for _ in range(8):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = keys.page
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    for tick in page.get_by_role("checkbox", name=re.compile(f"^Select {WINDOWS}")).all():
        keys.go_to(tick)
        keys.press("Space")
        behind = "it => { const {x, y} = it.getBoundingClientRect(); return document.elementFromPoint(x + 5, y + 5) === it }"
        assert tick.evaluate(behind)


def test_a_reason_that_is_missing_is_asked_for_where_one_is_in_the_list(keys, house):
    for _ in range(12):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = keys.page
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    tick = page.get_by_role("checkbox", name=re.compile(f"^Select {WINDOWS}")).first
    tick.check()
    button(page, "End what is selected").click()
    expect(page.get_by_label("Reason")).to_be_focused()
    expect(tick).to_be_in_viewport()


@pytest.mark.guide("D10", "D11")
def test_on_a_phone_the_reason_comes_along_once_something_is_ticked_and_says_how_much(
    browsers, house, stolen
):
    for _ in range(8):
        house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = browsers("phone").tab("/admin")
    page.get_by_label("Email address").fill(ROSA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    page.get_by_label("Find an account").fill("ada")
    button(page, "Search").click()
    page.get_by_role("link", name=re.compile(ADA)).click()
    why = page.get_by_label("Reason")
    expect(why).not_to_be_in_viewport()
    page.get_by_role("checkbox", name=re.compile(f"^Select {WINDOWS}")).first.check()
    expect(why).to_be_in_viewport()
    expect(page.get_by_text("Selected: 1")).to_be_visible()
    why.fill(WHY)
    button(page, "End what is selected").click()
    expect(page.get_by_role("status").filter(has_text="1 session ended.")).to_be_visible()
    expect(page.get_by_label("Find an account")).not_to_be_focused()


@pytest.mark.guide("D10", "R87")
def test_the_person_reads_who_ended_it_and_why_and_the_device_is_told_at_the_sign_in_page(
    browsers, house, stolen
):
    owner, thief = browsers("laptop").signed_in(), browsers("phone").signed_in()
    lists = thief.tab()
    expect(lists.get_by_role("heading", name="Active Sessions")).to_be_visible()
    console = browsers("laptop")
    page = console.tab(f"/admin/accounts/{number_of(house, ADA)}")
    page.get_by_label("Email address").fill(ROSA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    page.get_by_role("checkbox", name=re.compile("^Select Safari on iOS")).check()
    page.get_by_label("Reason").fill(WHY)
    button(page, "End what is selected").click()
    expect(page.get_by_role("status").filter(has_text="1 session ended.")).to_be_visible()
    expect(lists.get_by_text("An operator ended this session")).to_be_visible()
    assert WHY not in lists.content()
    told = owner.tab("/settings/activity")
    expect(told.get_by_text("Operator Rosa Castellanos ended Safari on iOS")).to_be_visible()
    expect(told.get_by_text(f"Reason given: “{WHY}”.")).to_be_visible()
    with told.expect_download() as fetched:
        told.get_by_role("link", name="Download CSV").click()
    assert fetched.value.suggested_filename == "activity.csv"
    assert WHY in fetched.value.path().read_text()
