"""Other origins read nothing, but for those that are listed by their exact name, and never by a cookie."""

from __future__ import annotations

import pytest

from people import ADA, Clock, done_apart
from routes import still
from signedin.actions.issue_key import issue_key_for
from signedin.rules.access_key import Wish
from signedin.rules.scope import PERSONAL
from signedin.server.settings import SettingsProblem, load

pytestmark = [pytest.mark.xdist_group("cors"), pytest.mark.security("3.4.2")]
SHOP = "https://shop.example.org"
OTHERS = ("https://evil.example", "null", "https://shop.example.org.evil.example", "https://shop.example.org:444",
          "http://shop.example.org", "https://SHOP.example.org", "https://sub.shop.example.org", "*", "")  # fmt: skip
ALLOWING = ("access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("cors"), Clock(), cors_origins=(SHOP,)) as house:
        house.somebody(ADA)
        house.key = done_apart(issue_key_for(house.means, ADA, Wish("x", PERSONAL), house.clock())).token
        yield house


def ask(house, method, path, origin, **headers):
    sent = {"origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    return house.browser().http.request(method, path, headers=sent)


def preflight(house, origin, path="/v1/sessions", method="GET"):
    return ask(house, "OPTIONS", path, origin, access_control_request_method=method,
               access_control_request_headers="authorization")  # fmt: skip


def test_a_listed_origin_may_ask_and_read_with_a_bearer_token(house):
    asked = preflight(house, SHOP)
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == SHOP
    assert "authorization" in asked.headers["access-control-allow-headers"]
    assert "DELETE" in asked.headers["access-control-allow-methods"]
    answer = ask(house, "GET", "/v1/sessions", SHOP, authorization=f"Bearer {house.key}")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "etag" in answer.headers["access-control-expose-headers"]
    refused = ask(house, "GET", "/v1/sessions", SHOP)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == SHOP, "also a refusal is read"


def test_no_answer_takes_credentials_from_another_origin(house):
    laptop = house.signed_in()
    for answer in (preflight(house, SHOP), laptop.http.get("/v1/sessions", headers={"origin": SHOP})):
        assert "access-control-allow-credentials" not in answer.headers
    for headers in ({}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-origin"}):
        for path in ("/v1/sessions", "/v1/sessions/current", "/v1/account", "/v1/sessions/events"):
            for origin in (SHOP, "https://evil.example", "null"):
                looked = laptop.http.get(path, headers={"origin": origin} | headers)
                assert (looked.status_code, looked.json()["reason"]) == (401, "missing"), (path, origin)
    assert laptop.http.get("/v1/sessions", headers=laptop.own()).status_code == 200, "from a page of ours"
    changed = laptop.http.post(
        "/v1/sessions/logout-all", headers={"origin": SHOP, "sec-fetch-site": "cross-site"}
    )
    assert (changed.status_code, changed.json()["code"]) == (403, "cross_site_request")
    assert laptop.is_signed_in


@pytest.mark.parametrize("origin", OTHERS)
def test_any_other_origin_reads_nothing(house, origin):
    for answer in (preflight(house, origin), ask(house, "GET", "/v1/sessions", origin,
                                                 authorization=f"Bearer {house.key}")):  # fmt: skip
        assert not [name for name in ALLOWING if name in answer.headers]
        assert "origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "path", ["/settings/sessions", "/sign-in", "/v1/check", "/health/revocation", "/static/x"]
)
def test_pages_and_the_check_are_for_no_other_origin(house, path):
    for answer in (preflight(house, SHOP, path), ask(house, "GET", path, SHOP)):
        assert not [name for name in ALLOWING if name in answer.headers]


def test_where_nothing_is_listed_nobody_is_let_in(tmp_path):
    with still(tmp_path, Clock()) as house:
        for answer in (preflight(house, SHOP), ask(house, "GET", "/v1/sessions", SHOP)):
            assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "text", ["*", "https://*.example.org", "null", "https://shop.example.org/path", "shop"]
)
def test_a_pattern_is_no_origin(text, tmp_path):
    with pytest.raises(SettingsProblem, match="CORS_ORIGINS"):
        load({"SIGNEDIN_CORS_ORIGINS": text}, tmp_path / "none.toml")
