"""What the modules of the OpenID Foundation's plan for the FAPI 2.0 Security Profile (final) look for, each by its name.

Of its variants those are meant that there are here: pushed requests that are not signed, `private_key_jwt`, DPoP, and
answers by the query, for clients that are registered with `--require-par` and `--require-dpop`.
"""

from __future__ import annotations

import pytest
from joserfc.jwk import RSAKey

from apps import BACK, VERIFIER
from conformance.conftest import error, header
from conformance.fapi import Member
from proofs import Prover, b64
from signedin.rules.statement import ALGORITHMS

pytestmark = pytest.mark.xdist_group("fapi modules")
REFUSED = {(400, "invalid_request"), (401, "invalid_client")}
NOT_PROVED = {(400, "invalid_dpop_proof"), (400, "invalid_grant"), (400, "invalid_request")}


@pytest.fixture(scope="module")
def one(op):
    return Member(op)


@pytest.fixture(scope="module")
def two(op):
    return Member(op)


def a_page(answer):
    """A page for the person, which leads nowhere."""
    return answer.status_code == 400 and "location" not in answer.headers


def test_discovery(op):
    """fapi2-security-profile-final-discovery-end-point-verification: what the profile needs is told by both documents."""
    told_of = op.http.get("/.well-known/oauth-authorization-server").json()
    assert told_of == op.metadata()
    assert told_of["issuer"] == op.issuer
    assert "code" in told_of["response_types_supported"]
    assert "S256" in told_of["code_challenge_methods_supported"]
    assert "private_key_jwt" in told_of["token_endpoint_auth_methods_supported"]
    assert told_of["authorization_response_iss_parameter_supported"] is True
    assert told_of["pushed_authorization_request_endpoint"] == f"{op.issuer}/oauth/par"
    assert isinstance(told_of["require_pushed_authorization_requests"], bool)
    for name in ("dpop", "id_token", "token_endpoint_auth"):
        told_algorithms = set(told_of[f"{name}_signing_alg_values_supported"])
        assert told_algorithms & {"PS256", "ES256", "EdDSA"}, name
        assert not [each for each in told_algorithms if each == "none" or each.startswith("HS")]


def test_happy_flow(op, one, two):
    """fapi2-security-profile-final-happy-flow: two clients, each with tokens that only its own key opens."""
    first, second = one.tokens(nonce="n-1"), two.tokens(nonce="n-2")
    for member, tokens, nonce in ((one, first, "n-1"), (two, second, "n-2")):
        claims = op.claims(tokens["id_token"], "ES256")
        assert (claims["iss"], claims["aud"], claims["nonce"]) == (op.issuer, member.client.id, nonce)
        assert tokens["token_type"] == "DPoP"  # the name of a scheme
        assert member.used(tokens["access_token"]).json()["sub"] == claims["sub"]
    assert one.used(second["access_token"]).status_code == 401


def test_user_rejects_authentication(op):
    """fapi2-security-profile-final-user-rejects-authentication: the client is told `access_denied`, with its state, and by whom."""
    member = Member(op)
    said = member.decided(member.went(member.pushed(state="s-1")), "deny")
    assert (said["error"], said["state"], said["iss"]) == ("access_denied", "s-1", op.issuer)


def test_without_state(one):
    """fapi2-security-profile-final-ensure-authorization-request-without-state-success: none comes back, and no `s_hash`."""
    said = one.decided(one.went(one.pushed(state=None)))
    assert said["code"]
    assert "state" not in said
    assert "s_hash" not in one.op.claims(one.token(one.form(said["code"])).json()["id_token"], "ES256")


def test_without_nonce(op, one):
    """fapi2-security-profile-final-ensure-authorization-request-without-nonce-success: the ID token has none either."""
    assert "nonce" not in op.claims(one.tokens(nonce=None)["id_token"], "ES256")


def test_nonce_of_64(op, one):
    """fapi2-security-profile-final-ensure-authorization-request-with-64-char-nonce-success: it comes back whole."""
    assert op.claims(one.tokens(nonce="n" * 64)["id_token"], "ES256")["nonce"] == "n" * 64


def test_long_nonce(op, one):
    """fapi2-security-profile-final-ensure-authorization-request-with-long-nonce: one of 384 characters comes back whole."""
    assert (
        op.claims(one.tokens(nonce="0123456789ab" * 32)["id_token"], "ES256")["nonce"] == "0123456789ab" * 32
    )


def test_long_state(one):
    """fapi2-security-profile-final-ensure-authorization-request-with-long-state: one of 1,000 characters comes back whole."""
    said = one.decided(one.went(one.pushed(state="0123456789" * 100)))
    assert said["code"]
    assert said["state"] == "0123456789" * 100


def test_other_scope_order(one):
    """fapi2-security-profile-final-ensure-other-scope-order-succeeds: `openid` may come last."""
    assert "id_token" in one.tokens(scope="email openid")


def test_scheme_in_any_case(one):
    """fapi2-security-profile-final-access-token-type-header-case-sensitivity: DPoP, dpop and DPOP name one scheme."""
    token = one.tokens()["access_token"]
    for scheme in ("DPoP", "dpop", "DPOP", "dPoP"):
        assert one.used(token, scheme=scheme).status_code == 200, scheme


def test_nonce_beside(op, one):
    """fapi2-security-profile-final-ensure-different-nonce-inside-and-outside-request-object: the pushed one counts."""
    code = one.code(nonce="pushed", beside={"nonce": "beside"})
    assert op.claims(one.token(one.form(code)).json()["id_token"], "ES256")["nonce"] == "pushed"


def test_state_beside(one):
    """fapi2-security-profile-final-ensure-different-state-inside-and-outside-request-object: the pushed one comes back."""
    assert one.decided(one.went(one.pushed(state="pushed"), state="beside"))["state"] == "pushed"


def test_state_only_beside(one):
    """fapi2-security-profile-final-state-only-outside-request-object-not-used: what was not pushed does not come back."""
    said = one.decided(one.went(one.pushed(state=None), state="beside"))
    assert said["code"]
    assert "state" not in said


def test_without_redirect_uri(one):
    """fapi2-security-profile-final-ensure-request-object-without-redirect-uri-fails, fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request: it has to be said, even where one alone is registered."""
    assert error(one.push(redirect_uri=None)) == (400, "invalid_request")


def test_unregistered_redirect_uri(one):
    """fapi2-security-profile-final-ensure-registered-redirect-uri, fapi2-security-profile-final-plain-fapi-tolerate-unregistered-redirect-uri: it is refused, whoever pushes it."""
    assert error(one.push(redirect_uri=f"{BACK}/another")) == (400, "invalid_request")


def test_without_pushing(one):
    """fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails: the client is told `invalid_request`."""
    assert one.op.told(one.client)["error"] == "invalid_request"


@pytest.mark.parametrize("response_type", ["code id_token", "token"])
def test_other_response_types(one, response_type):
    """fapi2-security-profile-final-ensure-response-type-code-idtoken-fails, fapi2-security-profile-final-ensure-response-type-token-fails: no token comes by the browser."""
    assert error(one.push(response_type=response_type)) == (400, "unsupported_response_type")


def test_id_of_another_client(one, two):
    """fapi2-security-profile-final-ensure-client-id-in-token-endpoint: the other client's id and statement, signed by the wrong key."""
    shown = {"client_id": two.client.id} | two.assertion(key=one.key)
    assert error(one.token(one.form(), shown=shown)) == (401, "invalid_client")


def test_holder_of_key(one):
    """fapi2-security-profile-final-ensure-holder-of-key-required: without a proof of a key there are no tokens, and the code is still good."""
    form = one.form()
    assert error(one.token(form, headers={})) in NOT_PROVED
    assert one.token(form).status_code == 200


def test_code_of_another_client(one, two):
    """fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client: `invalid_grant` with the other's own credentials."""
    form = one.form()
    assert error(two.token(form)) == (400, "invalid_grant")
    assert one.token(form).status_code == 200


def test_code_again(op, clock):
    """fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second: `invalid_grant`, and what came of it is dead."""
    member = Member(op)
    form = member.form()
    token = member.token(form).json()["access_token"]
    assert member.used(token).status_code == 200
    clock.move(seconds=1)
    assert error(member.token(form)) == (400, "invalid_grant")
    assert member.used(token).status_code == 401


def test_code_too_late(one, clock):
    """fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code: a minute later it is `invalid_grant`."""
    form = one.form()
    clock.move(seconds=61)
    assert error(one.token(form)) == (400, "invalid_grant")


def test_assertion_by_rs256(op):
    """fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails: of a client whose key is registered for PS256."""
    member = Member(op, RSAKey.generate_key(2048), "PS256")
    form = member.form()
    assert error(member.token(form, shown=member.assertion(algorithm="RS256"))) == (401, "invalid_client")
    assert member.token(form).status_code == 200


def test_no_assertion(one):
    """fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint: the id alone is not enough."""
    assert error(one.token(one.form(), shown={"client_id": one.client.id})) == (401, "invalid_client")


WRONG = {
    "exp five minutes ago": lambda now: {"exp": now - 300},
    "aud of another server": lambda _: {"aud": "https://id.example.com"},
    "no sub": lambda _: {"sub": None},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_assertions(one, clock, wrong):
    """fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails, fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails, fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails: it proves nothing."""
    shown = one.assertion(**wrong(int(clock().timestamp())))
    assert error(one.token(one.form(), shown=shown)) == (401, "invalid_client")


def test_refresh_token(op, one, two):
    """fapi2-security-profile-final-refresh-token: with its key and its own statement alone, for the same person, and the one before it again where an answer was lost."""
    tokens = one.tokens(scope="openid email offline_access", prompt="consent")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert error(one.token(form, shown={"client_id": one.client.id})) == (401, "invalid_client")
    assert error(one.token(form, headers={})) in NOT_PROVED
    assert error(two.token(form)) == (400, "invalid_grant")
    again = one.token(form).json()
    before, after = (op.claims(each["id_token"], "ES256") for each in (tokens, again))
    for name in ("iss", "sub", "aud", "auth_time"):
        assert after[name] == before[name]
    assert one.used(again["access_token"]).status_code == 200
    assert one.token(form).json()["refresh_token"] == again["refresh_token"]


@pytest.mark.parametrize("seconds", [-10, 10])
def test_clocks_differ(one, clock, seconds):
    """fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds, fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds: at all three endpoints that take a proof."""
    made = int(clock().timestamp()) + seconds
    code = one.code(headers=one.proof("/oauth/par", iat=made))
    answer = one.token(one.form(code), headers=one.proof("/oauth/token", iat=made))
    assert answer.status_code == 200, answer.text
    assert one.used(answer.json()["access_token"], iat=made).status_code == 200


def test_proof_with_nbf_and_exp(one, clock):
    """fapi2-security-profile-final-check-dpop-proof-nbf-exp: claims that a proof need not have are no error."""
    now = int(clock().timestamp())
    answer = one.token(one.form(), headers=one.proof("/oauth/token", nbf=now, exp=now + 300))
    assert answer.status_code == 200
    assert one.used(answer.json()["access_token"], nbf=now, exp=now + 300).status_code == 200


def test_key_said_and_another_proved(one):
    """fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails: `dpop_jkt` has to be the key of the proof that is pushed with it."""
    other = Prover().thumbprint
    assert error(one.push(headers=one.proof("/oauth/par"), dpop_jkt=other)) == (400, "invalid_dpop_proof")


def test_key_proved_where_it_is_pushed(one):
    """fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success: the key that was proved there redeems the code."""
    code = one.code(headers=one.proof("/oauth/par"))
    assert one.token(one.form(code)).status_code == 200


def test_another_key_than_was_pushed(one):
    """fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt: another key does not redeem it."""
    form = one.form(one.code(headers=one.proof("/oauth/par")))
    assert error(one.token(form, headers=one.proof("/oauth/token", prover=Prover()))) in NOT_PROVED
    assert one.token(form).status_code == 200


def test_key_said(one):
    """fapi2-security-profile-final-ensure-dpop-auth-code-binding-success: the key of `dpop_jkt` redeems the code."""
    key = one.prover.thumbprint
    code = one.code(headers=one.proof("/oauth/par"), dpop_jkt=key)
    assert one.token(one.form(code)).status_code == 200


def test_another_key_than_was_said(one):
    """fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt: another key does not."""
    form = one.form(one.code(dpop_jkt=Prover().thumbprint))
    assert error(one.token(form)) in NOT_PROVED


@pytest.fixture(scope="module")
def token(one):
    return one.tokens()["access_token"]


HOUR = 3600  # in seconds
BENT = {
    "no typ": {"header": {"typ": None}}, "another typ": {"header": {"typ": "JWT"}}, "no jwk": {"header": {"jwk": None}},
    "no jti": {"jti": None}, "no htm": {"htm": None}, "no htu": {"htu": None}, "no iat": {"iat": None},
    "no ath": {"ath": None}, "another ath": {"ath": b64(bytes(32))}, "PUT": {"htm": "PUT"},
    "another address": {"htu": "https://evil.example/oauth/userinfo"}, "by another key": {"prover": Prover()},
    "signed by another key": {"key": Prover().key},
}  # fmt: skip
"""How a proof at a resource can be wrong, beside what the test itself does with a right one."""


@pytest.mark.parametrize("bent", BENT.values(), ids=BENT)
def test_bent_proofs(one, token, bent):
    """fapi2-security-profile-final-dpop-negative-tests: what a proof has to say and does not, or says wrongly."""
    assert one.used(token, **bent).status_code == 401
    assert one.used(token).status_code == 200


def test_broken_proofs(one, token, clock):
    """fapi2-security-profile-final-dpop-negative-tests: what is no proof, two of them, one of an hour ago or ahead, one twice, none."""
    right, now = one.proof("/oauth/userinfo", "GET", token=token)["dpop"], int(clock().timestamp())
    head, body, signature = right.split(".")
    unsigned = b64(b'{"typ":"dpop+jwt","alg":"none"}')
    private = {"jwk": one.prover.key.as_dict(private=True)}
    shown = [("authorization", f"DPoP {token}")]
    for headers in (
        [("dpop", right), ("dpop", one.proof("/oauth/userinfo", "GET", token=token)["dpop"])],
        [("dpop", f"{head}.{body}")], [("dpop", f"{unsigned}.{body}.")],
        [("dpop", f"{b64(b'{}')}.{body}.{signature}")], [("dpop", f"{head}.{body}.{signature[:-4]}AAAA")], [],
    ):  # fmt: skip
        answer = one.op.http.get("/oauth/userinfo", headers=[*shown, *headers])
        assert answer.status_code in {400, 401}, headers
    assert one.used(token, header=private).status_code == 401
    for wrong in (now - HOUR, now + HOUR):
        assert one.used(token, iat=wrong).status_code == 401
    assert one.used(token, headers={"dpop": right}).status_code == 200
    assert one.used(token, headers={"dpop": right}).status_code == 401
    assert one.used(token, scheme="Bearer", headers={}).status_code == 401


def test_strange_and_right_proofs(one, token):
    """fapi2-security-profile-final-dpop-negative-tests: a header in capitals, an address in capitals or with a query, and words that nobody knows are no error."""
    where = one.op.issuer.replace("http://localhost", "HTTP://LOCALHOST")
    for bent in (
        {"htu": f"{one.op.issuer}/oauth/userinfo?a=b#c"}, {"htu": f"{where}/oauth/userinfo"},
        {"header": {"extra": "1"}, "extra": [1, {"a": None}]},
    ):  # fmt: skip
        assert one.used(token, **bent).status_code == 200, bent
    loud = one.proof("/oauth/userinfo", "GET", token=token)["dpop"]
    assert one.used(token, headers={"DPOP": loud}).status_code == 200


def test_proofs_are_signed_by_what_is_told(op, one, token):
    """fapi2-security-profile-final-dpop-negative-tests: by no algorithm beside those that the metadata names."""
    assert set(op.metadata()["dpop_signing_alg_values_supported"]) == set(ALGORITHMS)
    assert header(one.proof("/oauth/userinfo", "GET")["dpop"])["alg"] == "ES256"
    odd = Prover("ES384")
    assert one.used(token, prover=odd, header={"jwk": odd.key.as_dict(private=False)}).status_code == 401


def test_verifier(one):
    """fapi2-security-profile-final-ensure-pkce-code-verifier-required, fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected: `invalid_grant` without it and with another."""
    form = one.form()
    for wrong in (None, VERIFIER + "x"):
        assert error(one.token(one.form(form["code"], code_verifier=wrong))) == (400, "invalid_grant")
    assert one.token(form).status_code == 200


@pytest.mark.parametrize(
    "said", [{"code_challenge": None, "code_challenge_method": None}, {"code_challenge_method": "plain"}]
)
def test_challenge(one, said):
    """fapi2-security-profile-final-par-ensure-pkce-required, fapi2-security-profile-final-par-plain-pkce-rejected: S256 and nothing less."""
    assert error(one.push(**said)) == (400, "invalid_request")


def test_pushed_twice_used(one):
    """fapi2-security-profile-final-par-attempt-reuse-request_uri: a page the second time."""
    request_uri = one.pushed()
    assert one.decided(one.went(request_uri))["code"]
    assert a_page(one.went(request_uri))


def test_pushed_too_long_ago(one, clock):
    """fapi2-security-profile-final-par-attempt-to-use-expired-request_uri: a page once `expires_in` has passed."""
    answer = one.push().json()
    clock.move(seconds=answer["expires_in"])
    assert a_page(one.went(answer["request_uri"]))


def test_pushed_by_another(one, two):
    """fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client: a page, and its own client can still use it."""
    request_uri = one.pushed()
    assert a_page(two.went(request_uri))
    assert one.decided(one.went(request_uri))["code"]


def test_pushed_and_named(one):
    """fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param: a pushed request names no other."""
    assert error(one.push(request_uri="urn:ietf:params:oauth:request_uri:x")) == (400, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_pushed_otherwise(one, method):
    """fapi2-security-profile-final-par-attempt-invalid-http-method: by POST alone."""
    assert one.push(method=method).status_code == 405


def test_named_alone(one):
    """fapi2-security-profile-final-par-without-duplicate-parameters: `client_id` and `request_uri` are enough."""
    assert one.decided(one.went(one.pushed()))["code"]


@pytest.mark.parametrize("where", ["/oauth/par", "/oauth/token"])
def test_other_audiences(op, one, where):
    """fapi2-security-profile-final-par-test-array-as-audience-fails, fapi2-security-profile-final-par-test-par-endpoint-url-as-audience-fails, fapi2-security-profile-final-par-test-token-endpoint-url-as-audience-fails: the issuer as text, and nothing else."""
    for aud in (
        [op.issuer, "https://id.example.com"], [op.issuer], f"{op.issuer}/oauth/par", f"{op.issuer}/oauth/token",
    ):  # fmt: skip
        shown = one.assertion(aud=aud)
        answer = one.push(shown=shown) if where == "/oauth/par" else one.token(one.form("x"), shown=shown)
        assert error(answer) in REFUSED, aud


def test_clocks_of_clients_differ(one, clock):
    """fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted, fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails: a little ahead is no error, more than a minute is."""
    now = int(clock().timestamp())
    assert one.push(shown=one.assertion(iat=now + 8, nbf=now + 8)).status_code == 201
    ahead = one.assertion(iat=now + 70, nbf=now + 70, exp=now + 130)
    assert error(one.push(shown=ahead)) in REFUSED
