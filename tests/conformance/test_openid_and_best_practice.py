"""OpenID Connect Core and Discovery, RFC 8414 and RFC 9700: what they ask of a provider."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import urlsplit

import pytest

from apps import BACK, PUBLIC, asked_page, authorize, decide, registered, told
from apps import a_client as an_app
from conformance.conftest import FILES, SCOPES, error, header
from people import ADA, GRACE, PASSWORD
from signedin.rules.claims import subject_of
from signedin.store import accounts

pytestmark = pytest.mark.xdist_group("openid and best practice")


def test_the_metadata_is_json_at_its_address(op):
    """RFC 8414, 3.1 and 3.2: by GET at /.well-known/oauth-authorization-server, 200, application/json."""
    answer = op.http.get("/.well-known/oauth-authorization-server")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == op.metadata()


def test_the_metadata_holds_what_it_has_to(op):
    """RFC 8414, 2: issuer, the endpoints of the grants that there are, response_types_supported."""
    said = op.metadata()
    needed = {"issuer", "authorization_endpoint", "token_endpoint", "response_types_supported", "jwks_uri"}
    assert needed <= set(said)
    assert all(value not in ([], None, "") for value in said.values())


def test_the_issuer_is_exactly_the_one_that_was_asked(op):
    """RFC 8414, 3.3: it is identical with where the metadata was fetched, without query and fragment (2)."""
    parts = urlsplit(op.metadata()["issuer"])
    assert (parts.query, parts.fragment) == ("", "")
    assert op.metadata()["issuer"] == op.issuer


def test_none_is_no_algorithm_of_clients(op):
    """RFC 8414, 2: the value `none` is not used for what authenticates clients."""
    said = op.metadata()
    for name in said:
        if name.endswith("_auth_signing_alg_values_supported"):
            assert "none" not in said[name]


def test_every_endpoint_that_is_named_is_there(op):
    """RFC 8414, 2: what is named answers."""
    for name, address in op.metadata().items():
        if name.endswith(("_endpoint", "jwks_uri")):
            assert op.http.get(address.removeprefix(op.issuer)).status_code != 404, name


def test_the_configuration_is_json_at_its_address(op):
    """OpenID Discovery, 4.1 and 4.2: by GET, 200, application/json."""
    answer = op.http.get("/.well-known/openid-configuration")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def test_the_configuration_holds_what_it_has_to(op):
    """OpenID Discovery, 3: the required members; RS256 and the scope openid are among them."""
    said = op.metadata()
    needed = {
        "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported",
        "subject_types_supported", "id_token_signing_alg_values_supported",
    }  # fmt: skip
    assert needed <= set(said)
    assert "RS256" in said["id_token_signing_alg_values_supported"]
    assert "openid" in said["scopes_supported"]


def test_the_issuer_of_the_configuration_is_that_of_id_tokens(op):
    """OpenID Discovery, 4.3: `issuer` is identical with `iss` of the ID tokens."""
    assert op.claims(op.tokens()["id_token"])["iss"] == op.metadata()["issuer"]


def test_an_id_token_holds_its_claims(op, clock):
    """OpenID Core, 2: iss, sub (255 ASCII characters at most), aud, exp, iat."""
    claims = op.claims(op.tokens()["id_token"])
    assert {"iss", "sub", "aud", "exp", "iat"} <= set(claims)
    assert 0 < len(claims["sub"]) <= 255
    assert claims["sub"].isascii()
    assert claims["iat"] <= int(clock().timestamp()) < claims["exp"]


def test_an_id_token_is_signed(op):
    """OpenID Core, 2: it is signed, with `none` only where a client registered for it, which nobody can here."""
    assert header(op.tokens()["id_token"])["alg"] == "RS256"


def test_a_nonce_comes_back_as_it_was(op):
    """OpenID Core, 2 and 3.1.2.1: `nonce` is passed through unmodified."""
    for nonce in ("n-0S6_WzA2Mj", "ü b+c%20", "x" * 500):
        assert op.claims(op.tokens(nonce=nonce)["id_token"])["nonce"] == nonce


def test_auth_time_is_there_where_it_has_to_be(op):
    """OpenID Core, 2: with `max_age` the claim `auth_time` is told."""
    browser = op.house.signed_in()
    code = told(op.ask(browser=browser, max_age="600"), op.porter)["code"]
    assert op.claims(op.token(op.form(code=code)).json()["id_token"])["auth_time"]


def test_get_and_post_are_both_taken(op):
    """OpenID Core, 3.1.2.1: the authorization endpoint supports GET and POST."""
    form = {"client_id": op.porter.id}
    assert op.http.post("/oauth/authorize", data=form).status_code == 400
    assert op.ask().status_code == 303


def test_openid_is_what_makes_it_openid_connect(op):
    """OpenID Core, 3.1.2.1: without the scope openid there is no ID token."""
    assert "id_token" not in op.tokens(scope="email")


def test_prompt_none_shows_nothing(op):
    """OpenID Core, 3.1.2.1: with `prompt=none` nobody sees a page, whatever is the matter."""
    for browser in (op.ada, op.house.browser()):
        answer = op.ask(browser=browser, prompt="none", scope="openid activity:read")
        assert answer.headers["location"].startswith(BACK)


def test_prompt_none_goes_with_no_other(op):
    """OpenID Core, 3.1.2.1: `none` together with another value is an error."""
    assert op.told(prompt="none login")["error"] == "invalid_request"


def test_prompt_login_asks_again(op):
    """OpenID Core, 3.1.2.1: with `prompt=login` the person signs in again, or the client is told an error."""
    op.house.clock.move(minutes=2)
    page = asked_page(op.ada, authorize(op.porter, prompt="login"))
    assert 'name="password"' in page.text
    assert decide(op.ada, page).status_code == 403
    assert told(decide(op.ada, page, password=PASSWORD), op.porter)["code"]


def test_prompt_consent_asks_again(op):
    """OpenID Core, 3.1.2.1: with `prompt=consent` the person is asked before the client is told anything."""
    assert "wants to use your account" in asked_page(op.ada, authorize(op.porter, prompt="consent")).text


def test_an_old_sign_in_is_done_again(op, clock):
    """OpenID Core, 3.1.2.1: with `max_age` whoever signed in longer ago signs in again."""
    clock.move(minutes=30)
    assert op.told(prompt="none", max_age="60")["error"] == "login_required"
    assert 'name="password"' in asked_page(op.ada, authorize(op.porter, max_age="60")).text


def test_a_hint_of_somebody_else_is_no_success(op):
    """OpenID Core, 3.1.2.1 and 3.1.2.2: where the hint names somebody who is not signed in no code is answered."""
    op.house.somebody(GRACE, "Grace Hopper")
    grace = op.house.signed_in(email=GRACE)
    page = asked_page(grace, authorize(op.porter))
    hers = op.token(op.form(code=told(decide(grace, page), op.porter)["code"])).json()["id_token"]
    assert op.told(prompt="none", id_token_hint=hers)["error"] == "login_required"


def test_nobody_gets_a_code_without_an_authenticated_person(op):
    """OpenID Core, 3.1.2.3: who is not signed in signs in first, against forged requests too."""
    answer = op.ask(browser=op.house.browser())
    assert "code=" not in answer.headers["location"]


def test_a_person_consents_before_a_client_learns_anything(op):
    """OpenID Core, 3.1.2.4: the decision is obtained before anything is released to the client."""
    client = registered(op.house, an_app(id=f"client{next(op.numbers)}", **PUBLIC))
    assert op.told(client, prompt="none")["error"] == "consent_required"


def test_an_error_is_told_in_the_query(op):
    """OpenID Core, 3.1.2.6: errors are told by the redirect, with state."""
    said = op.told(registration="{}")
    assert (said["error"], said["state"]) == ("registration_not_supported", "af0ifjsldkj")
    assert op.told(request_uri="https://evil.example/r")["error"] == "request_uri_not_supported"


def test_the_token_endpoint_checks_the_code(op):
    """OpenID Core, 3.1.3.2: the client, the code, that it was not used, and the redirect address."""
    client, named = op.another()
    form = op.form(code=op.code(client))
    assert error(op.token(form)) == (400, "invalid_grant")
    assert error(op.at("/oauth/token", form | {"redirect_uri": "https://x.example"}, named)) == (
        400,
        "invalid_grant",
    )
    assert op.at("/oauth/token", form, named).status_code == 200
    assert error(op.at("/oauth/token", form, named)) == (400, "invalid_grant")


def test_the_token_type_is_bearer(op):
    """OpenID Core, 3.1.3.3: token_type is Bearer, and the answer is kept by nobody."""
    answer = op.token(op.form())
    assert answer.json()["token_type"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"


def test_at_hash_is_the_digest_of_the_access_token(op):
    """OpenID Core, 3.1.3.6: the left half of the digest of the access token."""
    tokens = op.tokens()
    half = sha256(tokens["access_token"].encode()).digest()[:16]
    assert op.claims(tokens["id_token"])["at_hash"] == urlsafe_b64encode(half).rstrip(b"=").decode()


def test_userinfo_is_asked_by_get_and_post(op):
    """OpenID Core, 5.3: both, with a bearer token (RFC 6750)."""
    token = op.tokens()["access_token"]
    assert op.userinfo(token).json() == op.userinfo(token, "POST").json()


def test_userinfo_names_the_same_person(op):
    """OpenID Core, 5.3.2: `sub` is always there and exactly that of the ID token; JSON."""
    tokens = op.tokens(scope="openid")
    answer = op.userinfo(tokens["access_token"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"sub": op.claims(tokens["id_token"])["sub"]}


def test_userinfo_refuses_as_bearer_tokens_are_refused(op):
    """OpenID Core, 5.3.3: errors as in RFC 6750, section 3."""
    answer = op.userinfo("nothing")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_claims_that_are_not_known_are_left_out(op):
    """OpenID Core, 5.3.2: a claim without a value is left out, and never null or empty."""
    said = op.userinfo(op.tokens(scope=SCOPES)["access_token"]).json()
    assert all(value not in (None, "") for value in said.values())


def test_what_is_not_known_is_ignored(op):
    """OpenID Core, 3.1.2.1: parameters that are not understood are ignored."""
    assert op.told(unknown="1", display="wap", claims="{}")["code"]


def test_two_clients_know_a_person_by_other_names(op):
    """OpenID Core, 8.1: a pairwise name is another for each client, the same for each time, and cannot be turned back."""
    one, other = op.claims(op.tokens()["id_token"])["sub"], op.claims(op.tokens(op.pocket)["id_token"])["sub"]
    account = op.house.means.database.read_now(accounts.find_by_email, ADA)
    assert one != other
    assert one == subject_of(op.house.means.keyring.mac, op.porter, account)
    assert str(account.id) not in (one, other)


def test_each_client_shows_itself_in_its_registered_way(op):
    """OpenID Core, 9: a client authenticates by the method that it is registered for."""
    form = op.form() | {"client_id": op.porter.id, "client_secret": op.secret}
    assert error(op.http.post("/oauth/token", data=form)) == (401, "invalid_client")


def test_keys_are_named(op):
    """OpenID Core, 10.1: where there are several keys, `kid` says which one signed."""
    kids = [key["kid"] for key in op.http.get("/oauth/jwks").json()["keys"]]
    assert len(kids) > 1
    assert header(op.tokens()["id_token"])["kid"] in kids


def test_offline_access_is_asked_for(op):
    """OpenID Core, 11: a refresh token comes with `offline_access`, which the person has allowed, and not without."""
    assert "refresh_token" not in op.tokens(scope="openid email")
    assert "refresh_token" in op.tokens(scope=SCOPES)


def test_a_refreshed_id_token_is_of_the_same_sign_in(op, clock):
    """OpenID Core, 12.2: iss, sub, aud and auth_time stay, iat is new, and it need not have a nonce."""
    tokens = op.tokens(scope=SCOPES)
    before = op.claims(tokens["id_token"])
    clock.move(minutes=1)
    after = op.claims(op.refresh(tokens["refresh_token"]).json()["id_token"])
    assert all(after[name] == before[name] for name in ("iss", "sub", "aud", "auth_time"))
    assert after["iat"] > before["iat"]


def test_an_address_is_compared_exactly(op):
    """RFC 9700, 2.1 and 4.1.3: exact string matching, but for the port of a native app on loopback."""
    for wrong in (f"{BACK}/../callback", f"{BACK}#", BACK.upper(), "https://app.example.org:443/callback"):
        assert op.ask(redirect_uri=wrong).status_code == 400


def test_nobody_is_redirected_openly(op):
    """RFC 9700, 4.11.2: no open redirector, also for errors of unknown clients."""
    answer = op.ask(client_id="nobody", redirect_uri="https://evil.example/")
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_public_clients_use_pkce(op):
    """RFC 9700, 2.1.1: it is enforced for public clients, and its support can be found out."""
    assert op.told(op.pocket, code_challenge=None)["error"] == "invalid_request"
    assert op.metadata()["code_challenge_methods_supported"] == ["S256"]


def test_there_is_no_implicit_grant(op):
    """RFC 9700, 2.1.2: no access token comes from the authorization endpoint."""
    for kind in ("token", "id_token", "code token", "id_token token", "code id_token"):
        assert op.told(response_type=kind)["error"] == "unsupported_response_type"


def test_there_is_no_password_grant(op):
    """RFC 9700, 2.4: the password grant is not used."""
    assert error(op.token({"grant_type": "password"})) == (400, "unsupported_grant_type")


def test_a_used_refresh_token_ends_its_family(op, clock):
    """RFC 9700, 4.14.2: rotation; when a used one comes again, all that came of the grant is over."""
    client = registered(op.house, an_app(id=f"client{next(op.numbers)}", **PUBLIC))
    page = asked_page(op.ada, authorize(client, scope=SCOPES))
    first = op.token(op.form(code=told(decide(op.ada, page), client)["code"]), client=client).json()
    second = op.refresh(first["refresh_token"], client).json()
    assert second["refresh_token"] != first["refresh_token"]
    clock.move(seconds=11)
    assert error(op.refresh(first["refresh_token"], client)) == (400, "invalid_grant")
    assert error(op.refresh(second["refresh_token"], client)) == (400, "invalid_grant")
    assert op.userinfo(second["access_token"]).status_code == 401


def test_a_token_is_restricted_to_its_audience(op):
    """RFC 9700, 2.3 and 4.10.1: a token for a resource server opens nothing elsewhere."""
    token = op.tokens(resource=FILES)["access_token"]
    assert op.userinfo(token).status_code == 401
    assert op.http.get("/v1/account", headers={"authorization": f"Bearer {token}"}).status_code == 401


def test_a_redirect_carries_no_credentials_on(op):
    """RFC 9700, 4.12: 303, so that no browser posts again what was posted here."""
    page = asked_page(op.ada, authorize(op.porter, prompt="consent"))
    assert decide(op.ada, page).status_code == 303


def test_no_address_tells_another_site_where_somebody_was(op):
    """RFC 9700, 4.2.4: the pages let no address of theirs go to another site."""
    page = asked_page(op.ada, authorize(op.porter, prompt="consent"))
    assert page.headers["referrer-policy"] in {"no-referrer", "same-origin"}


def test_the_authorization_endpoint_is_for_no_script(op):
    """RFC 9700, 2.6: no CORS at the authorization endpoint."""
    answer = op.ada.http.get(authorize(op.porter), headers={"origin": "https://app.example.org"})
    assert "access-control-allow-origin" not in answer.headers
