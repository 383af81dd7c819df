"""RFC 7636, 8252, 8628, 8707, 9068, 9126, 9207, 9449: what the extensions ask of an authorization server."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from apps import VERIFIER, asked_page, authorize, decide, request_of, told
from conformance.conftest import FILES, SCOPES, error, header
from proofs import Prover
from signedin.rules.client import GrantType
from signedin.rules.pkce import challenge_of

pytestmark = pytest.mark.xdist_group("extensions")
MAIL = "https://mail.example.org"
DEVICE = {"grant_type": GrantType.DEVICE.value}


def test_a_public_client_has_to_send_a_challenge(op):
    """RFC 7636, 4.4.1 (and RFC 9700, 2.1.1): without `code_challenge` a public client is told `invalid_request`."""
    assert op.told(op.pocket, code_challenge=None, code_challenge_method=None)["error"] == "invalid_request"


@pytest.mark.parametrize("method", ["plain", None, "S512", "s256"])
def test_only_s256_is_taken(op, method):
    """RFC 7636, 4.2 and 4.4.1: S256 is implemented; what is not supported is told as `invalid_request`."""
    assert op.told(op.pocket, code_challenge_method=method)["error"] == "invalid_request"


@pytest.mark.parametrize(
    "verifier", ["", "w" * 50, VERIFIER + "x", VERIFIER[:-1], VERIFIER.upper(), challenge_of(VERIFIER)]
)
def test_a_code_needs_the_verifier_of_its_challenge(op, verifier):
    """RFC 7636, 4.6: where the values differ `invalid_grant` is answered."""
    form = op.form(op.pocket)
    assert error(op.token(form | {"code_verifier": verifier}, client=op.pocket)) == (400, "invalid_grant")
    assert op.token(form, client=op.pocket).status_code == 200


def test_a_verifier_without_a_challenge_is_refused(op):
    """RFC 9700, 2.1.1 and 4.8.2: a verifier is taken only where a challenge was in the request."""
    code = op.code(code_challenge=None, code_challenge_method=None)
    assert error(op.token(op.form(code=code))) == (400, "invalid_grant")


def test_a_challenge_has_the_form_of_one(op):
    """RFC 7636, 4.2: 43 to 128 characters of the unreserved ones."""
    for challenge in ("short", "x" * 200, "é" * 43, "x y" * 20):
        assert op.told(op.pocket, code_challenge=challenge)["error"] == "invalid_request"


def test_a_native_app_comes_back_to_any_port_of_loopback(op):
    """RFC 8252, 7.3 and 8.4: any port of the loopback address, and nothing else of it may differ."""
    for port in ("", ":1024", ":51004"):
        where = f"http://127.0.0.1{port}/callback"
        said = op.ask(op.sync, redirect_uri=where, response_type="token")
        assert said.headers["location"].startswith(f"{where}?")
    for wrong in ("http://127.0.0.1:51004/other", "http://localhost:51004/callback", "http://[::1]/callback"):
        assert op.ask(op.sync, redirect_uri=wrong).status_code == 400


def test_a_native_app_has_to_use_pkce(op):
    """RFC 8252, 6 and 8.1: public native apps use PKCE, and are refused without."""
    said = op.ask(op.sync, redirect_uri="http://127.0.0.1:5000/callback", code_challenge=None)
    assert told(said)["error"] == "invalid_request"


def test_a_native_app_is_not_taken_at_its_word(op, clock):
    """RFC 8252, 8.6: a request of an app that cannot show itself is not answered without the person."""
    clock.move(minutes=1)
    said = op.ask(op.sync, redirect_uri="http://127.0.0.1:5000/callback", prompt="none")
    assert told(said)["error"] == "interaction_required"


def device(op, client=None, **more):
    answer = op.http.post("/oauth/device_authorization", data={"client_id": (client or op.pocket).id} | more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def poll(op, begun, client=None):
    return op.token(DEVICE | {"device_code": begun["device_code"]}, client=client or op.pocket)


def enter(op, code):
    return op.ada.send("/device", {"user_code": code}, page="/device")


def allow(op, begun, decision="allow"):
    assert enter(op, begun["user_code"]).status_code == 200
    form = {"user_code": begun["user_code"], "decision": decision, "openid": "1", "email": "1"}
    return op.ada.send("/device/decide", form, page="/device")


def test_a_device_is_told_what_it_needs(op):
    """RFC 8628, 3.2: device_code, user_code, verification_uri, expires_in; nobody keeps the answer."""
    answer = op.http.post("/oauth/device_authorization", data={"client_id": "pocket"})
    assert {"device_code", "user_code", "verification_uri", "expires_in", "interval"} <= set(answer.json())
    assert answer.headers["cache-control"] == "no-store"


def test_a_device_waits_until_its_person_has_decided(op, clock):
    """RFC 8628, 3.5: `authorization_pending`, then tokens, and then never again."""
    begun = device(op)
    assert error(poll(op, begun)) == (400, "authorization_pending")
    allow(op, begun)
    clock.move(seconds=6)
    assert poll(op, begun).json()["access_token"]
    clock.move(seconds=6)
    assert error(poll(op, begun)) == (400, "invalid_grant")


def test_a_device_that_hurries_is_slowed_down_by_five_seconds(op, clock):
    """RFC 8628, 3.5: `slow_down` adds five seconds to the interval, for this and all later requests."""
    begun = device(op)
    assert error(poll(op, begun)) == (400, "authorization_pending")
    clock.move(seconds=1)
    assert error(poll(op, begun)) == (400, "slow_down")
    clock.move(seconds=6)
    assert error(poll(op, begun)) == (400, "slow_down")
    clock.move(seconds=16)
    assert error(poll(op, begun)) == (400, "authorization_pending")


def test_a_device_is_told_of_no_and_of_too_late(op, clock):
    """RFC 8628, 3.5: `access_denied` and `expired_token`."""
    refused, late = device(op), device(op)
    allow(op, refused, "deny")
    assert error(poll(op, refused)) == (400, "access_denied")
    clock.move(seconds=late["expires_in"])
    assert error(poll(op, late)) == (400, "expired_token")


def test_a_device_code_is_its_clients(op):
    """RFC 8628, 3.4: the device code is bound to the client that began."""
    begun = device(op)
    assert error(op.token(DEVICE | {"device_code": begun["device_code"]})) == (400, "invalid_grant")


def test_codes_cannot_be_guessed(op, clock):
    """RFC 8628, 5.1 and 5.2: twenty letters without vowels, eight of them, and guesses are counted."""
    begun, other = device(op), op.house.signed_in()
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", begun["user_code"])
    guess = lambda letter: other.send("/device", {"user_code": f"BBBB-BBB{letter}"}, page="/device")  # noqa: E731
    statuses = [guess(letter).status_code for letter in "BCDFGHJKLMNP"]
    assert statuses[-1] == 429
    assert set(statuses) == {422, 429}
    assert len(begun["device_code"]) > 43
    clock.move(hours=1)


def test_a_person_compares_the_code_and_reads_whom_it_lets_in(op):
    """RFC 8628, 5.4: against phishing the page shows the code, the client, the device and a warning, and never decides."""
    begun = device(op)
    assert "/device/decide" not in op.ada.open(f"/device?user_code={begun['user_code']}").text
    page = enter(op, begun["user_code"]).text
    for shown in (
        begun["user_code"],
        "Porter",
        "Whoever sent you this code would be connected to your account",
    ):
        assert shown in page
    assert error(poll(op, begun)) == (400, "authorization_pending")


def test_a_complete_address_asks_all_the_same(op):
    """RFC 8628, 3.3.1: with `verification_uri_complete` the person still confirms the code."""
    begun = device(op)
    page = op.ada.open(begun["verification_uri_complete"].removeprefix(op.issuer))
    assert f'value="{begun["user_code"]}"' in page.text
    assert error(poll(op, begun)) == (400, "authorization_pending")


def test_a_resource_is_an_absolute_address_without_a_fragment(op):
    """RFC 8707, 2: an absolute URI without a fragment, or `invalid_target`."""
    for wrong in ("files", "/files", f"{FILES}#x", "https://unknown.example.org"):
        assert op.told(resource=wrong)["error"] == "invalid_target"


def test_a_token_is_for_the_resources_that_were_asked_for(op):
    """RFC 8707, 2.1 and 2.2: the access token is restricted to them, and may be to fewer at the token endpoint."""
    query = urlencode([*request_of(op.porter, scope=SCOPES).items(), ("resource", FILES), ("resource", MAIL)])
    answer = decide(op.ada, asked_page(op.ada, f"/oauth/authorize?{query}"))
    form = op.form(code=told(answer, op.porter)["code"])
    tokens = op.token(form | {"resource": FILES}).json()
    assert op.introspected(tokens["access_token"])["aud"] == [FILES]
    again = op.refresh(tokens["refresh_token"], resource=MAIL).json()
    assert op.introspected(again["access_token"])["aud"] == [MAIL]
    assert error(op.refresh(again["refresh_token"], resource="https://other.example.org")) == (
        400,
        "invalid_target",
    )


def signed_tokens(op):
    client, secret = op.keeping(needs_pkce=False, resources=(FILES,), signed_resources=(FILES,))
    page = asked_page(op.ada, authorize(client, resource=FILES))
    form = op.form(code=told(decide(op.ada, page), client)["code"])
    return client, op.at("/oauth/token", form, op.basic(client, secret)).json()


def test_a_signed_access_token_is_of_its_type(op):
    """RFC 9068, 2.1: `typ` is at+jwt, it is signed, and never with `none`."""
    head = header(signed_tokens(op)[1]["access_token"])
    assert (head["typ"], head["alg"]) == ("at+jwt", "RS256")
    assert head["kid"]


def test_a_signed_access_token_holds_the_claims(op, clock):
    """RFC 9068, 2.2: iss, exp, aud, sub, client_id, iat, jti; and scope as it was granted (2.2.3)."""
    client, tokens = signed_tokens(op)
    claims = op.claims(tokens["access_token"])
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} <= set(claims)
    assert (claims["iss"], claims["aud"], claims["client_id"]) == (op.issuer, FILES, client.id)
    assert claims["iat"] == int(clock().timestamp())
    assert claims["scope"].split() == ["openid", "email"]


def test_a_signed_access_token_is_no_id_token(op):
    """RFC 9068, 2.1 and 5: neither is taken for the other."""
    client, tokens = signed_tokens(op)
    assert header(tokens["id_token"])["typ"] != "at+jwt"
    assert op.told(client, prompt="none", id_token_hint=tokens["access_token"])["error"] == "invalid_request"
    assert op.userinfo(tokens["id_token"]).status_code == 401


def test_a_signed_access_token_is_for_one_audience(op):
    """RFC 9068, 4: whoever is not its audience refuses it, and so does this service."""
    token = signed_tokens(op)[1]["access_token"]
    assert op.userinfo(token).status_code == 401
    assert op.http.get("/v1/account", headers={"authorization": f"Bearer {token}"}).status_code == 401


def push(op, client=None, headers=None, **changed):
    said = request_of(client or op.pocket, **changed)
    return op.http.post("/oauth/par", data=said, headers=headers or {})


def by_name(op, uri, client=None):
    named = {"client_id": (client or op.pocket).id, "request_uri": uri}
    return op.ada.open(f"/oauth/authorize?{urlencode(named)}")


def test_a_pushed_request_is_answered_with_its_name(op):
    """RFC 9126, 2.2: 201 with `request_uri` and `expires_in`, which nobody keeps."""
    answer = push(op)
    assert answer.status_code == 201
    assert set(answer.json()) == {"request_uri", "expires_in"}
    assert answer.headers["cache-control"] == "no-store"


def test_who_pushes_authenticates_as_at_the_token_endpoint(op):
    """RFC 9126, 2: a client that keeps a secret shows it."""
    assert error(push(op, op.porter)) == (401, "invalid_client")
    assert push(op, op.porter, op.basic()).status_code == 201


def test_a_pushed_request_names_no_other_one(op):
    """RFC 9126, 2.1: `request_uri` is not among what is pushed."""
    assert error(push(op, request_uri="urn:ietf:params:oauth:request_uri:x")) == (400, "invalid_request")


def test_a_pushed_request_is_judged_at_once(op):
    """RFC 9126, 2.1 and 2.3: it is validated as it would be later, and errors are told in JSON."""
    assert error(push(op, redirect_uri="https://evil.example/")) == (400, "invalid_request")
    assert error(push(op, scope="openid keys:read")) == (400, "invalid_scope")


def test_pushing_is_posted(op):
    """RFC 9126, 2.3: another method is 405."""
    assert op.http.get("/oauth/par").status_code == 405


def test_the_name_of_a_pushed_request_is_good_once_for_its_client(op, clock):
    """RFC 9126, 2.2 and 4: bound to the client, used once, and short-lived."""
    uri = push(op).json()["request_uri"]
    assert by_name(op, uri, op.porter).status_code == 400
    assert told(by_name(op, uri), op.pocket)["code"]
    assert by_name(op, uri).status_code == 400
    late = push(op).json()
    clock.move(seconds=late["expires_in"])
    assert by_name(op, late["request_uri"]).status_code == 400


def test_what_is_said_beside_a_pushed_request_is_ignored(op):
    """RFC 9126, 4 (RFC 9101, 6.3): only the parameters that were pushed count."""
    uri = push(op, state="pushed").json()["request_uri"]
    said = told(
        op.ada.open(
            f"/oauth/authorize?{urlencode({'client_id': 'pocket', 'request_uri': uri, 'state': 'x'})}"
        )
    )
    assert said["state"] == "pushed"


def test_every_answer_names_the_issuer(op):
    """RFC 9207, 2: `iss` is in every response, errors too, and is exactly the issuer."""
    assert op.told()["iss"] == op.told(scope="nonsense")["iss"] == op.told(prompt="none")["iss"] == op.issuer


def test_that_the_issuer_is_named_is_told(op):
    """RFC 9207, 3: `authorization_response_iss_parameter_supported`."""
    assert op.metadata()["authorization_response_iss_parameter_supported"] is True


def proof(op, prover, method="POST", path="/oauth/token", **more):
    return {"dpop": prover.proof(method, op.issuer + path, op.house.clock(), **more)}


def bound(op, prover):
    return op.tokens(op.pocket, headers=proof(op, prover), scope=SCOPES)


def shown(op, token, headers, scheme="DPoP"):
    return op.http.get("/oauth/userinfo", headers={"authorization": f"{scheme} {token}"} | headers)


def test_a_token_that_was_asked_for_with_a_proof_is_bound(op):
    """RFC 9449, 5: `token_type` is DPoP, and introspection tells `cnf` with the thumbprint (6.2)."""
    prover = Prover()
    tokens = op.tokens(headers=proof(op, prover))
    assert tokens["token_type"] == "DPoP"  # the name of a scheme
    assert op.introspected(tokens["access_token"])["cnf"] == {"jkt": prover.thumbprint}


WRONG = {
    "another method": {"htm": "GET"}, "another address": {"htu": "https://evil.example/oauth/token"}, "no jti": {"jti": None},
    "no iat": {"iat": None}, "an old one": {"iat": 1}, "one of tomorrow": {"iat": 4_000_000_000},
    "a nonce of somebody else": {"nonce": "x"},
}  # fmt: skip


@pytest.mark.parametrize("claims", WRONG.values(), ids=WRONG)
def test_a_proof_is_checked(op, claims):
    """RFC 9449, 4.3: every check, or `invalid_dpop_proof` (5), or `use_dpop_nonce` (8)."""
    form = op.form(op.pocket)
    answer = op.token(form, proof(op, Prover(), **claims), op.pocket)
    assert error(answer) == (400, "use_dpop_nonce" if "nonce" in claims else "invalid_dpop_proof")
    assert ("dpop-nonce" in answer.headers) == ("nonce" in claims)


def test_there_is_one_proof(op):
    """RFC 9449, 4.3, 1: not more than one `DPoP` header."""
    headers = [("dpop", proof(op, Prover())["dpop"]) for _ in range(2)]
    answer = op.http.post("/oauth/token", data=op.form(op.pocket) | {"client_id": "pocket"}, headers=headers)
    assert error(answer) == (400, "invalid_dpop_proof")


def test_a_proof_has_its_header(op):
    """RFC 9449, 4.2 and 4.3: typ dpop+jwt, and in `jwk` the public key alone."""
    prover = Prover()
    for head in ({"typ": "JWT"}, {"jwk": prover.key.as_dict(private=True)}):
        answer = op.token(op.form(op.pocket), proof(op, prover, header=head), op.pocket)
        assert error(answer) == (400, "invalid_dpop_proof")


def test_a_bound_token_is_shown_with_a_proof_for_it(op):
    """RFC 9449, 7.1: the scheme DPoP, a proof with the right `ath`, by the same key, and each proof once (11.1)."""
    prover = Prover()
    token = bound(op, prover)["access_token"]
    right = proof(op, prover, "GET", "/oauth/userinfo", token=token)
    assert shown(op, token, right).status_code == 200
    assert shown(op, token, right).status_code == 401
    assert shown(op, token, {}).status_code == 401
    assert shown(op, token, proof(op, prover, "GET", "/oauth/userinfo")).status_code == 401
    assert shown(op, token, proof(op, Prover(), "GET", "/oauth/userinfo", token=token)).status_code == 401


def test_a_bound_token_is_no_bearer_token(op):
    """RFC 9449, 7.2: shown as a bearer token it is refused, with a proof or without."""
    prover = Prover()
    token = bound(op, prover)["access_token"]
    for headers in ({}, proof(op, prover, "GET", "/oauth/userinfo", token=token)):
        answer = shown(op, token, headers, "Bearer")
        assert answer.status_code == 401
        assert "DPoP" in ", ".join(answer.headers.get_list("www-authenticate"))


def test_a_refresh_token_of_a_public_client_is_bound_too(op):
    """RFC 9449, 5: a public client's refresh token is used with the same key."""
    prover = Prover()
    token = bound(op, prover)["refresh_token"]
    assert error(op.refresh(token, op.pocket)) == (400, "invalid_grant")
    assert error(op.refresh(token, op.pocket, proof(op, Prover()))) == (400, "invalid_grant")
    assert op.refresh(token, op.pocket, proof(op, prover)).status_code == 200


def test_a_code_can_be_bound_to_a_key(op):
    """RFC 9449, 10: with `dpop_jkt` in the request the code needs a proof of that key."""
    prover = Prover()
    form = op.form(op.pocket, dpop_jkt=prover.thumbprint)
    assert error(op.token(form, client=op.pocket)) == (400, "invalid_grant")
    assert op.token(form, proof(op, prover), op.pocket).status_code == 200


def test_the_algorithms_of_proofs_are_told(op):
    """RFC 9449, 5.1: `dpop_signing_alg_values_supported`, without `none` and without symmetric ones."""
    told_of = op.metadata()["dpop_signing_alg_values_supported"]
    assert "ES256" in told_of
    assert not [each for each in told_of if each == "none" or each.startswith("HS")]
