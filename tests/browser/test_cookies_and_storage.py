"""What a browser keeps of us: cookies that only this host gets and no script reads, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.browsers import SESSIONS, button, row
from people import ADA, PASSWORD

SECRET_COOKIES = {"__Host-signedin", "__Host-signedin-browser", "__Host-signedin-form"}


@pytest.fixture
def page(house, laptop):
    """The list, reached by signing in at the page; "Remember this browser" is on."""
    page = laptop.tab("/sign-in")
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page.locator(".row.is-current")).to_be_visible()
    return page


@pytest.mark.guide("D18")
@pytest.mark.security("3.3.1", "3.3.2", "3.3.3", "3.3.4", "N10")
def test_the_cookies_are_for_this_host_alone_over_tls_alone_and_out_of_reach_of_scripts(page, laptop):
    jar = laptop.cookies()
    assert set(jar) == SECRET_COOKIES | {"signedin_zone"}
    for name in SECRET_COOKIES:
        cookie = jar[name]
        assert cookie["secure"], name
        assert cookie["httpOnly"], name
        assert cookie["sameSite"] == "Lax", name
        assert cookie["path"] == "/", name
        assert cookie["domain"] == "account.test", name  # a leading dot would mean its subdomains too
    assert page.evaluate("document.cookie") == "signedin_zone=America%2FLos_Angeles"


@pytest.mark.guide("D18")
def test_the_notice_of_the_page_before_is_a_cookie_like_the_others_and_is_used_up(page, laptop):
    with page.expect_response("**/sign-out") as answer:
        button(page.locator(".row.is-current"), "Logout").click()
    sent = [line for line in answer.value.headers_array() if line["name"] == "set-cookie"]
    for line in sent:
        assert line["value"].startswith("__Host-signedin")
        assert all(part in line["value"] for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    expect(page.get_by_role("status")).to_contain_text("You are logged out.")
    assert "__Host-signedin-notice" not in laptop.cookies()


@pytest.mark.security("14.3.3", "N7", "14.2.1")
def test_nothing_that_looks_like_a_secret_is_in_storage_in_the_page_or_in_an_address(page, laptop):
    for path in (SESSIONS, f"{SESSIONS}/logout-all", "/help/active-sessions", "/privacy"):
        page.goto(path)
        kept = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
        assert kept == "[{},{}]"
        assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
        assert page.evaluate("caches.keys().then((all) => all.length)") == 0
        assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
        assert "sgn_" not in page.content()
    assert not [address for address in laptop.requests if "sgn_" in address or PASSWORD in address]


@pytest.mark.security("14.3.1", "14.3.2")
def test_logout_leaves_nothing_behind_but_the_mark_of_the_known_browser(page, laptop):
    laptop.expects("/settings/sessions/events")  # the stream may learn of it before the page is left
    page.evaluate("localStorage.setItem('left', 'behind')")
    with page.expect_response("**/sign-out") as answer:
        button(page.locator(".row.is-current"), "Logout").click()
    assert answer.value.header_value("clear-site-data") == '"cache", "storage"'
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    assert page.evaluate("JSON.stringify({ ...localStorage })") == "{}"
    left = set(laptop.cookies())
    assert "__Host-signedin" not in left
    assert "__Host-signedin-browser" in left


@pytest.mark.guide("R11")
def test_the_whole_address_is_nowhere_in_the_page(house, laptop):
    page = laptop.signed_in().tab()
    mine = row(page, "Chrome on macOS")
    expect(mine).to_contain_text("203.0.113.")
    assert "203.0.113.24" not in page.content()
