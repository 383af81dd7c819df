"""A plain web app guarded by nginx or Caddy, from the files in examples/: who is let in, and as whom."""

from __future__ import annotations

import html
import json
import re
import threading
from urllib.parse import unquote, urljoin

import pytest

from clients.proxies import EXAMPLES
from people import CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE
from routes import THE_APPS_OWN, every_route, still

pytestmark = pytest.mark.xdist_group("forward auth")
IDENTITY = {"Signedin-Account", "Signedin-Session", "Signedin-App-Type", "Signedin-Scopes"}


def opened(browser, path="/", **headers):
    """The guarded app, asked by a program unless a header says that somebody goes to a page."""
    return browser.http.get(path, headers=headers)


def until(asked, status):
    """Ask until that is answered; returns every status there was on the way."""
    pause, seen = threading.Event(), []
    for _ in range(400):
        answer = asked()
        seen.append(answer.status_code)
        if answer.status_code == status:
            return answer, set(seen)
        pause.wait(0.02)
    raise TimeoutError(f"never {status}, but {set(seen)}")


@pytest.mark.guide("R1", "D12")
@pytest.mark.security("attack-20")
def test_the_app_is_told_who_is_signed_in_and_nobody_else_is_let_in(guarded):
    laptop, stranger = guarded.signed_in(), guarded.proxy.browser(CHROME_ON_MACOS)
    told = opened(laptop, "/orders/7?x=1").json()
    assert told["Signedin-Session"] == laptop.current()["id"]
    assert (told["Signedin-App-Type"], told["Signedin-Scopes"], told["path"]) == ("web", "*", "/orders/7")
    assert told["Signedin-Account"].isdigit()
    assert len(told["everything"]) == len(IDENTITY)
    answer = opened(stranger)
    assert (answer.status_code, "guarded-app" in answer.headers) == (401, False)
    assert answer.headers.get_list("www-authenticate") == ['Session error="missing"']
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.guide("D12")
@pytest.mark.security("attack-20")
def test_a_service_key_that_a_client_sends_changes_nothing(guarded):
    laptop, stranger = guarded.signed_in(), guarded.proxy.browser(CHROME_ON_MACOS)
    more = {"signedin-address": "198.51.100.9", "signedin-quiet": "1"}
    for key in ("sgn_svc_" + "0" * 61, "x", ""):
        answer = opened(laptop, **{"signedin-key": key}, **more)
        assert answer.status_code == 200, key
        assert answer.json()["Signedin-Session"] == laptop.current()["id"]
        assert len(answer.json()["everything"]) == len(IDENTITY), "the app gets none of them either"
        assert opened(stranger, **{"signedin-key": key}).status_code == 401


@pytest.mark.security("attack-20")
def test_of_other_names_that_begin_like_ours_the_app_gets_what_the_page_of_the_docs_says(guarded):
    """None through Caddy; through nginx, which takes away whole names alone, what was sent, and it says nothing."""
    told = opened(guarded.signed_in(), **{"signedin-foo": "x", "signedin-seq": "1"}).json()
    others = set(told["everything"]) - {"HTTP_" + name.upper().replace("-", "_") for name in IDENTITY}
    assert others == ({"HTTP_SIGNEDIN_FOO", "HTTP_SIGNEDIN_SEQ"} if guarded.proxy.name == "nginx" else set())


@pytest.mark.guide("R4", "R44")
@pytest.mark.parametrize(
    "page",
    ["/orders?page=2", "/orders?page=2&sort=up", "/orders?q=a%26b%3D%2F&sort=up&next=/x", "/a%20b", "/R&D"],
)
def test_whoever_goes_to_a_page_of_the_app_signs_in_and_comes_back_to_the_whole_of_it(guarded, page):
    stranger = guarded.proxy.browser(CHROME_ON_MACOS)
    answer = opened(stranger, page, **{"sec-fetch-mode": "navigate"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={page}")
    shown = stranger.open(answer.headers["location"]).text
    wanted = html.unescape(re.search(r'name="next" value="([^"]+)"', shown)[1])
    assert stranger.sign_in(next=wanted).headers["location"] == page
    told = opened(stranger, page, **{"sec-fetch-mode": "navigate"})
    assert (told.status_code, told.json()["path"]) == (200, unquote(page.partition("?")[0]))
    again = stranger.open(answer.headers["location"])
    assert (again.status_code, again.headers["location"]) == (303, page), "who is signed in already goes on"


@pytest.mark.guide("R4")
@pytest.mark.security("3.7.2")
@pytest.mark.parametrize("page", ["//evil.example/?a=1&b=2", "/%2Fevil.example", "/%5Cevil.example?x=1&y=2"])
def test_the_way_back_never_leads_to_another_host(guarded, page):
    stranger = guarded.proxy.browser(CHROME_ON_MACOS)
    shown = stranger.open(f"/sign-in?next={page}").text
    wanted = html.unescape(re.search(r'name="next" value="([^"]+)"', shown)[1])
    where = stranger.sign_in(next=wanted).headers["location"]
    assert urljoin(guarded.proxy.base_url, where).startswith(guarded.proxy.base_url + "/")


@pytest.mark.guide("R42", "R43", "R48", "R51", "R53")
@pytest.mark.security("7.4.1", "attack-1")
def test_revoking_in_one_browser_shuts_the_other_out_of_the_app_at_its_next_request(guarded):
    laptop, phone = guarded.signed_in(), guarded.signed_in(SAFARI_ON_IPHONE)
    row = opened(phone).json()["Signedin-Session"]
    assert opened(phone).status_code == 200
    laptop.revoke(row)
    answer = opened(phone)
    assert answer.status_code == 401
    assert answer.headers.get_list("www-authenticate") == ['Session error="revoked"']
    assert opened(laptop).status_code == 200
    page = phone.open(opened(phone, **{"sec-fetch-mode": "navigate"}).headers["location"])
    assert "revoked" in page.text


@pytest.mark.guide("R42", "R58")
def test_logging_out_everywhere_holds_in_the_app_too(guarded):
    laptop, phone = guarded.signed_in(), guarded.signed_in(SAFARI_ON_IPHONE)
    laptop.log_out_all()
    assert [opened(each).status_code for each in (laptop, phone)] == [401, 401]


@pytest.mark.guide("D16", "R12", "R13")
@pytest.mark.security("15.3.4", "attack-20", "attack-33")
def test_the_last_use_is_from_the_persons_address_whatever_they_claim_and_with_their_agent(guarded):
    laptop, other = guarded.signed_in(), guarded.signed_in(FIREFOX_ON_WINDOWS)
    cookie = f"Cookie: signedin={laptop.secret}"
    agent, claims = f"User-Agent: {SAFARI_ON_IPHONE}", "X-Forwarded-For: 198.51.100.9"
    answer = guarded.proxy.get("/", cookie, claims, agent, come_from="127.5.6.7")
    assert answer.is_let_in
    row = json.loads(re.search(rb"\{.*\}", answer.body)[0])["Signedin-Session"]
    (found,) = [each for each in other.sessions() if each["id"] == row]
    assert found["masked_ip"] == "127.5.6.•••"
    assert (found["device"], found["last_device"]) == ("Chrome on macOS", "Safari on iOS")
    page = other.open("/settings/sessions").text
    shown = page[page.index(f'id="s-{row}"') :].split("</li>")[0]
    assert "<dt>Last used with</dt><dd>Safari on iOS</dd>" in shown
    for hostile in ("curl/8.5.0 \xff\xfe", "curl/8.5.0\tx", "Firefox/149.0;" * 400):
        assert guarded.proxy.get("/", cookie, f"User-Agent: {hostile}", come_from="127.5.6.8").is_let_in
    (found,) = [each for each in other.sessions() if each["id"] == row]
    assert (found["masked_ip"], found["last_device"]) == ("127.5.6.•••", "Safari on iOS")


@pytest.mark.security("4.2.1")
def test_what_is_sent_to_the_app_arrives_whole_and_the_check_does_not_see_it(guarded):
    laptop, body = guarded.signed_in(), b"x" * 300_000
    answer = laptop.http.post("/upload", content=body)
    assert (answer.status_code, answer.json()["length"]) == (200, "300000")
    assert guarded.proxy.browser(CHROME_ON_MACOS).http.post("/upload", content=b"x").status_code == 401


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
def test_a_database_that_was_moved_away_is_no_reason_to_sign_anybody_out(guarded):
    laptop, file = guarded.signed_in(), guarded.place.database
    aside = file.with_name("aside.db")
    file.rename(aside)
    try:
        answer, seen = until(lambda: opened(laptop), 503)
        assert seen <= {200, 503}
        assert int(answer.headers["retry-after"]) >= 1
        assert "guarded-app" not in answer.headers
        assert {opened(laptop).status_code for _ in range(20)} == {503}
    finally:
        aside.rename(file)
    assert until(lambda: opened(laptop), 200)[1] <= {200, 503}


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19")
def test_while_signedin_is_stopped_nobody_is_let_in_and_nobody_is_signed_out(guarded):
    from served import served

    laptop = guarded.signed_in()
    guarded.server.stop()
    answers = [opened(laptop) for _ in range(5)]
    assert {answer.status_code for answer in answers} <= {502, 503}
    assert not any("guarded-app" in answer.headers for answer in answers)
    with served(guarded.place) as again:
        assert until(lambda: opened(laptop), 200)[1] <= {200, 502, 503}
        again.stop()
    guarded.server = None


def test_each_page_and_call_of_ours_is_named_in_the_examples(tmp_path):
    files = [
        EXAMPLES / name for name in ("nginx/signedin-pages.conf", "caddy/Caddyfile", "traefik/signedin.yml")
    ]
    (ours,) = {re.search(r"\^/\([^`\n]+\)\$", file.read_text())[0] for file in files}
    with still(tmp_path, None) as house:
        every = {path for _, path in every_route(house)} - {"/", *THE_APPS_OWN}
    of_operators = {path for path in every if path == "/admin" or path.startswith("/admin/")}
    paths = every - of_operators
    assert of_operators, "the console has pages, and none is on an app's host"
    assert not [path for path in paths if not re.search(ours, path)]
    for path in (
        "/",
        "/orders",
        "/settingsx",
        "/v1",
        "/v1x",
        "/sign-in/x",
        "/static\n/x",
        "/x/v1/check",
        *THE_APPS_OWN,
        *of_operators,
    ):
        assert not re.search(ours, path), path


def test_what_the_page_of_the_docs_shows_stands_in_the_files_that_are_started():
    page = (EXAMPLES.parent / "docs" / "in-front.md").read_text()
    shown = dict(re.findall(r"```(nginx|caddy)\n(.+?)```", page, re.DOTALL))
    config = (EXAMPLES / "nginx" / "signedin.conf").read_text()
    assert shown["nginx"] in config
    lines = [line.strip() for line in (EXAMPLES / "caddy" / "Caddyfile").read_text().splitlines()]
    block = [line.strip() for line in shown["caddy"].splitlines()]
    at = lines.index("route {")
    assert lines[at : at + len(block)] == block
