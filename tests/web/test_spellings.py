"""An address is spelled in one way: whatever is counted, looked at or let in by its path cannot be had by another."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from people import ADA, Clock, done_apart
from routes import every_route, filled, fingerprint, still
from signedin.actions.issue_key import issue_key_for
from signedin.rules.access_key import Wish
from signedin.rules.scope import PERSONAL

pytestmark = [pytest.mark.xdist_group("spellings"), pytest.mark.security("attack-33", "4.1.2")]
SHOP = "https://shop.example.org"
MANY = 100_000


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spellings")
    with still(folder, Clock(), calls_a_minute=MANY, cors_origins=(SHOP,)) as house:
        house.somebody(ADA)
        house.laptop = house.signed_in()
        house.key = done_apart(issue_key_for(house.means, ADA, Wish("x", PERSONAL), house.clock())).token
        yield house


@pytest.fixture
def ask(house):
    """Sends a path as it is: other clients put it right first."""
    line = HTTPConnection(urlsplit(house.base_url).netloc)

    def asked(method, path, body=None, **headers):
        line.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = line.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    yield asked
    line.close()


def spellings(path):
    """The path, as one might write it to be taken for another."""
    before, _, last = path.rpartition("/")
    found = {
        f"{path}/", f"{path}//", f"/{path}", f"//{path}", f"{before}//{last}", f"/.{path}", f"{path}/.", f"/..{path}",
        f"{path}/..", f"/x/..{path}", f"/%2e{path}", f"/x/%2e%2E{path}", f"{path}/%2e", f"{path}%2f", f"{path}%2F",
        f"/%2f{path}", f"/%5C{path}", f"{path}%5c", f"{path}%00", f"/x\\..{path}", f"{path}\\",
    }  # fmt: skip
    if before:
        found |= {f"{before}%2f{last}", f"{before}/%2f{last}", f"{before}\\{last}", f"{before}/./{last}"}
    return sorted(found - {path})


def is_for_programs(path):
    return path.startswith(("/v1/", "/health/")) or path.endswith("/events")


def test_every_page_and_call_is_there_in_one_spelling_alone(house, ask):
    cookie, row_id = f"signedin={house.laptop.secret}", house.laptop.current()["id"]
    before, asked = fingerprint(house), 0
    for method, route in every_route(house):
        path = filled(route, row_id)
        for spelled in spellings(path):
            status, headers, body = ask(method, spelled, cookie=cookie, sec_fetch_site="same-origin")
            assert status == 404, (method, spelled, status)
            if not spelled.endswith("/.."):  # which leads elsewhere
                is_problem = headers["content-type"].startswith("application/problem+json")
                assert is_problem == is_for_programs(route), (method, spelled)
                assert (b'"not_found"' if is_problem else b"There is no such page") in body, spelled
            asked += 1
    assert asked > 1000
    assert fingerprint(house) == before
    assert house.laptop.is_signed_in


def test_a_check_answers_to_its_own_path_alone(house, ask):
    cookie = f"signedin={house.laptop.secret}"
    assert ask("GET", "/v1/check", cookie=cookie)[0] == 200
    for spelled in ("/v1/check/", "//v1/check", "/v1//check", "/v1/./check", "/x/../v1/check", "/v1/check%2f",
                    "/v1/check%00", "/v1\\check"):  # fmt: skip
        status, headers, _ = ask("GET", spelled, cookie=cookie)
        assert (status, "signedin-account" in headers) == (404, False), spelled


def test_the_limit_of_a_call_is_not_walked_around_by_spelling_it_otherwise(house, ask):
    def report(spelled):
        return ask("POST", spelled, '[{"token": "x"}]', content_type="application/json")[0]

    for spelled in ("/v1/leaked-tokens/", "//v1/leaked-tokens", "/v1//leaked-tokens", "/v1/leaked-tokens%2F"):
        assert {report(spelled) for _ in range(70)} == {404}, spelled
    seen = [report("/v1/leaked-token%73" if turn % 2 else "/v1/leaked-tokens") for turn in range(70)]
    assert seen == [204] * 60 + [429] * 10, "an escaped letter is the same letter"


def test_a_call_that_is_spelled_otherwise_is_none_by_a_cookie_nor_with_a_key_beside_it(house, ask):
    cookie, bearer = f"signedin={house.laptop.secret}", f"Bearer {house.key}"
    assert ask("GET", "/v1/sessions", cookie=cookie)[0] == 200
    assert ask("GET", "/v1/sessions", cookie=cookie, authorization=bearer)[0] == 401
    for spelled in ("//v1/sessions", "/v1//sessions", "/v1/sessions/", "/v1%2Fsessions", "/./v1/sessions"):
        status, headers, _ = ask("GET", spelled, cookie=cookie)
        assert (status, "ratelimit" in headers) == (404, True), "no call, and counted as one"
        status, headers, _ = ask("GET", spelled, cookie=cookie, origin=SHOP)
        assert (status, "ratelimit" in headers) == (404, False), "a cookie counts for nobody there"
        assert "origin" in headers["vary"], "answers differ by origin as those of calls do"
        assert ask("GET", spelled, cookie=cookie, authorization=bearer)[0] == 404


def test_pages_styles_and_calls_are_there_as_they_are_linked(house, ask):
    cookie = f"signedin={house.laptop.secret}"
    for path in ("/settings/sessions", "/settings/sessions?q=a%2Fb//c/", "/settings/access-keys", "/sign-in?next=/",
                 "/v1/sessions?limit=1", filled("/static/{path}"), "/health/live", "/settings/%73essions"):  # fmt: skip
        assert ask("GET", path, cookie=cookie)[0] in (200, 303), path
    assert ask("GET", "/", cookie=cookie)[0] in (200, 303)
