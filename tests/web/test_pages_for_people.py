"""What every page and form has, or has not, for the sake of security."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import signedin
from people import ADA, SAFARI_ON_IPHONE, Clock
from routes import every_route, filled, still
from signedin.server.demo_places import DEMO_ADDRESSES

pytestmark = pytest.mark.xdist_group("pages for people")
SCRIPTS = sorted((Path(signedin.__file__).parent / "web" / "static").glob("*.js"))
WORKERS = [*SCRIPTS, *sorted((Path(signedin.__file__).parent / "web" / "static").glob("*/*.js"))]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        house.laptop, house.phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
        yield house


def pages_for(house, browser):
    """Every page this browser can look at, refusals too."""
    row_id = house.phone.current()["id"]
    paths = [filled(path, row_id) for method, path in every_route(house) if method == "GET"]
    for path in [*paths, "/nonsense", "/settings/sessions/x/revoke"]:
        if not path.endswith("/events"):
            answer = browser.open(path)
            if answer.headers.get("content-type", "").startswith("text/html"):
                yield path, answer


@pytest.mark.security("7.4.4", "N9")
def test_every_page_for_somebody_signed_in_has_its_logout(house):
    seen, for_newcomers = 0, ("/register", "/invite", "/setup", "/admin/sign-in")
    for path, answer in pages_for(house, house.laptop):
        if answer.status_code in (200, 404) and path not in for_newcomers:
            logout = re.search(
                r'<form[^>]*method="post"[^>]*action="/(?:sign-out|oauth/logout)"[^>]*>.*?</form>',
                answer.text,
                re.DOTALL,
            )
            assert logout, path
            assert 'name="csrf"' in logout[0], path
            assert "Logout</button>" in logout[0], path
            seen += 1
    assert seen >= 6


@pytest.mark.security("6.2.6", "6.2.7", "6.4.2", "6.2.10")
def test_passwords_are_hidden_can_be_pasted_and_filled_in_and_nothing_else_is_asked_for(house, tmp_path):
    with still(tmp_path, Clock()) as empty:
        forms = {
            "/sign-in": (house.browser(), {"csrf", "next", "email", "password", "remember", "shared"}),
            "/register": (house.browser(), {"csrf", "invitation", "email", "name", "password"}),
            "/setup": (empty.browser(), {"csrf", "code", "email", "name", "password"}),
        }
        for path, (browser, names) in forms.items():
            page = browser.open(path).text
            form = re.search(
                rf'<form class="fields" method="post" action="{path}">.*?</form>', page, re.DOTALL
            )[0]
            assert set(re.findall(r'name="([^"]+)"', form)) == names, path
            (password,) = re.findall(r'<input[^>]*name="password"[^>]*>', form)
            assert 'type="password"' in password
            assert re.search(r'autocomplete="(current|new)-password"', password)
            assert not re.search(r'maxlength|readonly|onpaste|autocomplete="off"', password)
            assert 'autocomplete="username"' in form


@pytest.mark.security("3.4.3", "3.2.2")
def test_no_page_has_a_script_a_style_or_a_picture_that_is_not_a_file_of_ours(house):
    for browser in (house.laptop, house.browser()):
        for path, answer in pages_for(house, browser):
            assert not re.search(r"<script(?![^>]*\bsrc=\"/static/)", answer.text), path
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.text), path
            loaded = re.findall(
                r'<(?:script|img|link|iframe|object|embed)[^>]*(?:src|href)="([^"]+)"', answer.text
            )
            assert all(each.startswith("/static/") for each in loaded), path


@pytest.mark.security("3.5.5", "14.3.3", "N7", "3.2.2")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_our_scripts_keep_nothing_in_the_browser_and_listen_to_no_other_window(script):
    text = script.read_text()
    for word in ("localStorage", "sessionStorage", "indexedDB", "caches.", "openDatabase", "eval(", "new Function",
                 "document.write", "insertAdjacentHTML", "outerHTML", "window.opener", "serviceWorker"):  # fmt: skip
        assert word not in text, word
    assert not re.search(r"(?<!channel\.)\bpostMessage\(", text)
    assert not re.search(r'addEventListener\(\s*"message"|\bonmessage\b(?<!channel\.onmessage)', text)


@pytest.mark.security("13.4.2", "13.4.5", "13.3.1")
@pytest.mark.parametrize(
    "path",
    ["/metrics", "/debug", "/schema", "/schema/openapi.json", "/.env", "/.git/config", "/signedin.toml", "/server-status",
     "/static/", "/static/../templates/layout.html", "/static/%2e%2e/templates/layout.html", "/console", "/administrator",
     "/static/x/app.css.map", "/var/secret.json", "/actuator", "/phpinfo.php"],
)  # fmt: skip
def test_nothing_for_debugging_and_no_inner_file_is_to_be_found(house, path):
    for browser in (house.browser(), house.laptop):
        answer = browser.http.get(path)
        assert answer.status_code == 404
        assert "keys" not in answer.text


@pytest.mark.security("15.3.1", "8.2.3", "T4")
def test_a_row_tells_programs_exactly_the_fields_that_are_named(house):
    rows = house.laptop.sessions()
    fields = {"id", "session_type", "app_type", "current", "device", "location", "masked_ip", "last_activity_at",
              "started_at", "expires_at", "activity", "flags", "last_device"}  # fmt: skip
    assert len(rows) == 2
    for row in [*rows, house.laptop.current()]:
        assert set(row) == fields
        assert all(set(flag) == {"kind", "sentence"} for flag in row["flags"])
        assert len(row["id"]) == 26


@pytest.mark.security("15.3.3", "8.2.3", "attack-17")
def test_fields_that_nobody_asked_for_set_nothing(house):
    more = {"account_id": "1", "app_type": "admin", "state": "active", "is_operator": "1", "began_at": "0", "id": "x",
            "scopes": "sessions:manage", "location": "Berlin, DE", "expires_at": "2099-01-01"}  # fmt: skip
    browser = house.browser(address=DEMO_ADDRESSES["Dublin"][0])
    assert browser.sign_in(**more).status_code == 303
    row = browser.current()
    assert (row["app_type"], row["location"]) == ("web", "Dublin, IE")
    assert row["expires_at"] < "2027"
    for query in ("account_id=1", "user=grace@example.org"):
        answer = browser.open(f"/v1/sessions?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_field")
    posted = browser.http.post(
        "/v1/sessions/logout-all?except=current",
        json={"account_id": 1, "userId": "victim"},
        headers=browser.own(),
    )
    assert (posted.status_code, posted.json()["field"]) == (422, "except")
    assert house.laptop.is_signed_in


@pytest.mark.security("4.1.2")
def test_a_program_that_comes_by_another_name_is_answered_and_never_sent_on(house):
    port = house.base_url.rpartition(":")[2]
    for host in (f"127.0.0.1:{port}", "evil.example", f"localhost:{port}"):
        for path in ("/v1/sessions", "/health/ready", "/health/live"):
            answer = house.browser().http.get(path, headers={"host": host})
            assert answer.status_code in (200, 401)
            assert "location" not in answer.headers


@pytest.mark.security("FP-2", "attack-29", "4.1.3")
@pytest.mark.parametrize(
    "forged",
    [{"host": "evil.example"}, {"x-forwarded-host": "evil.example"}, {"forwarded": "host=evil.example;proto=https"},
     {"x-forwarded-proto": "https", "x-forwarded-port": "666"}, {"x-original-url": "/admin", "x-rewrite-url": "/admin"},
     {"x-host": "evil.example", "x-forwarded-server": "evil.example"}],
    ids=lambda forged: next(iter(forged)),
)  # fmt: skip
def test_no_header_of_a_request_gets_into_an_address_of_ours(house, forged):
    stranger = house.browser()
    for method, path in every_route(house):
        if method == "GET" and not path.endswith("/events"):
            for browser in (stranger, house.laptop):
                answer = browser.http.get(filled(path), headers=forged)
                assert "evil.example" not in answer.text + str(answer.headers)
                location = answer.headers.get("location", "/")
                assert location.startswith(("/", house.base_url)), (path, location)
                assert not location.startswith("//")


@pytest.mark.security("N15", "14.2.1")
def test_the_page_of_privacy_says_what_is_watched(house):
    page = house.browser().open("/privacy").text.lower()
    for word in ("device", "ip address", "place", "30 days"):
        assert word in page
