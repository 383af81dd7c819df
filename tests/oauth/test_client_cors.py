"""Apps in browsers read what is for them, from their own origins alone, and never by a cookie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps import PUBLIC, a_client, our_own, registered
from people import ADA, Clock
from routes import still
from signedin.store import clients

pytestmark = [pytest.mark.xdist_group("client cors"), pytest.mark.security("3.4.2")]
APP = "https://spa.example.org"
PATHS = {"/oauth/par": "POST", "/oauth/token": "POST", "/oauth/userinfo": "GET", "/oauth/revoke": "POST"}
OPEN = ("/oauth/jwks", "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
OTHERS = ("https://keeps-a-secret.example.org", "https://gone.example.org", "http://127.0.0.1", "https://evil.example",
          "null", "https://spa.example.org.evil.example", "https://spa.example.org:444", "http://spa.example.org",
          "https://SPA.example.org", "*")  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("cors"), Clock()) as house:
        house.somebody(ADA)
        registered(house, id="spa", redirect_uris=(f"{APP}/back", f"{APP}:8443/back"), **PUBLIC)
        registered(house, id="safe", redirect_uris=("https://keeps-a-secret.example.org/back",))
        gone = registered(house, id="gone", redirect_uris=("https://gone.example.org/back",), **PUBLIC)
        house.means.database.write_now(clients.change, replace(gone, disabled_at=house.clock()))
        registered(house, our_own())
        yield house


def ask(house, method, path, origin, **headers):
    sent = {"origin": origin} | {name.replace("_", "-"): value for name, value in headers.items()}
    return house.browser().http.request(method, path, headers=sent)


def preflight(house, origin, path, method="POST"):
    return ask(house, "OPTIONS", path, origin, access_control_request_method=method,
               access_control_request_headers="authorization, dpop")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [APP, f"{APP}:8443"])
def test_a_registered_app_asks_beforehand_and_reads_answers_also_refusals(house, path, origin):
    asked = preflight(house, origin, path, PATHS[path])
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == origin
    assert PATHS[path] in asked.headers["access-control-allow-methods"]
    assert "dpop" in asked.headers["access-control-allow-headers"]
    answer = ask(house, PATHS[path], path, origin)
    assert answer.status_code in {400, 401}
    assert answer.headers["access-control-allow-origin"] == origin
    assert "www-authenticate" in answer.headers["access-control-expose-headers"]
    assert "origin" in answer.headers["vary"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", OTHERS)
def test_any_other_origin_reads_nothing(house, path, origin):
    for answer in (preflight(house, origin, path, PATHS[path]), ask(house, PATHS[path], path, origin)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "origin" in answer.headers["vary"]


def test_no_answer_takes_credentials(house):
    for path in (*PATHS, *OPEN):
        for answer in (preflight(house, APP, path), ask(house, "GET", path, APP)):
            assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", OPEN)
def test_what_everybody_may_know_is_read_from_anywhere(house, path):
    for answer in (
        preflight(house, "https://evil.example", path, "GET"),
        ask(house, "GET", path, "https://evil.example"),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/oauth/introspect", "/oauth/authorize", "/oauth/end_session", "/"])
def test_no_other_place_is_read_by_an_app(house, path):
    for answer in (preflight(house, APP, path), ask(house, "GET", path, APP)):
        assert "access-control-allow-origin" not in answer.headers


def test_an_app_that_is_registered_is_known_soon_and_one_that_is_disabled_is_not(house, monkeypatch):
    monkeypatch.setattr("signedin.gate.client_cors.READ_EVERY", 0)
    late = a_client(id="late", redirect_uris=("https://late.example.org/back",), **PUBLIC)
    assert (
        "access-control-allow-origin"
        not in preflight(house, "https://late.example.org", "/oauth/token").headers
    )
    registered(house, late)
    assert (
        "access-control-allow-origin" in preflight(house, "https://late.example.org", "/oauth/token").headers
    )
    house.means.database.write_now(clients.change, replace(late, disabled_at=house.clock()))
    assert (
        "access-control-allow-origin"
        not in preflight(house, "https://late.example.org", "/oauth/token").headers
    )
