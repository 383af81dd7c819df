"""Whoever writes a client is told by one sentence what is wrong with its request, at every endpoint (RFC 6749, 5.2)."""

from __future__ import annotations

import pytest

from given import CALLBACK, VERIFIER, a_client, a_service, given
from oauth.test_token import FILES, basic, bearer, redeemed
from people import ADA, Clock
from routes import still
from signedin.rules.client import Authentication, GrantType
from signedin.rules.pkce import challenge_of

CODE = "authorization_code"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
MISSING = "The parameter {} is missing."


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("sentences"), Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture(scope="module")
def clients(house):
    """A client for each way, and one that may do nothing but ask for codes."""
    a_client(house, id="all", resources=(FILES,))
    a_client(house, id="codes", grant_types=frozenset({GrantType.CODE}))
    return {"files": basic(house, a_service(house))}


@pytest.mark.parametrize(
    ("path", "form", "error", "sentence"),
    [
        ("token", {}, "invalid_request", MISSING.format("grant_type")),
        ("token", {"grant_type": "password"}, "unsupported_grant_type", "There is no such grant_type here."),
        ("token", {"grant_type": "client_credentials"}, "unauthorized_client", "This client is not registered for that grant_type."),
        ("token", {"grant_type": CODE}, "invalid_request", MISSING.format("code")),
        ("token", {"grant_type": CODE, "code": "x"}, "invalid_request", MISSING.format("redirect_uri")),
        ("token", {"grant_type": "refresh_token"}, "invalid_request", MISSING.format("refresh_token")),
        ("token", {"grant_type": DEVICE}, "invalid_request", MISSING.format("device_code")),
        ("revoke", {}, "invalid_request", MISSING.format("token")),
        ("device_authorization", {"client_id": "codes"}, "unauthorized_client", "This client is not registered for device codes."),
        ("device_authorization", {"scope": "keys:read"}, "invalid_scope", "scope asks for more than this client was given."),
        ("device_authorization", {"resource": "https://x.example"}, "invalid_target", "resource is not one that this client was given access to."),
        ("par", {"request_uri": "urn:x"}, "invalid_request", "A pushed request cannot name another one."),
        ("par", {"response_type": "code", "redirect_uri": "https://evil.example/"}, "invalid_request",
         "This redirect_uri is not registered for this client_id."),
    ],
    ids=str,
)  # fmt: skip
def test_a_public_client_is_told_what_is_wrong(program, clients, path, form, error, sentence):
    answer = program.post(f"/oauth/{path}", data={"client_id": "all"} | form)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert answer.json() == {"error": error, "error_description": sentence}
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


def test_who_may_not_introspect_is_told_so(program, clients):
    answer = program.post("/oauth/introspect", data={"client_id": "all", "token": "x"})
    sentence = "Only a client that keeps a secret may ask."
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "invalid_client", "error_description": sentence},
    )
    nothing = program.post("/oauth/introspect", data={"x": "y"}, headers=clients["files"])
    assert (nothing.status_code, nothing.json()["error_description"]) == (400, MISSING.format("token"))


@pytest.mark.security("14.3.2")
def test_what_is_given_back_is_answered_with_nothing_and_kept_by_nobody(house, program):
    it = given(house, a_client(house, id="gives"))
    token = redeemed(program, it).json()["access_token"]
    answer = program.post("/oauth/revoke", data={"client_id": "gives", "token": token})
    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert program.get("/oauth/userinfo", headers=bearer(token)).status_code == 401


def test_who_pushes_a_request_need_not_say_its_name_a_second_time(house, program):
    client = a_client(house, id="pushes", authentication=Authentication.BASIC)
    headers = basic(house, client)
    asked = {
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid", "code_challenge_method": "S256",
        "code_challenge": challenge_of(VERIFIER), "resource": house.base_url,
    }  # fmt: skip
    for name in ({}, {"client_id": client.id}):
        answer = program.post("/oauth/par", data=asked | name, headers=headers)
        assert (answer.status_code, set(answer.json())) == (201, {"request_uri", "expires_in"})
        assert answer.headers["content-type"] == "application/json"
    other = program.post("/oauth/par", data=asked | {"client_id": "all"}, headers=headers)
    assert (other.status_code, other.json()["error"]) == (400, "invalid_request")
