"""The programs of examples/ with real people at real browsers: connected, seen in the list, and stopped at once.

Each program is a process of its own, on a name of its own, and reaches the house over TLS as it would a real service.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import pytest
from playwright.sync_api import expect

from apps import registered
from browser.browsers import SESSIONS, button, row
from browser.names import known_names
from client.shops import service_key, until
from connecting.programs import started
from people import ADA, PASSWORD, ToLoopback, done_apart
from ports import free_port
from signedin.actions.register_client import register_client
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.session import AppType

TIDEWATER = "tidewater.test"
SCOPES = frozenset({"openid", "profile", "email", "sessions:read", "offline_access"})
AT_ONCE = 4
"""Seconds: the files ask again after one, and this machine may be busy."""


@pytest.fixture
def known(authority, tmp_path):
    with known_names(authority, tmp_path) as known:
        yield known


@pytest.fixture
def there(house, laptop):
    """The list of a person's sessions, open in their browser; programs go by the real time, so the house does too."""
    house.clock.now = datetime.now(UTC)
    return laptop.signed_in().listening()


@pytest.fixture
def tidewater(house, authority, known, tmp_path):
    """Tidewater Calendar, as somebody else runs it: where it is."""
    house.clock.now = datetime.now(UTC)
    port, secured = free_port(), authority.vouch_for(TIDEWATER)
    own = f"https://{TIDEWATER}:{port}"
    wanted = Client(
        "", "Tidewater Calendar", ClientKind.THIRD_PARTY, Authentication.BASIC, frozenset({GrantType.CODE, GrantType.REFRESH}),
        SCOPES, house.clock(), "A shared calendar.", redirect_uris=(f"{own}/callback",),
    )  # fmt: skip
    made = done_apart(register_client(house.means, wanted, house.clock()))
    told = {
        "CLIENT_ID": made.client.id, "CLIENT_SECRET": made.secret, "SIGNEDIN_ADDRESS": house.base_url, "OWN_ADDRESS": own,
    }  # fmt: skip
    words = (
        "--app", "examples.third_party.tidewater:app", "run", "--port", port, "--cert", secured.certificate,
        "--key", secured.certificate,
    )  # fmt: skip
    with started("flask", *words, folder=tmp_path, **known, **told):
        visitor = httpx.Client(transport=ToLoopback(verify=secured.trusted))
        until(lambda: answers(visitor, own))
        yield own


def answers(visitor, address):
    try:
        return visitor.get(address).is_success
    except httpx.TransportError:
        return False


def asked(page):
    expect(
        page.get_by_role("heading", name="Tidewater Calendar wants to use your account", level=1)
    ).to_be_visible()
    return page


def connected(page):
    expect(page.get_by_text("Connected as Ada Lovelace")).to_be_visible()
    return page


def revoked(there, name):
    """Press Revoke and confirm; returns when it has been said to be over."""
    button(there, "Revoke", name).click()
    there.get_by_role("dialog").get_by_role("button", name=re.compile("^Revoke")).click()
    expect(
        there.locator(".row.is-ended").or_(there.get_by_text(re.compile("has ended|Ended|no longer")))
    ).not_to_have_count(0)
    return time.monotonic()


@pytest.mark.guide("R24", "R26", "R27", "R42", "R82")
@pytest.mark.security("7.4.1", "10.7.1", "10.7.2")
def test_an_app_asks_it_appears_in_the_open_list_and_its_next_call_fails_once_it_is_revoked(
    laptop, there, tidewater
):
    page = laptop.tab(None)
    page.goto(tidewater)
    page.get_by_role("link", name="Connect your account").click()
    expect(asked(page).get_by_text(ADA)).to_be_visible()
    button(page, "Allow").click()
    connected(page)
    expect(page).to_have_url(f"{tidewater}/")
    expect(page.get_by_role("listitem")).to_have_count(2)
    there.get_by_role("link", name="Show it").click()
    expect(row(there, "Tidewater Calendar")).to_contain_text("OAuth")
    revoked(there, "Tidewater Calendar")
    page.reload()
    gone = page.get_by_role("alert")
    expect(gone).to_contain_text("Tidewater Calendar no longer has access to your account.")
    expect(gone).to_contain_text("You revoked it in Settings > Sessions. revoked")
    expect(page.get_by_text(ADA)).to_have_count(0)
    page.get_by_role("link", name="Connect your account").click()
    asked(page)


@pytest.mark.parametrize("is_signed_in", [True, False], ids=["signed in", "not yet"])
def test_a_small_window_comes_back_to_the_page_that_opened_it(browsers, tidewater, is_signed_in):
    laptop = browsers("laptop")
    page = (laptop.signed_in() if is_signed_in else laptop).tab(None)
    page.goto(tidewater)
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Connect in a small window").click()
    popup = opened.value
    if not is_signed_in:
        popup.get_by_label("Email address").fill(ADA)
        popup.get_by_label("Password").fill(PASSWORD)
        button(popup, "Sign in").click()
    with popup.expect_event("close"):
        button(asked(popup), "Allow").click()
    connected(page)


@pytest.mark.security("10.7.3")
def test_without_scripts_and_by_the_keyboard_alone_less_is_allowed(house, browsers, tidewater):
    laptop = browsers("laptop", java_script_enabled=False)
    page = laptop.signed_in().tab(None)
    page.goto(f"{tidewater}/connect")
    asked(page)
    for _ in range(20):
        page.keyboard.press("Tab")
        stop = page.locator(":focus")
        if stop.get_attribute("name") == "sessions:read":
            page.keyboard.press("Space")
        if stop.inner_text() == "Allow":
            page.keyboard.press("Enter")
            break
    connected(page)
    expect(page.get_by_text("You have not allowed this app to see where you are signed in")).to_be_visible()


@pytest.mark.security("10.4.1")
def test_the_form_leads_to_the_address_that_was_registered_and_to_no_other_host(house, laptop, tidewater):
    page = laptop.signed_in().tab(None)
    with page.expect_response(re.compile(r"/oauth/authorize\?asked=")) as answered:
        page.goto(f"{tidewater}/connect")
    policy = answered.value.header_value("content-security-policy") or ""
    assert f"form-action 'self' {tidewater};" in f"{policy};"
    asked(page)
    laptop.expects("policy violated: form-action", "violates the following Content Security Policy")
    with page.expect_console_message(lambda said: "policy violated: form-action" in said.text):
        page.evaluate(
            "(form) => { form.action = 'https://evil.test/'; form.requestSubmit(); }",
            page.locator(".ask-sheet").element_handle(),
        )
    assert page.url.startswith(house.base_url)
    page.close()
    page = laptop.tab(None)
    page.goto(f"{tidewater}/connect")
    button(asked(page), "Allow").click()
    connected(page)


@pytest.fixture
def sync(house, known, tmp_path):
    """Example Sync and its files, as programs: starts it."""
    port, key = free_port(), service_key(house, app_types=(AppType.SYNC,))
    address, folder = f"http://127.0.0.1:{port}", tmp_path / "home"
    folder.mkdir()
    wanted = SimpleNamespace(kind=ClientKind.FIRST_PARTY, app_type=AppType.SYNC, is_native=True)
    client = registered(
        house, id="examplesync", name="Example Sync", authentication=Authentication.NONE, resources=(address,),
        redirect_uris=("http://127.0.0.1/callback",), **vars(wanted),
    )  # fmt: skip
    serves = ("--issuer", house.base_url, "--port", port, "--folder", folder / "kept")
    with started("examples.sync_client.files_server", *serves, folder=folder, SIGNEDIN_KEY=key, **known):
        until(lambda: answers(httpx.Client(), f"{address}/files") or refused(address))
        words = (
            "--client-id", client.id, "--issuer", house.base_url, "--files", address, "--folder", folder / "Synced",
            "--state", folder / "state", "--no-browser",
        )  # fmt: skip
        yield lambda: started("examples.sync_client.sync_client", *words, folder=folder, **known)


def refused(address):
    try:
        return httpx.get(f"{address}/files").status_code == 401
    except httpx.TransportError:
        return False


@pytest.mark.guide("R22", "R25", "R42", "R49", "R82", "D10", "D13")
@pytest.mark.security("7.4.1", "10.7.1")
def test_a_sync_program_appears_in_the_open_list_stops_at_once_says_why_and_signs_in_again(
    house, laptop, there, sync
):
    page = laptop.tab(None)
    house.clock.move(seconds=1)  # it was before that they signed in, for something else
    with sync() as program:
        page.goto(program.says(r"Sign in at (\S+)")[1])
        expect(page.get_by_role("heading", name="Sign in to Example Sync?", level=1)).to_be_visible()
        button(page, "Continue").click()
        expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
        program.says("In step")
        there.get_by_role("link", name="Show it").click()
        expect(row(there, "Example Sync")).to_contain_text("Sync")
        expect(row(there, "Example Sync")).not_to_contain_text("OAuth")
        over = revoked(there, "Example Sync")
        said = program.says("Signed out at")
        assert time.monotonic() - over < AT_ONCE
        assert "revoked by you in Settings > Sessions (revoked)" in said.string
        program.typed()
        page.goto(program.says(r"Sign in at (\S+)")[1])
        button(page, "Continue").click()
        expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
        program.says("In step")
        there.goto(SESSIONS)
        expect(row(there, "Example Sync")).to_have_count(1)


def test_who_signs_in_for_a_sync_program_is_not_asked_again(house, browsers, sync):
    house.clock.now = datetime.now(UTC)
    page = browsers("laptop").tab(None)
    with sync() as program:
        page.goto(program.says(r"Sign in at (\S+)")[1])
        expect(page.get_by_text("to go on to Example Sync")).to_be_visible()
        page.get_by_label("Email address").fill(ADA)
        page.get_by_label("Password").fill(PASSWORD)
        button(page, "Sign in").click()
        expect(page.get_by_role("heading", name="You are signed in")).to_be_visible()
        program.says("In step")
    assert page.url.startswith("http://127.0.0.1:")
