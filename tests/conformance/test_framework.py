"""RFC 6749, RFC 6750, RFC 7009 and RFC 7662: what an authorization server has to do, section by section."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from apps import BACK, asked_page, authorize, decide, request_of, told
from conformance.conftest import FILES, SCOPES, error
from conformance.fapi import Member
from signedin.rules.client import Authentication, GrantType

pytestmark = pytest.mark.xdist_group("framework")
JSON = "application/json"


def test_an_address_of_an_endpoint_keeps_no_fragment(op):
    """RFC 6749, 3.1: the address of the authorization endpoint has no fragment."""
    assert "#" not in op.metadata()["authorization_endpoint"]


def test_the_authorization_endpoint_is_asked_by_get(op):
    """RFC 6749, 3.1: GET is supported; POST may be."""
    assert op.ask().status_code == 303


def test_a_parameter_without_a_value_is_as_if_left_out(op):
    """RFC 6749, 3.1: a parameter without a value counts as left out, and an unknown one is ignored."""
    assert "state" not in op.told(state="", unknown="1")


def test_a_parameter_comes_once(op):
    """RFC 6749, 3.1: a parameter does not come more than once."""
    twice = f"{urlencode(request_of(op.porter))}&scope=openid"
    assert told(op.ada.open(f"/oauth/authorize?{twice}"), op.porter)["error"] == "invalid_request"


def test_response_type_has_to_be_there_and_known(op):
    """RFC 6749, 3.1.1: without a response type, or with one that is not understood, an error is answered."""
    assert op.told(response_type=None)["error"] == "invalid_request"
    assert op.told(response_type="token")["error"] == "unsupported_response_type"


@pytest.mark.parametrize("uri", [f"{BACK}/", f"{BACK}?a=b", "https://evil.example/callback", None])
def test_the_address_is_compared_with_those_that_are_registered(op, uri):
    """RFC 6749, 3.1.2.3 and 3.1.2.4: it is compared, and where it differs nobody is redirected there."""
    answer = op.ask(redirect_uri=uri)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_the_token_endpoint_is_asked_by_post_alone(op):
    """RFC 6749, 3.2: the client uses POST."""
    assert op.http.get("/oauth/token").status_code == 405


def test_a_parameter_of_the_token_endpoint_comes_once(op):
    """RFC 6749, 3.2: neither there does a parameter come more than once."""
    twice = urlencode(op.form()) + "&code=another"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert error(op.http.post("/oauth/token", content=twice, headers=op.basic() | kind)) == (
        400,
        "invalid_request",
    )


def test_a_client_that_keeps_a_secret_shows_it(op):
    """RFC 6749, 3.2.1: a confidential client authenticates at the token endpoint."""
    answer = op.http.post("/oauth/token", data=op.form() | {"client_id": op.porter.id})
    assert error(answer) == (401, "invalid_client")


def test_the_scope_is_told_where_it_differs(op):
    """RFC 6749, 3.3 and 5.1: the response names the scope where it is another than asked for."""
    said = op.tokens(scope="openid email", more={"scope": "email"})
    assert said["scope"] == "email"


def test_state_comes_back_as_it_was(op):
    """RFC 6749, 4.1.2: `state` is the exact value that the client sent."""
    for state in ("a b+c%20&d=é", "x" * 1_000):
        assert op.told(state=state)["state"] == state


def test_a_code_is_short_lived(op, clock):
    """RFC 6749, 4.1.2: a code expires shortly after it is issued, ten minutes at most."""
    form = op.form()
    clock.move(minutes=1)
    assert error(op.token(form)) == (400, "invalid_grant")


def test_a_code_counts_once_and_its_second_use_ends_what_came_of_it(op):
    """RFC 6749, 4.1.2: it is not used more than once; what was issued from it should be revoked."""
    client, named = op.another()
    form = op.form(code=op.code(client))
    tokens = op.at("/oauth/token", form, named).json()
    assert error(op.at("/oauth/token", form, named)) == (400, "invalid_grant")
    assert op.userinfo(tokens["access_token"]).status_code == 401


def test_a_code_is_bound_to_its_client(op):
    """RFC 6749, 4.1.3: the code was issued to the client that shows it."""
    form = op.form()
    assert error(op.token(form, client=op.pocket)) == (400, "invalid_grant")
    assert op.token(form).status_code == 200


def test_the_address_of_the_request_comes_again(op):
    """RFC 6749, 4.1.3: `redirect_uri` is there again, and identical."""
    assert error(op.token(op.form() | {"redirect_uri": f"{BACK}/"})) == (400, "invalid_grant")
    assert error(op.token(op.form() | {"redirect_uri": ""})) == (400, "invalid_request")


def test_an_error_of_the_request_is_told_by_the_redirect(op):
    """RFC 6749, 4.1.2.1: `error` and `state` are added to the registered address."""
    said = op.told(scope="openid keys:read")
    assert (said["error"], said["state"]) == ("invalid_scope", "af0ifjsldkj")


def test_no_is_access_denied(op):
    """RFC 6749, 4.1.2.1: a person who says no is told to the client as `access_denied`."""
    page = asked_page(op.ada, authorize(op.porter, prompt="consent"))
    assert told(decide(op.ada, page, "deny"), op.porter)["error"] == "access_denied"


def test_client_credentials_are_for_confidential_clients_alone(op):
    """RFC 6749, 4.4: the client credentials grant is used by confidential clients only."""
    answer = op.token({"grant_type": GrantType.CLIENT.value}, client=op.pocket)
    assert error(answer) == (400, "unauthorized_client")


def test_tokens_are_told_in_json_that_nobody_keeps(op):
    """RFC 6749, 5.1: JSON with access_token, token_type, expires_in; `Cache-Control: no-store`, `Pragma: no-cache`."""
    answer = op.token(op.form())
    assert {"access_token", "token_type", "expires_in"} <= set(answer.json())
    kept = [answer.headers[name] for name in ("content-type", "cache-control", "pragma")]
    assert kept == [JSON, "no-store", "no-cache"]


def test_a_client_that_tried_basic_is_answered_with_the_scheme(op):
    """RFC 6749, 5.2: 401 with `WWW-Authenticate` of the scheme that the client used."""
    answer = op.at("/oauth/token", op.form(), op.basic(secret="wrong"))
    assert error(answer) == (401, "invalid_client")
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_an_unknown_grant_type_is_said(op):
    """RFC 6749, 5.2: `unsupported_grant_type`."""
    assert error(op.token({"grant_type": "password", "username": "a", "password": "b"})) == (
        400,
        "unsupported_grant_type",
    )


def test_a_description_holds_plain_characters(op):
    """RFC 6749, 5.2: `error_description` holds no character outside of %x20-21, %x23-5B, %x5D-7E."""
    said = op.token({"grant_type": '☂\\"'}).json()["error_description"]
    assert all(" " <= ch <= "~" and ch not in '"\\' for ch in said)


def test_a_refresh_does_not_widen(op):
    """RFC 6749, 6: the scope of a refresh holds nothing that was not granted before."""
    token = op.tokens(scope="openid offline_access")["refresh_token"]
    assert error(op.refresh(token, scope="openid email")) == (400, "invalid_scope")


def test_a_refresh_token_is_bound_to_its_client(op):
    """RFC 6749, 6: it is bound to the client that it was issued to, which authenticates."""
    token = op.tokens(scope=SCOPES)["refresh_token"]
    assert error(op.refresh(token, op.pocket)) == (400, "invalid_grant")
    answer = op.http.post(
        "/oauth/token", data={"grant_type": "refresh_token", "refresh_token": token, "client_id": "porter"}
    )
    assert error(answer) == (401, "invalid_client")


def test_tokens_and_codes_cannot_be_guessed(op):
    """RFC 6749, 10.10: at least 128 bits that nobody can guess, and none of them comes twice."""
    said = op.tokens(scope=SCOPES)
    for text in (said["access_token"], said["refresh_token"], op.code()):
        assert len(text.rpartition("_")[2]) * 5.95 > 256
    assert op.tokens()["access_token"] != op.tokens()["access_token"]


def test_the_page_cannot_be_framed(op):
    """RFC 6749, 10.13: the page is protected against being framed."""
    page = asked_page(op.ada, authorize(op.porter, prompt="consent"))
    assert page.headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_a_token_in_the_header_is_taken(op):
    """RFC 6750, 2.1: the Authorization header is supported, and its scheme is read in any case."""
    token = op.tokens()["access_token"]
    assert op.http.get("/oauth/userinfo", headers={"authorization": f"bEaReR {token}"}).status_code == 200


def test_a_token_comes_in_one_way(op):
    """RFC 6750, 2: not more than one way in a request."""
    token = op.tokens()["access_token"]
    assert error(op.userinfo(token, "POST", data={"access_token": token})) == (400, "invalid_request")


def test_a_token_in_a_form_is_taken_from_a_form_alone(op):
    """RFC 6750, 2.2: single-part, urlencoded, and never by GET."""
    token = op.tokens()["access_token"]
    assert op.http.post("/oauth/userinfo", json={"access_token": token}).status_code in {400, 401}
    kind = {"content-type": "application/x-www-form-urlencoded"}
    asked = op.http.request("GET", "/oauth/userinfo", content=f"access_token={token}", headers=kind)
    assert asked.status_code == 401


def test_a_token_in_the_address_is_not_read(op):
    """RFC 6750, 2.3 (and RFC 9700, 4.3.2): it is not passed in the query."""
    token = op.tokens()["access_token"]
    assert op.http.get("/oauth/userinfo", params={"access_token": token}).status_code == 401


def test_who_shows_nothing_is_told_the_scheme_and_no_error(op):
    """RFC 6750, 3 and 3.1: `WWW-Authenticate: Bearer`; without a token no error code is told."""
    answer = op.http.get("/oauth/userinfo")
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]
    assert "error=" not in answer.headers["www-authenticate"]


def test_a_dead_token_is_invalid_token(op):
    """RFC 6750, 3.1: 401 with `invalid_token` for what is expired, revoked or malformed."""
    for token in ("x", "sgn_acc_x", op.code()):
        answer = op.userinfo(token)
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_too_little_scope_is_insufficient_scope(op):
    """RFC 6750, 3.1: 403 with `insufficient_scope` and the scope that is needed."""
    answer = op.userinfo(op.tokens(scope="email")["access_token"])
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert 'scope="openid"' in answer.headers["www-authenticate"]


def test_a_token_is_short_lived(op):
    """RFC 6750, 5.3: an hour or less."""
    assert op.tokens()["expires_in"] <= 3_600


def test_what_is_given_back_is_dead(op):
    """RFC 7009, 2: a refresh token is revoked, and the access tokens of the same grant with it."""
    said = op.tokens(scope=SCOPES)
    assert op.at("/oauth/revoke", {"token": said["refresh_token"]}).status_code == 200
    assert op.userinfo(said["access_token"]).status_code == 401
    assert error(op.refresh(said["refresh_token"])) == (400, "invalid_grant")


def test_the_client_authenticates_before_it_gives_back(op):
    """RFC 7009, 2.1: its credentials are verified first, and then whether the token was issued to it."""
    token = op.tokens()["access_token"]
    assert error(op.at("/oauth/revoke", {"token": token}, op.basic(secret="wrong"))) == (
        401,
        "invalid_client",
    )
    op.at("/oauth/revoke", {"token": token, "client_id": "pocket"}, {})
    assert op.userinfo(token).status_code == 200


def test_a_wrong_hint_is_no_hindrance(op):
    """RFC 7009, 2.1: where the hint does not lead to it, all kinds of token are looked through."""
    token = op.tokens()["access_token"]
    for hint in ("refresh_token", "nonsense"):
        assert op.at("/oauth/revoke", {"token": token, "token_type_hint": hint}).status_code == 200
    assert op.userinfo(token).status_code == 401


def test_every_client_gives_back_in_its_own_way(op):
    """RFC 7009, 2.1: by header, by form, by a statement that it signs, or by its name where it can keep nothing."""
    poster, secret = op.keeping(Authentication.POST, needs_pkce=False)
    code = told(decide(op.ada, asked_page(op.ada, authorize(poster))), poster)["code"]
    by_form, member = {"client_id": poster.id, "client_secret": secret}, Member(op)
    posted = op.at("/oauth/token", op.form(code=code) | by_form, {}).json()
    for headers, named, tokens, use in (
        (op.basic(), {}, op.tokens(), op.userinfo), ({}, by_form, posted, op.userinfo),
        ({}, {"client_id": "pocket"}, op.tokens(op.pocket), op.userinfo),
        ({}, member.assertion(), member.tokens(), member.used),
    ):  # fmt: skip
        token = tokens["access_token"]
        assert use(token).status_code == 200
        assert op.at("/oauth/revoke", named | {"token": token}, headers).status_code == 200
        assert use(token).status_code == 401


def test_what_is_no_token_is_given_back_with_200(op):
    """RFC 7009, 2.2: an invalid token is no error."""
    assert op.at("/oauth/revoke", {"token": "nothing"}).status_code == 200
    assert error(op.at("/oauth/revoke", {})) == (400, "invalid_request")


def test_giving_back_is_posted(op):
    """RFC 7009, 2.1: by POST."""
    assert op.http.get("/oauth/revoke", headers=op.basic()).status_code == 405


def test_introspection_wants_to_know_who_asks(op):
    """RFC 7662, 2.1: whoever asks is authenticated, against scanning for tokens."""
    token = op.tokens()["access_token"]
    assert error(op.at("/oauth/introspect", {"token": token}, {})) == (401, "invalid_client")
    assert error(op.at("/oauth/introspect", {"token": token, "client_id": "pocket"}, {})) == (
        401,
        "invalid_client",
    )


def test_introspection_says_whether_it_is_active(op):
    """RFC 7662, 2.2: `active` is there, in JSON; for a living token what it says."""
    told_of = op.introspected(op.tokens()["access_token"])
    assert told_of["active"] is True
    assert {"scope", "client_id", "token_type", "exp", "iat", "sub", "aud", "iss"} <= set(told_of)
    assert (told_of["client_id"], told_of["iss"]) == ("porter", op.issuer)


def test_of_what_is_not_active_nothing_else_is_said(op, clock):
    """RFC 7662, 2.2: for what is dead, unknown or another's only `{"active": false}`, and that is no error."""
    ours = op.tokens()["access_token"]
    theirs = op.tokens(op.pocket)["access_token"]
    clock.move(hours=2)
    for token in (ours, theirs, "nothing", op.code()):
        assert op.introspected(token) == {"active": False}


def test_introspection_is_posted(op):
    """RFC 7662, 2.1: by POST, so that no token is in an address."""
    assert op.http.get("/oauth/introspect", headers=op.basic()).status_code == 405


def test_introspection_by_another_resource_server_tells_nothing(op):
    """RFC 7662, 4: what is told is limited to who the token is for."""
    token = op.tokens(op.pocket, resource=FILES)["access_token"]
    assert op.introspected(token) == {"active": False}
