"""An authorization request: each check, in its order, by the code of the RFC."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps import BACK, PUBLIC, a_client, our_own, request_of
from signedin.rules.authorization import LONGEST, Asking, AuthorizationRefused, Prompt, gathered, whose
from signedin.rules.authorization_checks import CHECKS, judge
from signedin.rules.client import GrantType
from signedin.rules.oauth_refusal import OAuthRefused

ISSUER = "https://account.example.org"


def asking(client=None, *, is_pushed=False, **changed):
    client = client or a_client()
    said = gathered(request_of(client, **changed).items())
    return Asking(said, client, is_pushed, frozenset({ISSUER}))


def refused(client=None, **changed):
    with pytest.raises(OAuthRefused) as caught:
        judge(asking(client, **changed))
    refusal = caught.value
    assert all(" " <= ch <= "~" and ch not in '"\\' for ch in refusal.description), (
        "RFC 6749, section 4.1.2.1"
    )
    assert refusal.description.endswith(".")
    return refusal.error


def test_a_right_request_is_what_it_says():
    wanted = judge(
        asking(prompt="login consent", max_age="60", resource=ISSUER, login_hint="ada@example.org")
    )
    assert (wanted.client_id, wanted.redirect_uri) == ("porter", BACK)
    assert wanted.scopes == ("openid", "email")
    assert wanted.prompt == {Prompt.LOGIN, Prompt.CONSENT}
    assert (wanted.max_age, wanted.resources) == (timedelta(seconds=60), (ISSUER,))
    assert (wanted.state, wanted.nonce, wanted.login_hint) == (
        "af0ifjsldkj",
        "n-0S6_WzA2Mj",
        "ada@example.org",
    )


def test_every_check_says_what_it_is():
    assert all(check.__doc__ for check in CHECKS)


@pytest.mark.security("10.6.1", "B5")
@pytest.mark.parametrize(
    ("error", "changed"),
    [
        ("invalid_request", {"response_type": None}),
        ("unsupported_response_type", {"response_type": "token"}),
        ("unsupported_response_type", {"response_type": "code id_token"}),
        ("unsupported_response_type", {"response_type": "none"}),
        ("invalid_request", {"response_mode": "form_post"}),
        ("invalid_request", {"response_mode": "fragment"}),
        ("request_not_supported", {"request": "eyJhbGciOiJub25lIn0.e30."}),
        ("request_uri_not_supported", {"request_uri": "https://app.example.org/request.jwt"}),
        ("registration_not_supported", {"registration": "{}"}),
        ("invalid_scope", {"scope": None}),
        ("invalid_scope", {"scope": "nothing that is known"}),
        ("invalid_scope", {"scope": "openid keys:read"}),
        ("invalid_scope", {"scope": "openid accounts:manage"}),
        ("invalid_target", {"resource": "/relative"}),
        ("invalid_target", {"resource": f"{ISSUER}#fragment"}),
        ("invalid_target", {"resource": "https://other.example.org/"}),
        ("invalid_target", {"resource": "https://[half"}),
        ("invalid_request", {"prompt": "create"}),
        ("invalid_request", {"prompt": "none login"}),
        ("invalid_request", {"max_age": "-1"}),
        ("invalid_request", {"max_age": "1.5"}),
        ("invalid_request", {"max_age": "²"}),
        ("invalid_request", {"max_age": "9" * 11}),
        ("invalid_request", {"dpop_jkt": "short"}),
        ("invalid_request", {"state": "x" * (LONGEST + 1)}),
        ("invalid_request", {"nonce": "x" * (LONGEST + 1)}),
    ],
)
def test_what_is_wrong_is_refused_by_its_code(error, changed):
    assert refused(**changed) == error


@pytest.mark.security("10.4.6", "B3", "attack-10")
@pytest.mark.parametrize(
    "changed",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": None},
        {"code_challenge": "short"},
        {"code_challenge": "=" * 43},
    ],
)
def test_a_code_is_bound_to_a_challenge_by_s256(changed):
    assert refused(**changed) == "invalid_request"
    assert refused(a_client(**PUBLIC, needs_pkce=False), **changed) == "invalid_request"


@pytest.mark.security("10.4.6")
def test_only_who_keeps_a_secret_and_sends_a_nonce_may_be_registered_to_do_without():
    without = {"code_challenge": None, "code_challenge_method": None}
    let_off = a_client(needs_pkce=False)
    assert judge(asking(let_off, **without)).challenge == ""
    assert refused(let_off, **without, nonce=None) == "invalid_request"
    assert refused(let_off, **without, scope="email") == "invalid_request"
    assert judge(asking(let_off)).challenge


def test_what_nobody_knows_is_ignored_and_so_is_what_has_no_value():
    wanted = judge(
        asking(scope="openid address x:y", foo="bar", prompt="", claims='{"userinfo": {}}', display="page")
    )
    assert wanted.scopes == ("openid",)
    assert wanted.prompt == frozenset()


def test_who_gets_no_refresh_tokens_gets_no_scope_for_them():
    scope = "openid offline_access"
    assert judge(asking(scope=scope)).scopes == ("openid", "offline_access")
    assert judge(asking(a_client(grant_types=frozenset({GrantType.CODE})), scope=scope)).scopes == ("openid",)


@pytest.mark.security("10.4.4")
def test_a_client_without_the_grant_gets_no_code():
    assert refused(a_client(grant_types=frozenset({GrantType.CLIENT}))) == "unauthorized_client"


@pytest.mark.security("10.4.12")
def test_who_has_to_push_does():
    pushes = a_client(needs_pushed=True)
    assert refused(pushes) == "invalid_request"
    assert judge(asking(pushes, is_pushed=True)).client_id == pushes.id


@pytest.mark.parametrize(
    "name", sorted({"scope", "state", "prompt", "code_challenge", "nonce", "response_type"})
)
def test_a_parameter_that_came_twice_is_refused(name):
    pairs = [*request_of(a_client(), prompt="login").items(), (name, "openid")]
    with pytest.raises(OAuthRefused, match=name):
        judge(Asking(gathered(pairs), a_client()))


def test_several_resources_are_several():
    client = a_client(resources=("https://api.example.org/",))
    pairs = [*request_of(client, resource=ISSUER).items(), ("resource", "https://api.example.org/")]
    wanted = judge(Asking(gathered(pairs), client, own_resources=frozenset({ISSUER})))
    assert wanted.resources == (ISSUER, "https://api.example.org/")


@pytest.mark.security("10.4.1", "B2", "attack-12")
@pytest.mark.parametrize(
    ("client", "changed"),
    [
        (None, {}),
        (a_client(disabled_at=a_client().made_at), {}),
        (a_client(), {"client_id": "another"}),
        (a_client(), {"redirect_uri": None}),
        (a_client(), {"redirect_uri": f"{BACK}?x=1"}),
        (a_client(), {"redirect_uri": f"{BACK}/"}),
        (a_client(), {"redirect_uri": BACK.upper()}),
        (a_client(), {"redirect_uri": "https://evil.example/callback"}),
        (a_client(redirect_uris=()), {}),
    ],
)
def test_nobody_known_and_no_other_address_is_answered_at_all(client, changed):
    with pytest.raises(AuthorizationRefused):
        whose(gathered(request_of(a_client(), **changed).items()), client)


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_who_asks_twice_is_nobody(name):
    pairs = [*request_of(a_client()).items(), (name, "another")]
    with pytest.raises(AuthorizationRefused):
        whose(gathered(pairs), a_client())


def test_a_loopback_address_may_have_any_port():
    said = gathered(request_of(our_own(), redirect_uri="http://127.0.0.1:51004/callback").items())
    assert whose(said, our_own()) == (our_own(), "http://127.0.0.1:51004/callback")
