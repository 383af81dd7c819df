"""Real browsers: one Chromium, and in it a browser for each person's device, with cookies of its own."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ConsoleMessage, Page, Playwright, Request

from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, SAFARI_ON_IPHONE, SAN_FRANCISCO, House

SESSIONS = "/settings/sessions"
EVENTS = f"{SESSIONS}/events"
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

    def __post_init__(self) -> None:
        headers = {"X-Forwarded-For": self.address} if self.address else {}
        self.context = self.chromium.new_context(
            base_url=self.house.base_url, user_agent=self.agent, extra_http_headers=headers,
            **({"locale": "en-US", "timezone_id": "America/Los_Angeles"} | self.options),
        )  # fmt: skip
        self.context.set_default_timeout(10_000)
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

    def cookies(self) -> dict[str, Any]:
        """What is in the jar, by name."""
        return {cookie["name"]: cookie for cookie in self.context.cookies()}

    def expects(self, *parts: str) -> None:
        """Say beforehand which troubles belong to the story; a part of their text is enough."""
        self.expected += parts

    def close(self) -> list[str]:
        """Close it; returns the troubles that nobody expected."""
        self.context.close()
        return [each for each in self.troubles if not any(part in each for part in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Request) -> None:
        # A stream that ends because its page is left is as it should be.
        left = request.failure == "net::ERR_ABORTED" and urlsplit(request.url).path == EVENTS
        if request.url.startswith(self.house.base_url) and not left:
            self._note(f"request failed: {request.method} {request.url}: {request.failure}")

    def _note(self, trouble: str) -> None:
        self.troubles.append(f"{self.name}: {trouble}")

    def _own(self, url: str) -> str:
        return url.removeprefix(self.house.base_url)
