"""Ending for many in a real browser: its progress, stopping it, and what the people see whose sessions end."""

from __future__ import annotations

import asyncio
import re
from email import policy
from email.parser import BytesParser

import pytest
from playwright.sync_api import expect

import pseudo
from browser.browsers import button
from browser.test_console import at_home
from browser.test_every_language import CLIPPED, OVERLAPS, WIDTHS
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, PASSWORD, done_apart
from signedin.actions import go_on_ending
from signedin.actions.end_many import begin_from_shell
from signedin.actions.preview_many import preview_from_shell
from signedin.post.deliver import deliver, to_folder
from signedin.rules.bulk import Wanted
from signedin.rules.session import AppType
from signedin.store import bulk_endings
from web.operators import ROSA, operator_in

ENDINGS = "/admin/endings"
WHY = "Build machine stolen, ticket 5120"
MARY = "mary@example.org"


@pytest.fixture
def people(house):
    """Ada, Grace and Mary each have a session in Berlin; Rosa is an owner. Returns their browsers."""
    for email, name in ((GRACE, "Grace Hopper"), (MARY, "Mary Somerville")):
        house.somebody(email, name)
    operator_in(house, ROSA, "owner")
    return [house.signed_in(FIREFOX_ON_WINDOWS, BERLIN, email) for email in (ADA, GRACE, MARY)]


@pytest.fixture(params=["with scripts", "without scripts"])
def console(request, browsers, people):
    page = browsers("laptop", java_script_enabled=request.param == "with scripts").tab("/admin")
    at_home(page, lambda it: it.click())
    page.has_scripts = request.param == "with scripts"
    return page


class Gate:
    """Where the server waits after so many accounts, until it may go on."""

    def __init__(self, accounts):
        self.left = accounts

    async def passed(self):
        while self.left <= 0:  # noqa: ASYNC110  # the test opens it from a thread of its own
            await asyncio.sleep(0.02)
        self.left -= 1


@pytest.fixture
def gate(monkeypatch):
    """The server ends one account, and tells that; then it waits."""
    gate, really = Gate(1), go_on_ending._account_ended

    async def ends(*args):
        await gate.passed()
        return await really(*args)

    monkeypatch.setattr(go_on_ending, "_account_ended", ends)
    monkeypatch.setattr(go_on_ending, "HEARD_AFTER", 1)
    yield gate
    gate.left = 1000


def seen(page, text):
    """Wait until the page says it: by itself, or by its button where there is no script."""
    found = page.locator(".op-total").get_by_text(text)
    while not page.has_scripts and not found.count():
        button(page, "Refresh").click()
    expect(found).to_be_visible()


def looked_at(page, **ticked):
    page.goto(ENDINGS)
    for label, value in ticked.items():
        page.get_by_label(label, exact=True).fill(value) if value else page.get_by_label(label).check()
    button(page, "Show what would end").click()
    expect(page.get_by_role("heading", name="What would end")).to_be_visible()


@pytest.mark.guide("R48", "D10", "D11")
def test_it_is_seen_going_on_stopped_let_go_on_and_over(console, gate, people):
    page = console
    looked_at(page, Network=f"{BERLIN.rpartition('.')[0]}.0/24")
    expect(page.get_by_text("3 sessions of 3 people", exact=True)).to_be_visible()
    expect(page.get_by_text("Firefox on Windows")).to_have_count(3)
    expect(page.get_by_role("link", name="Mary Somerville")).to_be_visible()
    expect(page.get_by_text(BERLIN)).to_have_count(0)
    page.get_by_label("Reason").fill(WHY)
    button(page, "End 3 sessions of 3 people").click()
    expect(page.get_by_text(f"Reason given: “{WHY}”.")).to_be_visible()
    seen(page, "1 session of 1 person ended.")
    assert page.get_by_role("progressbar").get_attribute("value") == "33"
    assert [each.is_signed_in for each in people].count(False) == 1
    button(page, "Stop").click()
    expect(page.get_by_text("Nothing more ends until it goes on.")).to_be_visible()
    gate.left = 1000
    button(page, "Let it go on").click()
    seen(page, re.compile("It is over everywhere since"))
    seen(page, "3 sessions of 3 people ended.")
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    if page.has_scripts:
        expect(page.locator("#announce")).to_contain_text("3 sessions of 3 people ended.")
    assert not any(each.is_signed_in for each in people)
    page.goto(ENDINGS)
    expect(page.get_by_role("listitem").filter(has_text=WHY)).to_contain_text("Finished")


@pytest.mark.guide("R48", "R51", "R87", "D10")
def test_whoever_has_the_page_open_is_told_at_once_and_reads_why_afterwards(
    house, browsers, people, tmp_path
):
    del people
    phone = browsers("phone").signed_in()
    page = phone.listening()
    shown = done_apart(preview_from_shell(house.means, Wanted(everyone=True), house.clock()))
    done_apart(begin_from_shell(house.means, shown.sealed, WHY, house.clock()))
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("An operator ended this session on 23 November.")
    page.get_by_label("Email address").fill(ADA)
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    expect(page.get_by_role("heading", name="Active Sessions", level=1)).to_be_visible()
    page.goto("/settings/activity")
    entry = page.locator(".ev").filter(has_text="ended for many people at once, also here")
    expect(entry).to_contain_text(f"Reason given: “{WHY}”.")
    expect(entry).to_contain_text("2 sessions ended.")
    letter = letter_to(house, ADA, tmp_path)
    assert "2 sessions" in letter
    assert WHY in letter


def letter_to(house, email, folder):
    """What somebody has in the post an hour later, by when letters that are spread are due."""
    house.clock.move(hours=1)
    base, means = house.base_url, house.means
    done_apart(deliver(means, to_folder(folder), "post@example.org", base, house.clock()))
    files = [*folder.glob("*.eml"), *house.server.settings.mail_dir.glob("*.eml")]
    letters = [BytesParser(policy=policy.default).parsebytes(file.read_bytes()) for file in files]
    texts = [each.get_body(("plain",)).get_content() for each in letters if email in each["to"]]
    return "\n".join(text for text in texts if "operator" in text)


@pytest.mark.guide("D2")
def test_who_ends_their_own_session_too_is_led_to_the_sign_in_page(browsers, people, gate):
    del people
    page = browsers("laptop").tab("/admin")
    at_home(page, lambda it: it.click())
    looked_at(page, **{"Everyone’s": "", "The session you are using too": ""})
    page.get_by_label("Reason").fill(WHY)
    page.get_by_role("button", name=re.compile("^End 4 sessions")).click()
    expect(page.get_by_text(f"Reason given: “{WHY}”.")).to_be_visible()
    gate.left = 1000
    expect(page.get_by_role("heading", name=re.compile("Sign in"), level=1)).to_be_visible()
    expect(page.get_by_role("status")).to_contain_text("An operator ended this session")


@pytest.mark.guide("R48")
def test_a_count_that_takes_long_goes_on_by_itself(browsers, people, monkeypatch):
    del people
    page = browsers("laptop").tab("/admin")
    at_home(page, lambda it: it.click())
    monkeypatch.setattr("signedin.actions.preview_many.STRETCH", 1)
    monkeypatch.setattr("signedin.actions.preview_many.COUNTS_FOR", -1)
    page.goto(ENDINGS)
    page.get_by_label("Everyone’s").check()
    button(page, "Show what would end").click(no_wait_after=True)
    page.wait_for_url(re.compile("preview="), wait_until="commit")
    monkeypatch.setattr("signedin.actions.preview_many.COUNTS_FOR", 60)
    expect(page.get_by_role("heading", name="End exactly this")).to_be_visible()


@pytest.mark.guide("R89")
@pytest.mark.parametrize("lang", ["de", pseudo.PSEUDO, pseudo.RIGHT_TO_LEFT])
def test_nothing_of_it_is_cut_off_in_any_language(house, browsers, people, monkeypatch, tmp_path, lang):
    del people
    pseudo.speak_them(monkeypatch, tmp_path / "locale")
    browser = browsers("laptop", timezone_id="Europe/Berlin")
    page = browser.tab("/admin")
    at_home(page, lambda it: it.click())
    browser.context.add_cookies([{"name": "signedin_language", "value": lang, "url": house.base_url}])
    paths = [ENDINGS, f"{ENDINGS}/preview?everyone=1", f"{ENDINGS}/preview?web=1&unused=1", half_over(house)]
    wrong = []
    browser.expects("422")
    for path in (*paths, f"{ENDINGS}/preview?web=1&everyone=1&network=203.0.113.0/24"):
        page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", lang)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            sideways = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            wrong += [(width, path, f"{sideways} too wide")] * (sideways > 0)
            wrong += [(width, path, each) for each in page.evaluate(OVERLAPS) + page.evaluate(CLIPPED)]
    assert "\n".join(map(str, wrong)) == ""


def half_over(house):
    """The page of one that another process goes on with, for the longest reason there can be, without a space."""
    means, now = house.means, house.clock()
    shown = done_apart(preview_from_shell(means, Wanted(frozenset(AppType)), now))

    async def begun():
        ending = await begin_from_shell(means, shown.sealed, "Sicherheitsvorfall" * 27, now)
        await means.database.write(bulk_endings.claim, ending.id, "another", now)
        return ending.id

    return f"{ENDINGS}/{done_apart(begun())}"
