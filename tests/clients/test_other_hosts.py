"""A plain web app on another host, guarded by nginx or Caddy from the files in examples/: out, in, and out again."""

from __future__ import annotations

import html
import json
import os
import random
import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from clients.hostile import HEADERS, SMUGGLERS, Hostile, Secrets, surely_more_than
from clients.proxies import ELSEWHERE, EXAMPLES, Proxy, found, guarded_app
from people import CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, Browser
from ports import free_ports
from served import Served, a_place, served

pytestmark = pytest.mark.xdist_group("other hosts behind proxies")
PAGE = {"sec-fetch-mode": "navigate"}
MANY = int(os.environ.get("HOSTILE_REQUESTS", "100"))
SEED = int(os.environ.get("HOSTILE_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)


@dataclass
class Shop:
    """An app on a host of its own behind a proxy, and Signedin on another."""

    proxy: Proxy
    server: Served

    def browser(self, agent: str = CHROME_ON_MACOS) -> Browser:
        """A browser that is nowhere yet; its addresses are whole ones, for it goes to two hosts."""
        return (
            self.server.browser() if agent == CHROME_ON_MACOS else Browser(self.server.place.base_url, agent)
        )

    def signed_in(self, agent: str = CHROME_ON_MACOS) -> Browser:
        browser = self.browser(agent)
        assert browser.sign_in().status_code == 303
        return browser

    def open(self, browser: Browser, path: str = "/", **headers: str):
        """The app, asked by a program unless a header says that somebody goes to a page."""
        return browser.http.get(self.proxy.base_url + path, headers=headers)

    def go(self, browser: Browser, path: str):
        """To a page of the app as a person goes there: every step of the way until something stays."""
        address, steps = self.proxy.base_url + path, []
        for _ in range(10):
            steps.append(address)
            answer = browser.http.get(address, headers=PAGE)
            onward = answer.headers.get("location") or html.unescape(
                (re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.text) or [""] * 2)[1]
            )
            if not onward:
                return answer, steps
            address = str(answer.url.join(onward))
        raise AssertionError(steps)


@pytest.fixture(scope="module", params=ELSEWHERE)
def shop(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    port, app_port = free_ports(2)
    known = {"SIGNEDIN_APP_HOSTS": f"http://127.0.0.1:{port}", "SIGNEDIN_INACTIVITY": "9m"}
    with ExitStack() as stack:
        place = stack.enter_context(a_place(**known))
        proxy = stack.enter_context(ELSEWHERE[request.param](folder, port, place.port, app_port))
        stack.enter_context(guarded_app(app_port))
        place.somebody()
        yield Shop(proxy, stack.enter_context(served(place)))


@pytest.mark.guide("R4", "D12", "D31")
@pytest.mark.security("C2")
def test_whoever_comes_to_a_page_signs_in_at_ours_and_is_back_at_that_page(shop):
    stranger, base = shop.browser(), shop.server.place.base_url
    answer, steps = shop.go(stranger, "/orders?page=2&q=a%26b&x=1")
    assert "/sign-in?next=/to-app" in str(answer.url), steps
    wanted = html.unescape(re.search(r'name="next" value="([^"]+)"', answer.text)[1])
    signed_in = stranger.sign_in(next=wanted)
    assert signed_in.status_code == 303
    page = stranger.http.get(base + signed_in.headers["location"], headers=PAGE)
    back = html.unescape(re.search(r'content="0;url=([^"]+)"', page.text)[1])
    assert back.startswith(shop.proxy.base_url + "/.signedin/enter?ticket=sgn_tik_")
    entered = stranger.http.get(back, headers=PAGE)
    assert entered.headers["location"] == "/orders?page=2&q=a%26b&x=1"
    told = shop.open(stranger, "/orders?page=2&x=1", **PAGE)
    assert (told.status_code, told.json()["path"]) == (200, "/orders")
    assert told.json()["Signedin-Session"] == stranger.current()["id"]
    assert len(told.json()["everything"]) == 4
    assert stranger.http.get(back, headers=PAGE).headers["location"] == base + "/to-app", "good once"


@pytest.mark.guide("R42", "R48", "R51", "R53")
@pytest.mark.security("attack-1", "7.4.1", "C2")
def test_revoking_in_another_browser_shuts_it_out_of_the_app_at_its_next_request(shop):
    laptop, other = shop.signed_in(), shop.signed_in(FIREFOX_ON_WINDOWS)
    assert shop.go(laptop, "/")[0].status_code == 200
    assert shop.open(laptop).status_code == 200
    other.revoke(laptop.current()["id"])
    answer = shop.open(laptop)
    assert (answer.status_code, "guarded-app" in answer.headers) == (401, False)
    assert answer.headers.get_list("www-authenticate") == ['Session error="revoked"']
    page, steps = shop.go(laptop, "/")
    assert "revoked" in page.text, steps
    assert len(steps) <= 5


@pytest.mark.guide("D12")
@pytest.mark.security("C2", "attack-20", "attack-15")
def test_nobody_is_let_in_by_anything_but_this_hosts_own_cookie(shop):
    laptop = shop.signed_in()
    shop.go(laptop, "/")
    kept = {cookie.name: cookie.value for cookie in laptop.http.cookies.jar if cookie.domain == "127.0.0.1"}
    assert shop.proxy.get("/", f"Cookie: signedin-host={kept['signedin-host']}").is_let_in
    for line in (
        f"Cookie: signedin-host={laptop.secret}", f"Cookie: signedin={laptop.secret}",
        f"Cookie: signedin={kept['signedin-host']}", f"Authorization: Bearer {kept['signedin-host']}",
        f"Cookie: signedin-host={kept['signedin-host']}; signedin-host={kept['signedin-host']}",
        f"Cookie: signedin-host={kept['signedin-start']}", "Signedin-Account: 1",
    ):  # fmt: skip
        assert not shop.proxy.get("/", line).is_let_in, line
    ours = {"cookie": f"signedin={kept['signedin-host']}"}
    for path in ("/v1/sessions", "/v1/check"):
        answer = Browser(shop.server.place.base_url).http.get(path, headers=ours)
        assert answer.status_code == 401, "and it opens nothing of ours"


def identity(told):
    """The four headers as the app reads them, by the names that twins with underscores would have too."""
    names = {"HTTP_" + name.upper().replace("-", "_") for name in HEADERS}
    return {name: value for name, value in told["everything"].items() if name in names}


@pytest.mark.timeout(3600)
@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "attack-20", "attack-21", "4.1.3", "C5")
def test_nobody_is_let_in_there_whatever_they_send_nor_as_somebody_else(shop):
    laptop, ended = shop.signed_in(), shop.signed_in(FIREFOX_ON_WINDOWS)
    for browser in (laptop, ended):
        assert shop.go(browser, "/")[0].status_code == 200
    mine, theirs = (each.http.cookies.get("signedin-host", domain="127.0.0.1") for each in (laptop, ended))
    laptop.revoke(ended.current()["id"])
    who = identity(shop.open(laptop).json())
    assert len(who) == len(HEADERS)
    of_ours = Hostile(SEED, Secrets(laptop.secret, theirs), shop.proxy.port)
    by_cookie = Hostile(SEED, Secrets(mine, theirs), shop.proxy.port, "signedin-host")
    let_in = 0
    for number in range(MANY):
        for raw in (of_ours.nobodys(), of_ours.somebodys()):
            assert b"guarded-app" not in shop.proxy.send(raw).raw.lower(), (SEED, number, raw)
        raw = by_cookie.somebodys()
        answer = shop.proxy.send(raw)
        if answer.is_let_in and not raw.startswith(b"HEAD"):
            told = json.loads(re.search(rb"\{.*\}", answer.raw, re.DOTALL)[0])
            assert identity(told) == who, (SEED, number, raw)
            let_in += 1
    assert let_in > surely_more_than(0.25, MANY)
    for smuggled in SMUGGLERS:
        assert b"guarded-app" not in shop.proxy.send(smuggled.encode()).raw.lower(), smuggled


@pytest.mark.security("attack-12", "attack-21", "attack-29")
@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1:1"])
def test_a_host_that_the_client_names_leads_nobody_there(shop, host):
    raw = f"GET /.signedin/start?next=//{host}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    answer = shop.proxy.send(raw.encode())
    where = re.search(rb"(?i)\r\nlocation: ([^\r]*)", answer.raw)
    assert where is None or where[1].startswith(shop.server.place.base_url.encode())
    assert b"evil.example" not in (where[1] if where else b"")
    assert not answer.is_let_in


@pytest.mark.security("attack-21", "4.1.4")
def test_of_ours_there_is_nothing_else_at_that_host(shop):
    for path in (
        "/sign-in",
        "/v1/sessions",
        "/settings/sessions",
        "/.signedin/../v1/sessions",
        "/.signedin-check",
        "/.signedin/x",
    ):
        answer = shop.proxy.get(path)
        assert answer.status in {400, 401, 404}, path
        assert not answer.is_let_in


@pytest.mark.security("16.2.5", "14.2.1")
def test_no_ticket_stands_in_our_log(shop):
    laptop = shop.signed_in()
    shop.go(laptop, "/")
    log = shop.server.said.read_text()
    assert "sgn_tik_" not in log
    assert "sgn_hst_" not in log


def test_what_the_page_of_the_docs_shows_stands_in_the_files_that_are_started():
    page = (EXAMPLES.parent / "docs" / "other-hosts.md").read_text()
    shown = dict(re.findall(r"```(nginx|caddy)\n(.+?)```", page, re.DOTALL))
    assert shown["nginx"] in (EXAMPLES / "nginx" / "other-host.conf").read_text()
    lines = [line.strip() for line in (EXAMPLES / "caddy" / "other-host.Caddyfile").read_text().splitlines()]
    block = [line.strip() for line in shown["caddy"].splitlines()]
    at = lines.index("handle /.signedin/* {")
    assert lines[at : at + len(block)] == block


def test_the_command_at_the_head_of_the_file_for_one_machine_reads_it(tmp_path):
    """As it stands there, but to judge the file instead of binding its ports: the adapter has to be named (Caddy 2.6)."""
    text = (EXAMPLES / "caddy" / "one-machine.Caddyfile").read_text()
    (command,) = re.findall(r"^#   (caddy run .*)$", text, re.MULTILINE)
    words = command.replace("caddy run ", f"{found('caddy')} validate ").split()
    homes = dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"), str(tmp_path))
    said = subprocess.run(
        words, check=False, cwd=EXAMPLES / "caddy", env=os.environ | homes, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    assert "Valid configuration" in said.stdout + said.stderr
