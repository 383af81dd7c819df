"""What there is to discover is there, and what is refused is said as the RFCs say it (RFC 8414; RFC 6749, section 5.2)."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import httpx
import pytest
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from people import Clock, done_apart, running
from signedin.actions.register_client import register_client
from signedin.gate.client_authentication import authenticated_client
from signedin.gate.keep import Kept
from signedin.oauth import discovery
from signedin.oauth.discovery import ENDPOINTS, Discovery, metadata
from signedin.oauth.form import form_of, now_of
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.server import app

BOTH = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (36).to_bytes(4, "big") * 2


@post("/oauth/try", status_code=200)
async def whose(request: Request[Any, Any, Any], kept: NamedDependency[Kept]) -> ASGIResponse:
    """Stands for every endpoint that a client has to show itself at."""
    form = await form_of(request)
    headers = request.scope["headers"]
    client = await authenticated_client(kept.means, headers, form, now_of(request), issuer=kept.base_url)
    return ASGIResponse(body=client.id, media_type="text/plain")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(app.oauth_discovery, "ROUTES", [*discovery.ROUTES, whose])
        with running(tmp_path_factory.mktemp("house"), Clock()) as house:
            yield house


@pytest.fixture(scope="module")
def made(house):
    wanted = Client(
        "", "Tidewater", ClientKind.THIRD_PARTY, Authentication.BASIC, frozenset({GrantType.CODE}), frozenset({"openid"}),
        house.clock(), redirect_uris=("https://app.example.org/back",),
    )  # fmt: skip
    return done_apart(register_client(house.means, wanted, house.clock(), logo=PNG))


def basic(client_id, secret):
    return {"authorization": f"Basic {b64encode(f'{client_id}:{secret}'.encode()).decode()}"}


def send(house, headers=None, content=b"", kind="application/x-www-form-urlencoded"):
    headers = {"content-type": kind, **(headers or {})}
    return httpx.post(f"{house.base_url}/oauth/try", content=content, headers=headers)


@pytest.mark.security("B17")
def test_both_documents_are_one_and_every_address_in_it_answers(house):
    first, second = (httpx.get(house.base_url + path) for path in BOTH)
    assert first.content == second.content
    told = first.json()
    assert told["issuer"] == house.base_url
    assert first.headers["content-type"] == "application/json"
    assert first.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in first.headers
    for name, path in ENDPOINTS.items():
        if name in told:
            assert told[name] == house.base_url + path
            assert httpx.get(told[name]).status_code != 404
        else:
            assert httpx.get(house.base_url + path).status_code == 404


def test_with_all_endpoints_the_document_has_what_is_required():
    told = metadata("https://account.example.org", ENDPOINTS.values())
    required = {
        "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported",
        "subject_types_supported", "id_token_signing_alg_values_supported",
    }  # fmt: skip
    assert required <= {*told}
    assert "RS256" in told["id_token_signing_alg_values_supported"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert (told["response_types_supported"], told["response_modes_supported"]) == (["code"], ["query"])
    assert {*told["grant_types_supported"]} == {each.value for each in GrantType}
    assert "none" not in told["introspection_endpoint_auth_methods_supported"]
    assert told["authorization_response_iss_parameter_supported"] is True
    assert told["request_uri_parameter_supported"] is False
    assert told["acr_values_supported"] == ["aal1"], "there is no second factor yet"
    assert not [
        name for name in told if "registration" in name or "check_session" in name or "frontchannel" in name
    ]


@pytest.mark.security("B17")
def test_without_an_endpoint_nothing_is_said_of_it():
    assert metadata("https://account.example.org", {"/oauth/jwks"}) == {
        "issuer": "https://account.example.org", "jwks_uri": "https://account.example.org/oauth/jwks",
    }  # fmt: skip


def test_what_belongs_to_an_endpoint_is_said_with_it_and_in_lines_for_people():
    here = "https://account.example.org"
    paths = ["/oauth/device_authorization", "/oauth/par", "/privacy"]
    told = {
        "issuer": here, "pushed_authorization_request_endpoint": f"{here}/oauth/par",
        "device_authorization_endpoint": f"{here}/oauth/device_authorization", "op_policy_uri": f"{here}/privacy",
        "require_pushed_authorization_requests": False, "grant_types_supported": [GrantType.DEVICE],
    }  # fmt: skip
    assert metadata(here, paths) == told
    text = Discovery(here, paths).text
    assert json.loads(text) == told
    assert text.startswith('{\n "issuer": ')


def test_the_set_of_keys_is_told_to_everybody(house, made):
    answer = httpx.get(f"{house.base_url}/oauth/jwks")
    assert sorted(each["alg"] for each in answer.json()["keys"]) == ["ES256", "RS256"]
    assert answer.headers["content-type"] == "application/jwk-set+json"
    assert answer.headers["cache-control"] == "public, max-age=300"


def test_a_client_shows_itself_at_the_door(house, made):
    answer = send(house, basic(made.client.id, made.secret))
    assert (answer.status_code, answer.text) == (200, made.client.id)


@pytest.mark.security("14.3.2")
def test_a_refusal_is_json_that_nobody_keeps_and_the_log_says_where_to_read_on(house, made, log_lines):
    log_lines()
    answer = send(house, basic(made.client.id, "wrong"))
    assert answer.status_code == 401
    assert {*answer.json()} == {"error", "error_description"}
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["www-authenticate"].startswith("Basic ")
    said = [line for line in log_lines() if line["event"] == "a client was refused"]
    assert said[0]["docs"] == "docs/connect-an-app.md#invalid_client"
    assert made.secret not in repr(said)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 400), (b"a=1", "text/plain", 400), (b"a=1", "multipart/form-data; boundary=x", 400),
        (b"a=1", "application/x-www-form-urlencoded; charset=utf-16", 400), (b"a=1&a=2", None, 400),
        (b"a=" + b"x" * 40_000, None, 413), (b"a=" + b"x" * 2_000_000, None, 413), (b"", None, 401),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_the_same_way(house, content, kind, status):
    answer = send(house, content=content, kind=kind or "application/x-www-form-urlencoded; charset=UTF-8")
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == ("invalid_client" if status == 401 else "invalid_request")
    assert answer.headers["cache-control"] == "no-store"


def test_another_method_and_an_address_that_is_not_there_are_said_in_the_same_way(house):
    for answer, status in (
        (httpx.get(f"{house.base_url}/oauth/try"), 405),
        (httpx.get(f"{house.base_url}/oauth/nothing"), 404),
        (httpx.post(f"{house.base_url}/oauth/jwks"), 405),
    ):
        assert (answer.status_code, answer.json()["error"]) == (status, "invalid_request")


@pytest.mark.security("SM-9")
def test_many_wrong_secrets_from_one_network_are_slowed_down_and_the_right_one_is_taken_meanwhile(
    house, made
):
    elsewhere = {"x-forwarded-for": "203.0.113.77"}
    statuses = [send(house, basic("nobody", f"guess {n}") | elsewhere).status_code for n in range(150)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    slowed = send(house, basic("nobody", "one more") | elsewhere)
    assert slowed.json()["error"] == "temporarily_unavailable"
    assert int(slowed.headers["retry-after"]) > 0
    assert send(house, basic(made.client.id, made.secret) | elsewhere).status_code == 200
    assert send(house, basic("nobody", "guess")).status_code == 401


@pytest.mark.security("attack-13")
def test_a_logo_is_a_picture_and_can_be_nothing_else(house, made):
    answer = httpx.get(f"{house.base_url}/logos/{made.client.logo}")
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    for name in ("0" * 40, "x", made.client.logo.upper(), made.client.logo + "0"):
        assert httpx.get(f"{house.base_url}/logos/{name}").status_code == 404


@pytest.mark.security("attack-25")
def test_a_client_that_was_disabled_while_the_server_runs_is_refused_at_once(house, made):
    from signedin.actions.register_client import disable_client

    other = done_apart(register_client(house.means, replace(made.client, logo=None), house.clock()))
    headers = basic(other.client.id, other.secret)
    assert send(house, headers).status_code == 200
    done_apart(disable_client(house.means, other.client.id, house.clock()))
    assert send(house, headers).status_code == 401
