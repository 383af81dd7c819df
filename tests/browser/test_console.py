"""The operator console in a real browser: by the keyboard alone, without JavaScript, and while somebody is on the phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from browser.browsers import button, row
from people import ADA, BERLIN, PASSWORD
from web.operators import ROSA, number_of

WINDOWS = "Firefox on Windows"
WHY = "Laptop reported stolen, ticket 4417"
KEY, POINT, THINK, SEE = 0.28, 1.1, 1.35, 2.0
"""Seconds for a key, for pointing and clicking, for making up one's mind, and for a page (keystroke-level model)."""


def at_home(page, press):
    """Sign in as Rosa; `press` is how the button is pressed."""
    page.get_by_label("Email address").fill(ROSA)
    page.get_by_label("Password").fill(PASSWORD)
    press(button(page, "Sign in"))
    expect(page.get_by_role("heading", name="Record of operator actions")).to_be_visible()


def is_out(browser):
    """The browser is at the sign-in page, and is told who ended its session."""
    answer = browser.http.get("/settings/sessions", follow_redirects=True)
    return "An operator ended this session" in answer.text


@pytest.fixture(params=["with scripts", "without scripts"])
def console(request, browsers, stolen):
    browser = browsers("laptop", java_script_enabled=request.param == "with scripts")
    page = browser.tab("/admin")
    at_home(page, lambda it: it.click())
    return page


@pytest.mark.guide("D10", "D11", "R48")
def test_find_look_and_end(console, house, stolen):
    page = console
    page.get_by_label("Find an account").fill("ada")
    button(page, "Search").click()
    page.get_by_role("link", name=re.compile(ADA)).click()
    expect(row(page, WINDOWS)).to_be_visible()
    button(page, "End what is selected").click()
    expect(row(page, WINDOWS)).to_be_visible()
    page.get_by_role("checkbox", name=re.compile(f"^Select {WINDOWS}")).check()
    page.get_by_label("Reason").fill(WHY)
    button(page, "End what is selected").click()
    expect(page.get_by_role("status")).to_contain_text("1 session ended.")
    expect(row(page, WINDOWS)).to_have_count(0)
    assert is_out(stolen)
    page.goto("/admin")
    expect(page.locator(".record")).to_contain_text(WHY)


@pytest.mark.guide("D10", "R11")
def test_the_full_address_is_shown_for_a_reason_and_nowhere_before(console, house):
    page = console
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    assert BERLIN not in page.content()
    page.locator(".row summary").first.click()
    page.get_by_role("link", name="Show the full address").first.click()
    expect(page.get_by_role("heading", name="Show the full address?")).to_be_visible()
    assert BERLIN not in page.content()
    page.get_by_label("Reason").fill("Court order 7")
    button(page, "Show the full address").click()
    expect(page.get_by_text(BERLIN).first).to_be_visible()
    page.get_by_role("link", name="Back to the account").click()
    expect(row(page, WINDOWS)).to_be_visible()
    assert BERLIN not in page.content()


def test_an_account_is_disabled_and_enabled_and_nothing_comes_back(console, house, stolen):
    page = console
    page.goto(f"/admin/accounts/{number_of(house, ADA)}")
    page.get_by_role("button", name="Disable account").click()
    expect(page.get_by_role("heading", name="Disable this account?")).to_be_visible()
    page.get_by_label("Reason").fill(WHY)
    button(page, "Disable account").click()
    expect(page.get_by_role("button", name="Enable account")).to_be_visible()
    assert "disabled" in stolen.http.get("/settings/sessions", follow_redirects=True).text
    page.get_by_role("button", name="Enable account").click()
    expect(page.get_by_role("heading", name="Enable this account?")).to_be_visible()
    page.get_by_label("Reason").fill("Found again")
    button(page, "Enable account").click()
    expect(page.get_by_role("button", name="Disable account")).to_be_visible()
    assert stolen.http.get("/settings/sessions").status_code == 303


class Keys:
    """Somebody who touches nothing but the keyboard, and counts."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def press(self, key):
        self.page.keyboard.press(key)
        self.count += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.count += len(text)

    def go_to(self, target):
        """Tab until the target has the focus, which can be seen there."""
        expect(target.first).to_be_visible()
        for _ in range(80):
            if target.first.evaluate("it => it === document.activeElement"):
                style = "it => getComputedStyle(it).outlineStyle + getComputedStyle(it).boxShadow"
                assert target.first.evaluate(style) != "nonenone"
                return
            self.press("Tab")
        raise AssertionError(f"no key leads to {target}")


@pytest.mark.guide("D11")
def test_everything_is_reached_by_the_keyboard_alone(browsers, house, stolen):
    page = browsers("laptop").tab("/admin")
    keys = Keys(page)
    for label, words in (("Email address", ROSA), ("Password", PASSWORD)):
        keys.go_to(page.get_by_label(label))
        keys.type(words)
    keys.press("Enter")
    keys.go_to(page.get_by_label("Find an account"))
    keys.type("ada")
    keys.press("Enter")
    keys.go_to(page.get_by_role("link", name=re.compile(ADA)))
    keys.press("Enter")
    keys.go_to(page.get_by_role("checkbox", name=re.compile(f"^Select {WINDOWS}")))
    keys.press("Space")
    keys.go_to(page.get_by_label("Reason"))
    keys.type(WHY)
    keys.go_to(button(page, "End what is selected"))
    keys.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("1 session ended.")
    assert is_out(stolen)


class Caller:
    """An operator with somebody on the phone: each page, field and press takes time."""

    def __init__(self, page):
        self.page, self.seconds, self.fields, self.pages = page, THINK + SEE, 0, 1

    def fill(self, label, words):
        self.page.get_by_label(label).fill(words)
        self.fields += 1
        self.seconds += THINK + POINT + KEY * len(words)

    def click(self, target, *, leads_on=True):
        target.click()
        self.seconds += THINK + POINT + (SEE if leads_on else 0)
        self.pages += leads_on


@pytest.mark.guide("D10", "D11")
def test_from_an_angry_call_to_the_ended_session_with_its_reason_takes_less_than_a_minute(
    browsers, house, stolen
):
    page = browsers("laptop").tab("/admin")
    caller = Caller(page)
    caller.fill("Email address", ROSA)
    caller.fill("Password", "")
    page.get_by_label("Password").fill(PASSWORD)  # a password manager's work
    caller.click(button(page, "Sign in"))
    caller.fill("Find an account", "ada")
    caller.click(button(page, "Search"))
    caller.click(page.get_by_role("link", name=re.compile(ADA)))
    caller.click(page.get_by_role("checkbox", name=re.compile(f"^Select {WINDOWS}")), leads_on=False)
    caller.fill("Reason", WHY)
    caller.click(button(page, "End what is selected"))
    expect(page.get_by_role("status")).to_contain_text("1 session ended.")
    assert is_out(stolen)
    assert (caller.pages, caller.fields) == (5, 4)
    assert caller.seconds < 60, caller.seconds


@pytest.mark.guide("R48", "D10")
def test_an_owner_looks_ends_for_many_and_sees_it_come_to_its_end(console, stolen, request):
    page = console
    page.get_by_role("navigation", name="Operator console").get_by_role("link", name="End for many").click()
    page.get_by_role("checkbox", name="Web").check()
    button(page, "Show what would end").click()
    expect(page.get_by_role("heading", name="What would end")).to_be_visible()
    expect(page.get_by_text(WINDOWS).first).to_be_visible()
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name=re.compile("^End [0-9]+ session")).click()
    over = page.locator("#progress").get_by_text(re.compile("It is over everywhere since"))
    while "without" in request.node.name and not over.count():
        button(page, "Refresh").click()
    expect(over).to_be_visible(timeout=30_000)
    assert is_out(stolen)
