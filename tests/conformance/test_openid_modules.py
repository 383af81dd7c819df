"""What the modules of the OpenID Foundation's test plans for providers (Basic OP, Config OP) look for, each by its name."""

from __future__ import annotations

import pytest

from apps import BACK, asked_page, authorize, decide, path_of, request_of, told
from conformance.conftest import SCOPES, error, header
from people import ADA, PASSWORD
from signedin.rules.client import Authentication

pytestmark = pytest.mark.xdist_group("openid modules")
UNSIGNED = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ."


def test_server(op, clock):
    """oidcc-server: code, tokens, and an ID token whose signature and claims are right."""
    tokens = op.tokens(nonce="n-1")
    claims = op.claims(tokens["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (op.issuer, "porter", "n-1")
    assert claims["iat"] <= int(clock().timestamp()) < claims["exp"]
    assert op.userinfo(tokens["access_token"]).json()["sub"] == claims["sub"]


def test_response_type_missing(op):
    """oidcc-response-type-missing: an error, to the client with its state or to the person."""
    said = op.told(response_type=None)
    assert (said["error"], said["state"]) == ("invalid_request", "af0ifjsldkj")


def test_userinfo_get(op):
    """oidcc-userinfo-get: by GET with the token in the header."""
    assert op.userinfo(op.tokens()["access_token"]).json()["email"] == ADA


def test_userinfo_post_header(op):
    """oidcc-userinfo-post-header: by POST with the token in the header."""
    assert op.userinfo(op.tokens()["access_token"], "POST").json()["email"] == ADA


def test_userinfo_post_body(op):
    """oidcc-userinfo-post-body: by POST with the token in the form."""
    form = {"access_token": op.tokens()["access_token"]}
    assert op.http.post("/oauth/userinfo", data=form).json()["email"] == ADA


def test_ensure_request_without_nonce_succeeds_for_code_flow(op):
    """oidcc-ensure-request-without-nonce-succeeds-for-code-flow: and the ID token has none either."""
    assert "nonce" not in op.claims(op.tokens(nonce=None)["id_token"])


def test_scope_profile(op):
    """oidcc-scope-profile: the claims of `profile` at userinfo."""
    told_of = op.userinfo(op.tokens(scope="openid profile")["access_token"]).json()
    assert told_of["name"] == "Ada Lovelace"
    assert "email" not in told_of


def test_scope_email(op):
    """oidcc-scope-email: the claims of `email` at userinfo."""
    told_of = op.userinfo(op.tokens(scope="openid email")["access_token"]).json()
    assert told_of["email"] == ADA
    assert "name" not in told_of


@pytest.mark.parametrize("scope", ["address", "phone"])
def test_scope_address_and_phone(op, scope):
    """oidcc-scope-address, oidcc-scope-phone: neither is offered or known of anybody; asking for it is no error."""
    assert scope not in op.metadata()["scopes_supported"]
    tokens = op.tokens(scope=f"openid {scope}")
    assert tokens["scope"] == "openid"
    assert set(op.userinfo(tokens["access_token"]).json()) == {"sub"}


def test_scope_all(op):
    """oidcc-scope-all: every scope of OpenID Connect that is offered, at once."""
    told_of = op.userinfo(op.tokens(scope="openid profile email")["access_token"]).json()
    assert {"sub", "name", "email"} <= set(told_of)


def test_ensure_other_scope_order_succeeds(op):
    """oidcc-ensure-other-scope-order-succeeds: `openid` need not come first."""
    assert op.userinfo(op.tokens(scope="email openid")["access_token"]).json()["email"] == ADA


@pytest.mark.parametrize("display", ["page", "popup"])
def test_display(op, display):
    """oidcc-display-page, oidcc-display-popup: both are taken and answered by a page."""
    assert op.told(display=display)["code"]
    assert asked_page(op.ada, authorize(op.porter, display=display, prompt="consent")).status_code == 200


def test_prompt_login(op, clock):
    """oidcc-prompt-login: who is signed in signs in again, and `auth_time` is that of then."""
    first = op.claims(op.tokens()["id_token"])
    clock.move(minutes=5)
    page = asked_page(op.ada, authorize(op.porter, prompt="login"))
    clock.move(seconds=20)
    said = told(decide(op.ada, page, password=PASSWORD), op.porter)
    second = op.claims(op.token(op.form(code=said["code"])).json()["id_token"])
    assert second["auth_time"] > first["auth_time"]
    assert second["sub"] == first["sub"]


def test_prompt_none_not_logged_in(op):
    """oidcc-prompt-none-not-logged-in: the client is told `login_required`, and nobody sees a page."""
    assert told(op.ask(browser=op.house.browser(), prompt="none"), op.porter)["error"] == "login_required"


def test_prompt_none_logged_in(op):
    """oidcc-prompt-none-logged-in: a code without a page, for the same sign-in."""
    first = op.claims(op.tokens()["id_token"])
    second = op.claims(op.tokens(prompt="none")["id_token"])
    assert {name: first[name] for name in ("sub", "auth_time")} == {
        name: second[name] for name in ("sub", "auth_time")
    }


def test_max_age_1(op, clock):
    """oidcc-max-age-1: a sign-in of a second before is too old, and `auth_time` is the new one."""
    clock.move(seconds=30)
    page = asked_page(op.ada, authorize(op.porter, max_age="1"))
    assert 'name="password"' in page.text
    said = told(decide(op.ada, page, password=PASSWORD), op.porter)
    assert op.claims(op.token(op.form(code=said["code"])).json()["id_token"])["auth_time"] == int(
        clock().timestamp()
    )


def test_max_age_10000(op):
    """oidcc-max-age-10000: a recent sign-in is enough, and `auth_time` is told."""
    browser = op.house.signed_in()
    tokens = op.token(op.form(code=told(op.ask(browser=browser, max_age="10000"), op.porter)["code"])).json()
    assert "auth_time" in op.claims(tokens["id_token"])


def test_ensure_request_with_unknown_parameter_succeeds(op):
    """oidcc-ensure-request-with-unknown-parameter-succeeds: what nobody knows is passed over."""
    assert op.told(extra="foobar")["code"]


def test_id_token_hint(op):
    """oidcc-id-token-hint: the hint of who is signed in, with `prompt=none`, brings a code for the same person."""
    first = op.tokens()["id_token"]
    second = op.tokens(prompt="none", id_token_hint=first)["id_token"]
    assert op.claims(second)["sub"] == op.claims(first)["sub"]


def test_login_hint(op):
    """oidcc-login-hint: the address stands in the form of the sign-in."""
    page = asked_page(op.house.browser(), authorize(op.porter, login_hint="buffy@example.org"))
    assert 'value="buffy@example.org"' in page.text


def test_ui_locales(op):
    """oidcc-ui-locales: languages that there are not are no error."""
    assert op.told(ui_locales="se")["code"]


def test_claims_locales(op):
    """oidcc-claims-locales: no error."""
    assert op.told(claims_locales="se")["code"]


def test_ensure_request_with_acr_values_succeeds(op):
    """oidcc-ensure-request-with-acr-values-succeeds: what cannot be reached is no error, and `acr` tells the truth."""
    assert op.claims(op.tokens(acr_values="1 2")["id_token"])["acr"] == "aal1"


def test_codereuse(op):
    """oidcc-codereuse: a code that comes twice at once is refused the second time."""
    client, named = op.another()
    form = op.form(code=op.code(client))
    assert op.at("/oauth/token", form, named).status_code == 200
    assert error(op.at("/oauth/token", form, named)) == (400, "invalid_grant")


def test_codereuse_30seconds(op, clock):
    """oidcc-codereuse-30seconds: the same half a minute later, and what came of it is dead."""
    client, named = op.another()
    form = op.form(code=op.code(client))
    tokens = op.at("/oauth/token", form, named).json()
    clock.move(seconds=30)
    assert error(op.at("/oauth/token", form, named)) == (400, "invalid_grant")
    assert op.userinfo(tokens["access_token"]).status_code == 401


def test_ensure_registered_redirect_uri(op):
    """oidcc-ensure-registered-redirect-uri: another address gets a page, and no redirect."""
    answer = op.ask(redirect_uri="https://app.example.org/another")
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_ensure_post_request_succeeds(op):
    """oidcc-ensure-post-request-succeeds: the request as a form."""
    answer = op.house.browser().http.post("/oauth/authorize", data=request_of(op.porter))
    assert told(op.ada.open(path_of(answer)), op.porter)["code"]


def test_server_client_secret_post(op):
    """oidcc-server-client-secret-post: id and secret in the form, of a client that is registered so."""
    client, secret = op.keeping(Authentication.POST, needs_pkce=False)
    code = told(decide(op.ada, asked_page(op.ada, authorize(client))), client)["code"]
    named = {"client_id": client.id, "client_secret": secret}
    assert op.at("/oauth/token", op.form(code=code) | named, {}).status_code == 200


def test_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(op):
    """oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: it is `request_not_supported`."""
    assert op.told(request=UNSIGNED)["error"] == "request_not_supported"
    assert op.metadata()["request_parameter_supported"] is False


def test_ensure_request_object_with_redirect_uri(op):
    """oidcc-ensure-request-object-with-redirect-uri: an address within a request object leads nowhere."""
    answer = op.ask(request=UNSIGNED)
    assert answer.headers["location"].startswith(f"{BACK}?")
    assert op.ask(request=UNSIGNED, redirect_uri=None).status_code == 400


def test_claims_essential(op):
    """oidcc-claims-essential: `claims` is not offered, which is said, and it is no error."""
    said = op.told(claims='{"userinfo":{"name":{"essential":true}}}')
    assert said["code"]
    assert op.metadata()["claims_parameter_supported"] is False


def test_refresh_token(op):
    """oidcc-refresh-token: it brings tokens for the same person, and no other client can use it."""
    tokens = op.tokens(scope=SCOPES)
    again = op.refresh(tokens["refresh_token"]).json()
    before, after = op.claims(tokens["id_token"]), op.claims(again["id_token"])
    for name in ("iss", "sub", "aud", "auth_time"):
        assert after[name] == before[name]
    assert op.userinfo(again["access_token"]).status_code == 200
    assert error(op.refresh(again["refresh_token"], op.pocket)) == (400, "invalid_grant")


def test_ensure_request_with_valid_pkce_succeeds(op):
    """oidcc-ensure-request-with-valid-pkce-succeeds: with S256, also from a client that keeps a secret."""
    assert op.tokens()["access_token"]


def test_discovery_endpoint_verification(op):
    """oidcc-discovery-endpoint-verification: the document holds what it has to, and every address is ours."""
    said = op.metadata()
    assert said["issuer"] == op.issuer
    for name, value in said.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(f"{op.issuer}/"), name
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert "openid" in said["scopes_supported"]
    keys = op.http.get("/oauth/jwks").json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys)
    assert not any({"d", "p", "q", "k"} & {*key} for key in keys)


def test_id_token_signature_and_kid(op):
    """oidcc-idtoken-signature, oidcc-idtoken-rs256: RS256 by default, by a key of the set that `kid` names."""
    text = op.tokens()["id_token"]
    keys = {key["kid"]: key for key in op.http.get("/oauth/jwks").json()["keys"]}
    assert header(text)["alg"] == keys[header(text)["kid"]]["alg"] == "RS256"
