"""Everything there is to see: each page, each dialog and each state, and the way to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

from playwright.sync_api import Page, Route, expect

from apps import PUBLIC, a_client, authorize, consented, our_own, registered
from browser.browsers import SESSIONS, RealBrowser
from browser.looks.gallery import ALONE, AT_HOME, CROWD, LONG, UNBROKEN, WORDY, Gallery
from people import PASSWORD
from signedin.rules import errors
from signedin.rules.client import GrantType
from signedin.rules.revocation import EndReason
from signedin.store import clients
from signedin.web import help_page

# What ended stays to be looked at, however long that takes.
NOBODY_LEAVES = """
const later = setTimeout;
globalThis.setTimeout = (deed, after, ...rest) => (after > 5000 ? 0 : later(deed, after, ...rest));
"""
Way = Callable[[Gallery, RealBrowser], Page]


@dataclass(frozen=True)
class Sight:
    """A page in a state, and the way to it; without a script where `is_plain`, a long way down where `is_large`."""

    name: str
    way: Way
    is_plain: bool = False
    is_large: bool = False

    def __str__(self) -> str:
        return self.name

    def seen(self, gallery: Gallery, browser: RealBrowser) -> Page:
        """Go there, and wait until it is all there. Without a script means with empty ones: what looks at the page is a script itself."""
        if self.is_plain:
            browser.context.route("**/static/**/*.js", _nothing)
        page = self.way(gallery, browser)
        page.wait_for_load_state("load")  # words may be there before the style sheet is
        return page


def _nothing(route: Route) -> None:
    route.fulfill(body="", content_type="text/javascript")


SIGHTS: list[Sight] = []


def sight(name: str, *, is_plain: bool = False, is_large: bool = False) -> Callable[[Way], Way]:
    """Put a way to a page among what there is to see."""

    def add(way: Way) -> Way:
        SIGHTS.append(Sight(name, way, is_plain, is_large))
        return way

    return add


def _open(path: str, who: str | None = None) -> Way:
    def way(gallery: Gallery, browser: RealBrowser) -> Page:
        if who is not None:
            gallery.signed_in(browser, who)
        return browser.tab(path)

    return way


INES = ""
for name, path, who in (
    ("sign-in", "/sign-in", None),
    ("register", "/register", None),
    ("invited", "/invite?token=lnk", None),
    ("help, signed out", "/help/active-sessions", None),
    ("privacy, signed out", "/privacy", None),
    ("help", "/help/active-sessions", INES),
    ("privacy", "/privacy", INES),
    ("sessions", SESSIONS, INES),
    ("sessions of a type", f"{SESSIONS}?type=mobile", INES),
    ("sessions of a place", f"{SESSIONS}?place=berlin-de", INES),
    ("sessions found", f"{SESSIONS}?q=chrome", INES),
    ("sessions by last activity", f"{SESSIONS}?sort=recent", INES),
    ("sessions, none of a type found", f"{SESSIONS}?type=admin&q=lisbon", INES),
    ("sessions, none in a place found", f"{SESSIONS}?place=berlin-de&q=lisbon", INES),
    ("sessions, none found", f"{SESSIONS}?q=atlantis", INES),
    ("sessions of one who is alone", SESSIONS, ALONE),
    ("sessions with long names", SESSIONS, WORDY),
    ("access keys", "/settings/access-keys", INES),
    ("access keys of one who has none", "/settings/access-keys", ALONE),
    ("log out all, confirmed", f"{SESSIONS}/logout-all", INES),
    ("log out others, confirmed", f"{SESSIONS}/logout-all?except=current", INES),
    ("log out all with long names", f"{SESSIONS}/logout-all", WORDY),
):
    sight(name)(_open(path, who))


sight("sessions of a crowd", is_large=True)(_open(SESSIONS, CROWD))


@sight("sessions of a newcomer at home")
def _(gallery, browser):
    return gallery.at_home(browser, AT_HOME).tab()


@sight("the only session, at home")
def _(gallery, browser):
    return gallery.at_home(browser, ALONE).tab()


for reason in EndReason:

    @sight(f"sign-in, {reason.value}")
    def _(gallery, browser, reason=reason):
        page = gallery.signed_in(browser).tab("/help/active-sessions")
        current = page.evaluate("fetch('/v1/sessions/current').then((answer) => answer.json())")
        gallery.end(current["id"], reason)
        page.goto(SESSIONS)
        expect(page.locator(".notice")).to_be_visible()
        return page


@sight("access key, revoke confirmed")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab("/settings/access-keys")
    page.goto(page.locator(".row form").first.get_attribute("action"))
    return page


@sight("dialog: revoke an access key")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab("/settings/access-keys")
    page.locator(".row").first.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@sight("access key, shown once")
def _(gallery, browser):
    page = gallery.signed_in(browser, WORDY).tab("/settings/access-keys")
    page.get_by_text("Create an access key").click()
    page.get_by_label("Name", exact=True).fill("Nightly backup")
    page.get_by_role("button", name="Create access key").click()
    expect(page.locator("#new-key-value")).to_be_visible()
    return page


@sight("access key, refused")
def _(gallery, browser):
    page = gallery.signed_in(browser, ALONE).tab("/settings/access-keys")
    browser.expects("422")
    page.get_by_text("Create an access key").click()
    page.get_by_label("Name", exact=True).fill("Nightly backup")
    page.get_by_label("See your name and email address").uncheck()
    page.get_by_role("button", name="Create access key").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one")
    return page


@sight("sign-in, wrong password")
def _(gallery, browser):
    page = browser.tab("/sign-in")
    browser.expects("401")
    page.get_by_label("Email address").fill("nobody@example.org")
    page.get_by_label("Password").fill("not this one at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("is wrong")
    return page


@sight("sign-in, too many attempts")
def _(gallery, browser):
    page = browser.tab("/sign-in")
    browser.expects("401", "429")
    address = f"{id(browser)}@example.org"
    for _ in range(8):
        page.get_by_label("Email address").fill(address)
        page.get_by_label("Password").fill("not this one at all")
        page.get_by_role("button", name="Sign in").click()
        if "too many" in page.get_by_role("alert").inner_text():
            return page
    raise AssertionError("nobody was made to wait")


@sight("register, refused")
def _(gallery, browser):
    page = browser.tab("/register")
    browser.expects("422")
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("Email address").fill("new@example.org")
    page.get_by_label("Password").fill("aaaaaaaaaaaaaaaaaaaa")
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


@sight("sign-in, logged out", is_plain=True)
def _(gallery, browser):
    page = gallery.signed_in(browser).tab()
    page.locator(".is-current").get_by_role("button", name="Logout").click()
    expect(page.locator(".notice")).to_contain_text("You are logged out.")
    return page


@sight("register, link used up")
def _(gallery, browser):
    browser.expects("410")
    page = browser.tab("/invite?token=sgn_inv_used")
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("Email address").fill("new@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("alert")).to_contain_text("This link does not work any more.")
    return page


@sight("sign-in, registered")
def _(gallery, browser):
    page = browser.tab("/register")
    page.get_by_label("Your name").fill("Grace")
    page.get_by_label("Email address").fill(f"{id(browser)}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.locator(".notice")).to_contain_text("Your account is ready.")
    return page


def _as_without_a_script(page: Page) -> Page:
    """What a browser without scripts shows of it: what looks at the page is a script itself."""
    page.evaluate(
        "document.querySelectorAll('noscript').forEach((each) => { each.outerHTML = each.textContent; });"
        "document.querySelectorAll('[data-with-ticket]').forEach((each) => { each.hidden = false; });"
        "document.querySelectorAll('[data-no-ticket]').forEach((each) => { each.hidden = true; })"
    )
    expect(page.get_by_label("Address of this page")).to_be_visible()
    return page


@sight("ticket, without a script", is_plain=True)
def _(gallery, browser):
    return _as_without_a_script(browser.tab("/ticket"))


@sight("ticket, none came")
def _(gallery, browser):
    page = browser.tab("/ticket")
    expect(page.get_by_text("No ticket came with this address.")).to_be_visible()
    return page


@sight("ticket, somebody is signed in")
def _(gallery, browser):
    return gallery.signed_in(browser).tab("/ticket#whatever the app has given")


@sight("ticket, without a script, somebody is signed in", is_plain=True)
def _(gallery, browser):
    return _as_without_a_script(gallery.signed_in(browser).tab("/ticket"))


@sight("set-up")
def _(gallery, browser):
    page = browser.tab(None)
    page.goto(f"{gallery.empty.base_url}/setup")
    return page


@sight("sign-in, all devices logged out", is_plain=True)
def _(gallery, browser):
    page = gallery.signed_in(browser, ALONE).tab(f"{SESSIONS}/logout-all")
    page.get_by_role("button", name="Logout All Devices").click()
    expect(page.locator(".notice")).to_contain_text("All devices are logged out")
    return page


@sight("a form from elsewhere")
def _(gallery, browser):
    browser.expects("403")
    page = browser.tab("/sign-in")
    page.get_by_label("Email address").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    browser.context.clear_cookies()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("did not come from")
    return page


for status, trouble in ((503, errors.Unavailable()), (500, RuntimeError("as a test would have it"))):

    @sight(f"help, {status}")
    def _(gallery, browser, status=status, trouble=trouble):
        async def fail(*_):
            raise trouble

        browser.expects(str(status))
        with patch.object(help_page, "_reader_account", fail):
            return browser.tab("/help/active-sessions")


@sight("no such page")
def _(gallery, browser):
    browser.expects("404")
    return browser.tab("/nothing/here")


@sight("no such session")
def _(gallery, browser):
    browser.expects("404")
    return gallery.signed_in(browser).tab(f"{SESSIONS}/nosuchsession/revoke")


@sight("current session cannot be revoked")
def _(gallery, browser):
    browser.expects("409")
    page = gallery.signed_in(browser).tab()
    row_id = page.locator(".is-current").get_attribute("data-id")
    page.goto(f"{SESSIONS}/{row_id}/revoke")
    return page


@sight("session already ended", is_plain=True)
def _(gallery, browser):
    browser.expects("410")
    other = gallery.newcomer()
    page = gallery.signed_in(browser).tab(f"{SESSIONS}/{other}/revoke")
    gallery.end(other)
    page.get_by_role("button", name="Revoke session").click()
    return page


@sight("revoke, confirmed")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab()
    return _confirmation(page, "Example Sync on Windows")


@sight("revoke an app, confirmed")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab()
    return _confirmation(page, "Porter")


def _confirmation(page: Page, name: str) -> Page:
    form = page.locator(".row", has_text=name).locator("form[data-dialog]").first
    page.goto(str(form.get_attribute("action")))
    return page


@sight("dialog: revoke")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab()
    page.get_by_role("button", name="Revoke Example Sync on Windows").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


@sight("dialog: revoke, long name")
def _(gallery, browser):
    page = gallery.signed_in(browser, WORDY).tab()
    page.get_by_role("button", name="Revoke Donaudampf").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page


for button in ("Logout All Devices", "Log out all other devices"):

    @sight(f"dialog: {button}")
    def _(gallery, browser, button=button):
        page = gallery.signed_in(browser).tab()
        page.locator(".security").get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        return page


@sight("sessions, menu and details open")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab()
    for summary in (".menu summary", ".is-current summary", ".is-flagged summary >> nth=0", ".howto summary"):
        page.locator(summary).click()
    page.locator(".menu summary").click()
    return page


@sight("sessions, one ended")
def _(gallery, browser):
    other = gallery.newcomer()
    browser.context.add_init_script(NOBODY_LEAVES)
    page = gallery.signed_in(browser).tab()
    page.locator(f"#s-{other} .btn-end").click()
    page.get_by_role("button", name="Revoke session").click()
    expect(page.locator(f"#s-{other}")).to_contain_text("Ended")
    return page


@sight("sessions, this wasn't me")
def _(gallery, browser):
    other = gallery.newcomer()
    page = gallery.signed_in(browser).tab()
    page.locator(f"#s-{other} .btn-alarm").click()
    expect(page.locator(f"#s-{other} .followup")).to_be_visible()
    return page


@sight("sessions, not confirmed")
def _(gallery, browser):
    browser.expects("ERR_FAILED", "/revoke")
    page = gallery.signed_in(browser).tab()
    page.route(
        "**/revoke", lambda route: route.abort() if route.request.method == "POST" else route.continue_()
    )
    row = page.locator(".row", has_text="Example Sync on Windows")
    row.locator(".btn-end").click()
    page.get_by_role("button", name="Revoke session").click()
    expect(row.get_by_role("alert")).to_be_visible()
    return page


@sight("sessions, not read again")
def _(gallery, browser):
    browser.expects("503")
    page = gallery.signed_in(browser).tab()
    page.route("**/settings/sessions", _unavailable_for_lists)
    page.get_by_role("button", name="Refresh Sessions").click()
    expect(page.locator("#notes").get_by_role("alert")).to_be_visible()
    return page


def _unavailable_for_lists(route: Route) -> None:
    if "signedin-partial" in route.request.headers:
        route.fulfill(status=503, body="{}")
    else:
        route.continue_()


@sight("sessions, a new one started")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab(None)
    with page.expect_response(re.compile("/events$")):
        page.goto(SESSIONS)
    gallery.newcomer()
    expect(page.locator("#notes .note")).to_be_visible()
    return page


for name, button, said in (
    ("ended", "Revoke ?Firefox on Windows", "has been signed out"),
    ("was not me", "This wasn’t me ?: end Firefox on Windows, San Francisco", "That session has ended."),
    ("was me", "It was me ?: Firefox on Windows, San Francisco", "Thank you."),
):

    @sight(f"sessions, {name}, without a script", is_plain=True)
    def _(gallery, browser, button=button, said=said):
        gallery.newcomer()
        page = gallery.signed_in(browser).tab()
        page.get_by_role("button", name=re.compile(button)).first.click()
        if "/revoke" in page.url:
            page.get_by_role("button", name="Revoke session").click()
        expect(page.locator(".notice")).to_contain_text(said)
        return page


for name, changed, said, password in (
    ("consent", {"description": "Ends sessions when a contract ends.", "is_verified": True}, {}, None),
    ("consent with long names", {"name": UNBROKEN[:80], "description": LONG, "is_verified": False}, {}, None),
    ("consent, password wrong", {}, {"prompt": "login"}, "wrong"),
):

    @sight(name)
    def _(gallery, browser, name=name, changed=changed, said=said, password=password):
        client = a_client(id=f"gallery {name}", **changed)
        if gallery.house.means.database.read_now(clients.find, client.id) is None:
            registered(gallery.house, client)
        scope = "openid email sessions:read sessions:manage"
        page = gallery.signed_in(browser).tab(authorize(client, scope=scope, **said))
        if password:
            browser.expects("403")
            page.get_by_label("Your password").fill(password)
            page.get_by_role("button", name="Allow", exact=True).click()
            expect(page.get_by_role("alert")).to_be_visible()
        return page


@sight("consent, asked beyond what was allowed")
def _(gallery, browser):
    files, client_id = "https://files.example.org", "gallery more"
    client = a_client(id=client_id, name="Porter", resources=(files,), signed_resources=(files,))
    if gallery.house.means.database.read_now(clients.find, client_id) is None:
        registered(gallery.house, client)
    consented(gallery.signed_in(browser).as_program(), client, scope="openid email")
    page = browser.tab(authorize(client, scope="openid email sessions:read sessions:manage", resource=files))
    expect(page.get_by_label("End your sessions")).not_to_be_checked()
    return page


@sight("an app of one's own, asked")
def _(gallery, browser):
    if gallery.house.means.database.read_now(clients.find, "sync") is None:
        registered(gallery.house, our_own())
    gallery.signed_in(browser)
    gallery.house.clock.move(seconds=1)  # whoever has just signed in for an app is not asked
    page = browser.tab(authorize(our_own()))
    expect(page.get_by_role("button", name="Continue")).to_be_visible()
    return page


for name, press, said in (
    ("typed", None, "Connect a device"),
    ("asked", "Go on", "Does your device show this code?"),
    ("allowed", "Allow", "Go on at the device"),
    ("refused", "Don’t allow", "Nothing was connected"),
):

    @sight(f"device, {name}")
    def _(gallery, browser, press=press, said=said):
        page = gallery.signed_in(browser).tab("/device")
        if press is not None:
            page.get_by_label("Code that the device shows").fill(_code_of_a_device(gallery))
            page.get_by_role("button", name="Go on").click()
        if press not in (None, "Go on"):
            page.get_by_role("button", name=press, exact=True).click()
        expect(page.get_by_role("heading", name=said, level=1)).to_be_visible()
        return page


@sight("device, another code")
def _(gallery, browser):
    browser.expects("4")
    page = gallery.signed_in(browser).tab("/device")
    page.get_by_label("Code that the device shows").fill("BCDF-GHJK")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    return page


def _code_of_a_device(gallery: Gallery) -> str:
    client = a_client(
        id="gallery-tv", name="Example TV", scopes=frozenset({"openid", "email", "sessions:read"}),
        grant_types=frozenset({GrantType.DEVICE}), **PUBLIC,
    )  # fmt: skip
    if gallery.house.means.database.read_now(clients.find, client.id) is None:
        registered(gallery.house, client)
    device = gallery.house.browser("ExampleTV/1.0 (Linux)").http
    asking = {"client_id": client.id, "scope": "openid email sessions:read"}
    code: str = device.post("/oauth/device_authorization", data=asking).json()["user_code"]
    return code


for name, who in (("asked", True), ("nobody", False)):

    @sight(f"log out, {name}")
    def _(gallery, browser, who=who):
        client = a_client(id="gallery-leaving", logout_uris=("https://app.example.org/bye",))
        if gallery.house.means.database.read_now(clients.find, client.id) is None:
            registered(gallery.house, client)
        if who:
            gallery.signed_in(browser)
        page = browser.tab(
            f"/oauth/end_session?client_id={client.id}&post_logout_redirect_uri=https://app.example.org/bye" if who
            else "/oauth/end_session"
        )  # fmt: skip
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page


@sight("sessions, the scopes of an app")
def _(gallery, browser):
    page = gallery.signed_in(browser).tab(f"{SESSIONS}?type=oauth")
    page.locator(".row").first.locator("summary").click()
    expect(page.locator(".keeps").first).to_be_visible()
    return page


@sight("sessions, one had ended already")
def _(gallery, browser):
    other = gallery.newcomer()
    browser.context.add_init_script(NOBODY_LEAVES)
    browser.expects("410", "/events")
    browser.context.route("**/settings/sessions/events", lambda route: route.abort())
    page = gallery.signed_in(browser).tab()
    page.locator(f"#s-{other} .btn-end").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    gallery.end(other)
    page.get_by_role("button", name="Revoke session").click()
    expect(page.locator(f"#s-{other}")).to_contain_text("This session had already ended.")
    return page
