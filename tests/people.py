"""The people of the tests, their browsers, and the clock they live by."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from databases import database_for
from signedin.actions.means import Means, Registration
from signedin.actions.sweep import JOB
from signedin.gate.recognise import Recogniser
from signedin.rules.presence import Absence, Presence
from signedin.server.app import build
from signedin.server.demo_places import DEMO_ADDRESSES, DEMO_PLACES_FILE
from signedin.server.server import Server
from signedin.server.settings import Settings, load
from signedin.store import installation

ADA = "ada@example.org"
GRACE = "grace@example.org"
PASSWORD = "four unrelated words make it"
CHROME_ON_MACOS = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/152.0.0.0 Safari/537.36"
)
FIREFOX_ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:149.0) Gecko/20100101 Firefox/149.0"
SAFARI_ON_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.0 Mobile/15E148 Safari/604.1"
)
SAN_FRANCISCO = DEMO_ADDRESSES["San Francisco"][0]
BERLIN = DEMO_ADDRESSES["Berlin"][0]
ADELAIDE = DEMO_ADDRESSES["Adelaide"][0]


class Clock:
    """A clock that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Secured:
    """How a house is reached over TLS: its name, its key and certificate, and whom its visitors trust."""

    host: str
    certificate: Path
    trusted: ssl.SSLContext


class ToLoopback(httpx.HTTPTransport):
    """Finds every name on this machine, and still asks the certificate for the name."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request to loopback under its own name."""
        return super().handle_request(
            httpx.Request(
                request.method,
                request.url.copy_with(host="127.0.0.1"),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": request.url.host},
            )
        )


class Browser:
    """A browser of somebody's, with cookies of its own: what it sends is what a real one sends."""

    def __init__(
        self,
        base_url: str,
        agent: str | bytes = CHROME_ON_MACOS,
        address: str = SAN_FRANCISCO,
        secured: Secured | None = None,
    ) -> None:
        self.base_url = base_url
        self.http = httpx.Client(
            transport=ToLoopback(verify=secured.trusted) if secured else None,
            base_url=base_url,
            headers={"user-agent": agent, "x-forwarded-for": address, "accept-language": "en"},
            follow_redirects=False,
            timeout=20,
        )

    def open(self, path: str, **headers: str) -> httpx.Response:
        """Go to a page."""
        return self.http.get(path, headers={"sec-fetch-site": "none", **headers})

    def send(self, path: str, fields: dict[str, str] | None = None, page: str = "/sign-in") -> httpx.Response:
        """Send a form of one of our pages, with its hidden token."""
        return self.http.post(path, data={**self.carried(page), **(fields or {})}, headers=self.own())

    def carried(self, page: str) -> dict[str, str]:
        """What the forms of a page carry for this browser: their token, and which thing they make."""
        return dict(re.findall(r'name="(csrf|once)" value="([^"]+)"', self.open(page).text)) or {"csrf": ""}

    def form_token(self, page: str) -> str:
        """The token that the forms of a page carry for this browser."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.open(page).text)
        return found[1] if found else ""

    def own(self) -> dict[str, str]:
        """The headers of a request that one of our own pages makes."""
        return {"sec-fetch-site": "same-origin", "origin": self.base_url}

    def sign_in(self, email: str = ADA, password: str = PASSWORD, **fields: str) -> httpx.Response:
        """Sign in at the sign-in page."""
        return self.send("/sign-in", {"email": email, "password": password, **fields})

    @property
    def is_signed_in(self) -> bool:
        """Whether this browser is let in to the list, asked like a page that re-reads itself."""
        return self.open("/settings/sessions", **{"signedin-automatic": "1"}).status_code == 200

    def sessions(self) -> list[dict[str, Any]]:
        """The list, as the API gives it."""
        items: list[dict[str, Any]] = self.open("/v1/sessions").json()["items"]
        return items

    def current(self) -> dict[str, Any]:
        """This browser's own row."""
        row: dict[str, Any] = self.open("/v1/sessions/current").json()
        return row

    def revoke(self, row_id: str) -> httpx.Response:
        """Revoke by the page's own form."""
        path = f"/settings/sessions/{row_id}/revoke"
        return self.send(path, page="/settings/sessions")

    def log_out(self) -> httpx.Response:
        """Press Logout."""
        return self.send("/sign-out", page="/settings/sessions")

    def log_out_all(self, **fields: str) -> httpx.Response:
        """Press Logout All Devices and confirm."""
        return self.send("/settings/sessions/logout-all", fields, page="/settings/sessions")

    @property
    def secret(self) -> str | None:
        """The session's secret in this browser's jar, as a thief would copy it."""
        return self.http.cookies.get("signedin")

    def stolen_by(self, other: Browser) -> None:
        """Let another browser replay this one's secret."""
        other.http.cookies.set("signedin", self.secret or "", domain="localhost.local", path="/")


class House:
    """A running server with a clock that stands still, and the browsers around it."""

    def __init__(self, server: Server, clock: Clock, base_url: str, secured: Secured | None = None) -> None:
        self.server = server
        self.clock = clock
        self.base_url = base_url
        self.secured = secured
        self.means = server.means

    def browser(self, agent: str | bytes = CHROME_ON_MACOS, address: str = SAN_FRANCISCO) -> Browser:
        """A new browser, signed in to nothing."""
        return Browser(self.base_url, agent, address, self.secured)

    def somebody(self, email: str = ADA, name: str = "Ada Lovelace") -> str:
        """Make an account; returns its address."""
        from signedin.actions.make_account import Applicant, add_by_operator

        done_apart(add_by_operator(self.means, Applicant(email, name, PASSWORD), self.clock()))
        return email

    def signed_in(
        self, agent: str = CHROME_ON_MACOS, address: str = SAN_FRANCISCO, email: str = ADA
    ) -> Browser:
        """A new browser, signed in."""
        browser = self.browser(agent, address)
        answer = browser.sign_in(email)
        assert answer.status_code == 303, answer.text
        return browser


def settings_in(folder: Path, port: int, **values: Any) -> Settings:
    """Settings for a server of its own under `folder`, behind a proxy on loopback."""
    base = load({"SIGNEDIN_TRUSTED_PROXIES": "127.0.0.0/8"}, folder / "none.toml")
    chosen: dict[str, Any] = {
        "database_url": database_for(folder),
        "secret_file": folder / "secret.json",
        "mail_dir": folder / "mail",
        "geo_db": DEMO_PLACES_FILE,
        "base_url": f"http://localhost:{port}",
        "registration": Registration.OPEN,
        "calls_a_minute": 99_999,  # by a clock that stands still nobody is given new ones
    }
    return replace(base, **(chosen | values))


def done_apart(deed: Coroutine[Any, Any, Any]) -> Any:
    """Do something that is awaited, in a thread of its own: the test's may have a loop already."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, deed).result()


def recognised(means: Means, *tokens: str | None, now: datetime) -> list[Presence | Absence]:
    """Who each of the tokens signs in now, asked of whichever database there is."""

    async def ask() -> list[Presence | Absence]:
        try:
            return [await Recogniser(means).recognise(token, now) for token in tokens]
        finally:
            if means.lines is not None:
                await means.lines.close()

    return done_apart(ask())  # type: ignore[no-any-return]


@contextmanager
def running(
    folder: Path,
    clock: Clock | None = None,
    secured: Secured | None = None,
    *,
    sweeps: bool = True,
    **values: Any,
) -> Iterator[House]:
    """A real server on a port of its own, for as long as the block lasts; it has swept once when it begins."""
    clock = clock or Clock()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        base_url = f"https://{secured.host}:{port}" if secured else f"http://localhost:{port}"
        server = build(settings_in(folder, port, **({"base_url": base_url} | values)), clock)
        config = uvicorn.Config(
            server.app,
            log_config=None,
            log_level="warning",
            ws="none",
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
            ssl_certfile=secured.certificate if secured else None,
        )
        serving = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: serving.run(sockets=[listening]), daemon=True)
        thread.start()
        wait_until(lambda: serving.started)
        if sweeps:
            wait_until(lambda: server.means.database.read_now(installation.job_last_ran, JOB) == clock())
        try:
            yield House(server, clock, base_url, secured)
        finally:
            serving.should_exit = True
            thread.join(10)
            server.close()


def wait_until(happened: Callable[[], Any]) -> None:
    """Wait for the server's own word: that it listens, that its first sweep is done."""
    pause = threading.Event()
    for _ in range(4000):
        if happened():
            return
        pause.wait(0.005)
    raise TimeoutError("the server did not start")
