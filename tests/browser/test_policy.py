"""The pages keep their own strict policy, the tests notice when they do not, and only one authority is trusted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Error, expect

from browser.authority import OURS, Authority
from browser.browsers import SESSIONS, button
from people import BERLIN, FIREFOX_ON_WINDOWS, Clock, running

STRANGERS_PAGES = ["/sign-in", "/register", "/invite?token=x", "/help/active-sessions", "/privacy"]
OWN_PAGES = [SESSIONS, "/settings/active-sessions", f"{SESSIONS}?type=oauth", f"{SESSIONS}?q=nothing+like+it",
             f"{SESSIONS}/logout-all", f"{SESSIONS}/logout-all?except=current", "/help/active-sessions", "/privacy"]  # fmt: skip


def keeps_the_policy(page, path):
    page.goto(path)
    expect(page.locator("h1")).to_have_count(1)
    assert not page.locator("[style], style, script:not([src])").count(), path


@pytest.mark.security("3.4.3")
def test_no_page_before_sign_in_violates_the_policy_or_fails_to_load_anything(house, laptop):
    page = laptop.tab(None)
    for path in STRANGERS_PAGES:
        keeps_the_policy(page, path)


@pytest.mark.security("3.4.3")
def test_the_set_up_page_does_not_either(empty_house, laptop):
    keeps_the_policy(laptop.tab(None), "/setup")


@pytest.mark.security("3.4.3")
def test_no_page_after_sign_in_does(filled, laptop):
    page = laptop.signed_in(filled.account.email, filled.password).tab(None)
    for path in OWN_PAGES:
        keeps_the_policy(page, path)


@pytest.mark.security("3.4.3")
def test_neither_do_the_dialogs_nor_the_pages_that_refuse(house, laptop):
    laptop.expects("404 (Not Found)")
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    page = laptop.signed_in().tab()
    button(page, "Revoke", "Firefox on Windows").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page.")).to_be_visible()


@pytest.mark.security("3.4.3")
def test_a_script_or_a_style_in_the_page_does_not_run_and_these_tests_notice(house, laptop):
    page = laptop.signed_in().tab()
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\" onclick=\"1\">x</p>')"
    )
    page.evaluate(
        "const s = document.createElement('script'); s.text = 'window.ran = 1'; document.body.append(s)"
    )
    page.evaluate("fetch('https://evil.test/').catch(() => null)")
    assert page.evaluate("window.ran") is None
    for what in ("style-src", "script-src", "connect-src"):
        assert any(what in each for each in laptop.troubles), what
    laptop.expects("policy violated", "Content Security Policy", "violates the following")


def test_trouble_that_nobody_expected_is_noticed(house, laptop):
    page = laptop.signed_in().tab()
    page.route("**/broken", lambda route: route.abort())
    page.evaluate("setTimeout(() => { throw new Error('a bug of ours') })")
    page.evaluate("console.error('a complaint'); fetch('/broken').catch(() => null)")
    page.wait_for_function("fetch('/settings/sessions/alive').then(() => true)")
    for what in ("a bug of ours", "a complaint", "request failed"):
        assert any(what in each for each in laptop.troubles), what
    laptop.expects("a bug of ours", "a complaint", "net::ERR_FAILED")


def test_only_the_authority_of_these_tests_is_trusted(chromium, tmp_path):
    (tmp_path / "another").mkdir()
    with running(tmp_path, Clock(), Authority(tmp_path / "another").vouch_for(OURS)) as house:
        page = chromium.new_page()
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            page.goto(house.base_url)
        page.close()
