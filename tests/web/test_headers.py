"""The headers and cookies of every answer there is: pages, calls, files, refusals and failures, over https too."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest

from people import ADA, PASSWORD, SAFARI_ON_IPHONE, Browser, Clock
from routes import ENDLESS, every_route, filled, still
from signedin.rules.errors import DatabaseProblem

pytestmark = pytest.mark.xdist_group("headers")
SECURE = "https://account.test"
ALWAYS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
STRICT = {"strict-transport-security": "max-age=31536000; includeSubDomains"}
NEVER = ("access-control-allow-origin", "access-control-allow-credentials", "x-powered-by", "via")
NAMES = {
    "signedin": "session",
    "signedin-browser": "mark",
    "signedin-form": "form",
    "signedin-notice": "notice",
}


class Person(Browser):
    """A browser that keeps our cookies by hand, as it would over TLS, and every answer it gets."""

    def __init__(self, house, answers):
        super().__init__(house.base_url)
        self.base_url = house.server.settings.base_url
        self.jar, self.answers = {}, answers
        self.http.event_hooks = {"request": [self.brings], "response": [self.keeps]}

    def brings(self, request):
        if self.jar:
            request.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())

    def keeps(self, answer):
        self.http.cookies.clear()
        if not answer.request.url.path.endswith(ENDLESS):
            answer.read()
        self.answers.append(answer)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.jar[name] = value
            if "Max-Age=0" in line:
                del self.jar[name]


def story(house):
    """Every route, signed in and not, right and wrong, with the failures of each kind; returns all answers."""
    answers = []
    nobody, ada, phone = (Person(house, answers) for _ in range(3))
    assert ada.sign_in(remember="1").status_code == 303
    phone.http.headers["user-agent"] = SAFARI_ON_IPHONE
    phone.sign_in(shared="1")
    for browser in (nobody, ada):
        for method, path in every_route(house):
            for row_id in ("0" * 26, "x"):
                with browser.http.stream(method, filled(path, row_id)):
                    pass
            browser.http.options(filled(path), headers={"origin": "https://evil.example"})
        for path in (
            "/nonsense",
            "/v1/nonsense",
            "/static/nonsense.js",
            "/static/x/app.js",
            "/health/nonsense",
        ):
            browser.open(path)
            browser.http.put(path)
        large = {"csrf": "x" * 70_000}
        browser.http.post("/sign-in", data=large, headers=browser.own())
        form = browser.own() | {"content-type": "application/x-www-form-urlencoded"}
        browser.http.post("/sign-in", content=b"password=" + b"x" * 1_100_000, headers=form)
    for number in range(8):
        nobody.sign_in("nobody@example.org", f"guess number {number}")
    failing(house, ada)
    for path in (f"/settings/sessions/{phone_id(phone)}/revoke", "/settings/sessions/logout-all"):
        ada.send(path, page="/settings/sessions")
    ada.sign_in(remember="1")
    ada.http.post("/v1/sessions/logout-all", headers=ada.own())
    ada.sign_in(remember="1")
    ada.http.delete("/v1/sessions/current", headers=ada.own())
    ada.sign_in(remember="1")
    ada.log_out()
    ada.open("/sign-in")
    return answers


def failing(house, ada):
    """A bug in a page, a bug before all pages, and a database that cannot be read."""
    places, asked = house.means.places, "lines" if house.means.lines else "checks"
    asking = getattr(house.means, asked)

    class Broken:
        def __init__(self, error):
            self.error = error

        def __getattr__(self, name):
            raise self.error

    for error in (RuntimeError("what went wrong"), DatabaseProblem()):
        object.__setattr__(house.means, "places", Broken(error))
        ada.open("/settings/sessions")
        object.__setattr__(house.means, "places", places)
        object.__setattr__(house.means, asked, Broken(error))
        with knowing_nobody(house):
            for path in ("/settings/sessions", "/v1/sessions", "/sign-in", "/health/ready"):
                ada.open(path)
        object.__setattr__(house.means, asked, asking)


@contextmanager
def knowing_nobody(house):
    """A while in which nothing is answered from memory, so that the database has to be asked."""
    with pytest.MonkeyPatch.context() as patched:
        if house.server.lease:
            patched.setattr(house.server.lease.known, "find", lambda *_: None)
        yield


def phone_id(phone):
    return phone.open("/v1/sessions/current").json()["id"]


@pytest.fixture(scope="module")
def stories(tmp_path_factory):
    """The story over http and over https, each told once."""
    told = {}
    for scheme, values in (("http", {}), ("https", {"base_url": SECURE})):
        with still(tmp_path_factory.mktemp("house"), Clock(), **values) as house:
            house.somebody(ADA)
            told[scheme] = story(house)
    return told


@pytest.fixture(params=["http", "https"])
def answers(request, stories):
    return request.param, stories[request.param]


def is_for_anybody(answer):
    """Whether it tells what everybody may know of this installation: what it offers, and its public keys."""
    return answer.status_code == 200 and answer.request.url.path.startswith(("/.well-known/", "/oauth/jwks"))


KINDS = ("application/json", "application/jwk-set+json", "application/problem+json", "image/svg+xml")


def of(answers):
    return [
        (f"{answer.request.method} {answer.request.url.path} {answer.status_code}", answer)
        for answer in answers[1]
    ]


@pytest.mark.security("3.4.1", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.8", "3.5.8", "3.2.1", "N4", "16.5.4")
def test_every_answer_carries_exactly_these_headers_whatever_its_status(answers):
    statuses = {answer.status_code for answer in answers[1]}
    assert statuses >= {200, 204, 303, 401, 403, 404, 405, 413, 422, 429, 500, 503}
    expected = ALWAYS | (STRICT if answers[0] == "https" else {})
    for what, answer in of(answers):
        assert {name: answer.headers.get_list(name) for name in expected} == {
            name: [value] for name, value in expected.items()
        }, what
    if answers[0] == "http":
        assert not any("strict-transport-security" in answer.headers for answer in answers[1])


@pytest.mark.security("3.4.2")
def test_no_answer_lets_another_origin_read_it(answers):
    for what, answer in of(answers):
        allowed = {name: answer.headers[name] for name in NEVER if name in answer.headers}
        told = {"access-control-allow-origin": "*"} if is_for_anybody(answer) else {}
        assert allowed == told, what


@pytest.mark.security("14.2.2", "14.3.2", "SM-7", "N6")
def test_nothing_but_our_own_files_is_kept_by_anybody(answers):
    kept = [answer for _, answer in of(answers) if answer.headers["cache-control"] != "no-store"]
    assert kept
    assert all(answer.request.url.path.startswith("/static/") or is_for_anybody(answer) for answer in kept)
    assert all(answer.status_code == 200 for answer in kept)
    assert all("set-cookie" not in answer.headers for answer in kept)


@pytest.mark.security("4.1.1", "3.2.1")
def test_every_answer_with_a_body_says_its_kind_and_texts_their_characters(answers):
    for what, answer in of(answers):
        kind = answer.headers.get("content-type", "")
        if not answer.is_stream_consumed or not answer.content:
            continue
        if kind.startswith("text/"):
            assert kind.endswith("; charset=utf-8"), what
        else:
            assert kind in KINDS, what
        if "/v1/" in what:
            assert kind in ("application/json", "application/problem+json"), what


@pytest.mark.security("3.3.1", "3.3.2", "3.3.3", "3.3.4", "3.3.5", "C1", "C3", "N10", "SM-1")
def test_every_cookie_of_every_answer_is_for_this_host_lax_small_and_out_of_reach_of_scripts(answers):
    scheme, seen = answers[0], set()
    prefix, locks = ("__Host-", {"Secure"}) if scheme == "https" else ("", set())
    for what, answer in of(answers):
        for line in answer.headers.get_list("set-cookie"):
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            seen.add(name)
            assert name.removeprefix(prefix) in NAMES, what
            assert name.startswith(prefix), what
            given = {each for each in attributes if not each.startswith("Max-Age=")}
            assert given == {"Path=/", "SameSite=Lax", "HttpOnly"} | locks, what
            assert len(line) <= 4096, what
            assert re.fullmatch(r"[A-Za-z0-9._=-]*", value), what
            assert ADA not in value, what
    assert seen == {prefix + name for name in NAMES}


@pytest.mark.security("3.3.4", "14.2.1", "SM-3", "CSRF-6", "T4")
def test_a_secret_is_handed_out_in_set_cookie_alone(answers):
    lines = [line for answer in answers[1] for line in answer.headers.get_list("set-cookie")]
    secrets = {line.partition(";")[0].partition("=")[2] for line in lines if "signedin=sgn_" in line}
    secrets |= {line.partition(";")[0].partition("=")[2] for line in lines if "signedin-browser=sgn_" in line}
    assert len(secrets) >= 4
    for what, answer in of(answers):
        others = [value for name, value in answer.headers.multi_items() if name != "set-cookie"]
        body = answer.text if answer.is_stream_consumed else ""
        told = "\n".join([*others, body, str(answer.request.url)])
        assert not any(secret in told for secret in secrets), what
        assert PASSWORD not in told, what


@pytest.mark.security("7.2.4", "SM-5", "N1", "N2")
def test_every_sign_in_hands_out_another_secret(answers):
    handed_out = [
        line.partition(";")[0]
        for answer in answers[1]
        for line in answer.headers.get_list("set-cookie")
        if "signedin=sgn_ses_" in line
    ]
    assert len(handed_out) == len(set(handed_out)) == 5


@pytest.mark.security("14.3.1", "SM-7", "N3")
def test_every_way_to_log_out_empties_the_browser_and_takes_its_cookie_and_no_neighbours(answers):
    emptied = [answer for answer in answers[1] if "clear-site-data" in answer.headers]
    asked = {(answer.request.method, answer.request.url.path) for answer in emptied}
    assert asked == {("POST", "/settings/sessions/logout-all"), ("POST", "/v1/sessions/logout-all"),
                     ("DELETE", "/v1/sessions/current"), ("POST", "/sign-out")}  # fmt: skip
    for answer in emptied:
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        gone = [line for line in answer.headers.get_list("set-cookie") if "Max-Age=0" in line]
        assert any(line.partition("=")[0].removeprefix("__Host-") == "signedin" for line in gone)


@pytest.mark.security("16.5.1", "13.4.2")
def test_no_answer_tells_what_went_on_inside(answers):
    inside = ("Traceback", "RuntimeError", "sqlite3", "litestar", ".py", "what went wrong")
    for what, answer in of(answers):
        if answer.status_code >= 400 and answer.is_stream_consumed:
            assert not [word for word in inside if word in answer.text], what
