"""Another site in the same browser: whatever it sends, nothing changes; whatever it asks, it learns nothing."""

from __future__ import annotations

import hashlib
import json
import sqlite3

import pytest
from playwright.sync_api import expect

from browser.authority import FOREIGN, SISTER
from browser.browsers import SESSIONS
from browser.foreign import foreign_site
from people import BERLIN, FIREFOX_ON_WINDOWS

KEPT = (
    "accounts",
    "sessions",
    "consents",
    "tombstones",
    "journal",
    "access_keys",
    "known_browsers",
    "passwords",
)
TROUBLE = (
    "status of 4",
    "violates",
    "policy violated",
    "net::ERR_",
    "Refused to",
    "CORS",
    "Blocked",
    "blocked",
)


@pytest.fixture
def house(house):
    house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    return house


@pytest.fixture
def victim(house, browsers):
    """Ada's browser, signed in to us; no header of the tests stands between it and the other sites."""
    browser = browsers("laptop", address=None)
    browser.expects(*TROUBLE)
    return browser.signed_in()


@pytest.fixture(params=[FOREIGN, SISTER], ids=["a foreign site", "a sister site"])
def site(request, authority):
    """A site of somebody else's, and one under our own domain, whose requests bring our Lax cookies."""
    with foreign_site(authority.vouch_for(request.param)) as site:
        yield site


def remembered(house):
    """A digest of everything that must not change; last use is not among it."""
    with sqlite3.connect(house.server.settings.database_url) as conn:
        tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = [
            (table, conn.execute(f"SELECT * FROM {table}").fetchall()) for table in KEPT if table in tables
        ]
    assert len(rows) >= 5, "the tables have other names now"
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def deeds(house):
    """Everything of ours that changes something, with fields as an attacker can know them."""
    other = next(each["id"] for each in house.signed_in().sessions() if each["device"].startswith("Firefox"))
    row = f"{SESSIONS}/{other}"
    return {
        "/sign-out": {}, f"{row}/revoke": {}, f"{row}/not-me": {}, f"{row}/recognize": {},
        f"{SESSIONS}/logout-all": {"except": "current"}, "/v1/sessions/logout-all": {},
        "/sign-in": {"email": "eve@example.org", "password": "four unrelated words make it"},
        "/register": {"name": "Eve", "email": "eve@example.org", "password": "four unrelated words make it"},
    }  # fmt: skip


def posted(answer):
    return answer.request.method == "POST"


@pytest.mark.security("3.5.1", "3.5.2", "CSRF-2", "CSRF-4", "CSRF-5")
@pytest.mark.guide("R45", "D18")
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_a_form_of_another_site_changes_nothing(house, victim, site, kind):
    wanted = deeds(house)
    before = remembered(house)
    page = victim.tab(None)
    for path, fields in wanted.items():
        hidden = "".join(f"<input name='{name}' value='{value}'>" for name, value in fields.items())
        form = f"<form method=post enctype='{kind}' action='{house.base_url}{path}'>{hidden}<input name=csrf value=x></form>"
        page.goto(site.page(form))
        with page.expect_navigation(), page.expect_response(posted) as got:
            page.evaluate("document.forms[0].submit()")
        refused = got.value.status in {401, 403, 405, 415, 422}
        is_nobody = got.value.status == 303 and got.value.headers["location"].startswith("/sign-in")
        assert refused or is_nobody, path
    assert remembered(house) == before
    page.goto(house.base_url + SESSIONS)
    expect(page.locator(".row.is-current")).to_be_visible()


@pytest.mark.security("3.5.1", "3.5.3", "CSRF-3")
@pytest.mark.guide("R45")
def test_a_script_of_another_site_changes_nothing_and_reads_nothing(house, victim, site):
    wanted = deeds(house)
    before = remembered(house)
    page = victim.tab(None)
    page.goto(site.page(""))
    tried = page.evaluate(
        """async ([origin, wanted]) => {
          const tried = [];
          for (const [path, fields] of Object.entries(wanted)) {
            const body = new URLSearchParams({ ...fields, csrf: "x" });
            const options = [
              { method: "POST", mode: "no-cors", credentials: "include", body },
              { method: "POST", mode: "no-cors", credentials: "include", body: JSON.stringify(fields) },
              { method: "POST", mode: "cors", credentials: "include", body },
              { method: "DELETE", mode: "cors", credentials: "include" },
              { method: "GET", mode: "cors", credentials: "include" },
            ];
            for (const option of options) {
              const answer = await fetch(origin + path, option).catch(() => null);
              tried.push(answer ? `${answer.type} ${answer.status} ${await answer.text()}` : "refused");
            }
          }
          return tried;
        }""",
        [house.base_url, wanted],
    )
    assert len(tried) == 5 * len(wanted)
    assert set(tried) <= {"opaque 0 ", "refused"}
    assert remembered(house) == before


@pytest.mark.security("3.5.1")
@pytest.mark.guide("R45")
def test_a_link_of_another_site_ends_nothing(house, victim, site):
    before = remembered(house)
    page = victim.tab(None)
    for path in ("/sign-out", f"{SESSIONS}/logout-all", "/v1/sessions/logout-all"):
        page.goto(site.page(f"<a href='{house.base_url}{path}'>a kitten</a>"))
        page.get_by_role("link", name="a kitten").click()
        page.wait_for_url(f"{house.base_url}/**")
        assert remembered(house) == before, path
    page.goto(house.base_url + SESSIONS)
    expect(page.locator(".row.is-current")).to_be_visible()


@pytest.mark.security("3.4.6")
def test_no_page_of_ours_can_be_framed(house, victim, site):
    page = victim.tab(None)
    for path in ("/sign-in", SESSIONS, f"{SESSIONS}/logout-all", "/help/active-sessions", "/nowhere"):
        with page.expect_event("framenavigated", lambda frame: frame.parent_frame is not None):
            page.goto(site.page(f"<iframe src='{house.base_url}{path}'></iframe>"))
        framed = [frame.url for frame in page.frames if frame != page.main_frame]
        assert framed == ["chrome-error://chromewebdata/"], path


@pytest.mark.security("3.4.8")
def test_another_site_cannot_hold_on_to_a_window_of_ours(house, victim, site):
    page = victim.tab(None)
    page.goto(site.page(""))
    with page.expect_popup() as opened:
        page.evaluate("address => { window.held = open(address) }", house.base_url + SESSIONS)
    expect(opened.value.get_by_role("heading", name="Active Sessions")).to_be_visible()
    page.wait_for_function("window.held.closed")
    assert json.loads(opened.value.evaluate("JSON.stringify(window.opener)")) is None
