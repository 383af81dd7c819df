"""Real browsers: one Chromium, and in it a browser for each person's device, with cookies of its own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Locator, Page, Playwright, Request

from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, SAFARI_ON_IPHONE, SAN_FRANCISCO, Browser, House

SESSIONS = "/settings/sessions"
EVENTS = f"{SESSIONS}/events"
PATIENCE = 20_000
"""Milliseconds to wait for a condition before it is said not to come true."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_A_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
         "--disable-gpu")  # fmt: skip
# A violation of the page's policy, told like any other trouble.
WATCH_THE_POLICY = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated:", event.violatedDirective, event.blockedURI, event.sourceFile));
"""
LAPTOP = {"agent": CHROME_ON_MACOS, "address": SAN_FRANCISCO, "viewport": {"width": 1280, "height": 900}}
PHONE = {
    "agent": SAFARI_ON_IPHONE, "address": BERLIN, "viewport": {"width": 390, "height": 844},
    "has_touch": True, "is_mobile": True,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {"laptop": LAPTOP, "phone": PHONE}


def find_chromium() -> str | None:
    """The Chromium of this machine, or `None`; CHROMIUM names another one."""
    asked = os.environ.get("CHROMIUM")
    found = (shutil.which(name) for name in ([asked] if asked else [*NAMES, ON_A_MAC]))
    return next((path for path in found if path), None)


def row(page: Page, name: str) -> Locator:
    """The row of the list with this device or app."""
    return page.locator(".row").filter(has=page.locator(".name", has_text=name))


def button(page: Page | Locator, name: str, thing: str = "") -> Locator:
    """The button whose name is this, or is this and the thing it is about: "Revoke", "Firefox on Windows"."""
    if not thing:
        return page.get_by_role("button", name=name, exact=True)
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(name)} (: )?(end )?{re.escape(thing)}"))


def names(page: Page) -> list[str]:
    """What the rows are called, in their order on the page."""
    return [text.split("\n")[0].strip() for text in page.locator(".row .name").all_inner_texts()]


def launch(playwright: Playwright, path: str, pin: str, **options: Any) -> Chromium:
    """A Chromium that finds names under .test on this machine and trusts one authority more than usual."""
    trust = [f"--ignore-certificate-errors-spki-list={pin}", "--host-resolver-rules=MAP *.test 127.0.0.1"]
    is_root = os.geteuid() == 0
    return playwright.chromium.launch(
        executable_path=path, args=[*QUIET, *trust], chromium_sandbox=not is_root, **options
    )


@dataclass
class RealBrowser:
    """A person's browser: its cookies, its tabs, and what went wrong in them that nobody expected."""

    chromium: Chromium
    house: House
    name: str
    agent: str
    address: str | None
    options: dict[str, Any]
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    is_closing: bool = False

    def __post_init__(self) -> None:
        headers = {"X-Forwarded-For": self.address} if self.address else {}
        self.context = self.chromium.new_context(
            base_url=self.house.base_url, user_agent=self.agent, extra_http_headers=headers,
            **({"locale": "en-US", "timezone_id": "America/Los_Angeles"} | self.options),
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.context.add_init_script(WATCH_THE_POLICY)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self._note(f"page error: {error.error}"))
        self.context.on("request", lambda request: self.requests.append(self._own(request.url)))
        self.context.on("requestfailed", self._failed)

    def tab(self, path: str | None = SESSIONS) -> Page:
        """A new tab, at a page of ours."""
        page = self.context.new_page()
        if path is not None:
            page.goto(path)
        return page

    def listening(self, path: str = SESSIONS, page: Page | None = None) -> Page:
        """A tab at the list, once it is told what happens elsewhere."""
        page = page or self.tab(None)
        with self.context.expect_event("response", lambda answer: answer.url.endswith(EVENTS)):
            page.goto(path)
        return page

    def signed_in(self, email: str = ADA, password: str = PASSWORD, **fields: str) -> RealBrowser:
        """Sign in without opening the page; the cookies are the server's own."""
        sent = self.house.browser(self.agent, self.address or "127.0.0.1")
        answer = sent.sign_in(email, password, **fields)
        assert answer.status_code == 303, answer.text
        self.context.add_cookies(
            [
                {
                    "name": cookie.name, "value": cookie.value, "url": self.house.base_url, "secure": True,
                    "httpOnly": True, "sameSite": "Lax", "expires": cookie.expires or -1,
                }
                for cookie in sent.http.cookies.jar
            ]
        )  # fmt: skip
        return self

    def as_program(self) -> Browser:
        """A program with the cookies of this browser, which does what it does without its pages."""
        program = self.house.browser(self.agent, self.address or "127.0.0.1")
        for name, cookie in self.cookies().items():
            program.http.cookies.set(name, cookie["value"])
        return program

    def cookies(self) -> dict[str, Any]:
        """What is in the jar, by name."""
        return {cookie["name"]: cookie for cookie in self.context.cookies()}

    def expects(self, *parts: str) -> None:
        """Say beforehand which troubles belong to the story; a part of their text is enough."""
        self.expected += parts

    def close(self) -> list[str]:
        """Close it; returns the troubles that nobody expected."""
        self.is_closing = True
        self.context.close()
        return [each for each in self.troubles if not any(part in each for part in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        # What a page had asked for when it was left, or thought better of, is as it should be.
        is_left = self.is_closing or request.failure == "net::ERR_ABORTED"
        if request.url.startswith(self.house.base_url) and not is_left:
            self._note(f"request failed: {request.method} {request.url}: {request.failure}")

    def _note(self, trouble: str) -> None:
        self.troubles.append(f"{self.name}: {trouble}")

    def _own(self, url: str) -> str:
        return url.removeprefix(self.house.base_url)


@contextmanager
def closed(chromium: Chromium, house: House) -> Iterator[Callable[..., RealBrowser]]:
    """Makes real browsers that are closed at the end, and had no trouble that nobody expected."""
    made: list[RealBrowser] = []

    def make(name: str = "laptop", **options: Any) -> RealBrowser:
        chosen = KINDS.get(name, LAPTOP) | options
        agent, address = chosen.pop("agent"), chosen.pop("address")
        made.append(RealBrowser(chromium, house, name, agent, address, chosen))
        return made[-1]

    yield make
    troubles = [trouble for browser in made for trouble in browser.close()]
    assert not troubles, "\n".join(troubles)
