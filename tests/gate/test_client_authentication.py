"""A client shows that it is itself, in its one way and in no other (RFC 6749, section 2.3; RFC 7523)."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote_plus

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gate.jwt_corpus import Maker, mutations
from people import Clock, done_apart
from signedin.actions.register_client import (
    add_secret,
    disable_client,
    enable_client,
    register_client,
    remove_secret,
    secret_id,
)
from signedin.gate.client_authentication import ASSERTION_TYPE, ClientRefused, authenticated_client
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.secret import Kind, make_token
from signedin.server.means import close_means, open_means
from signedin.store import clients

ISSUER = "https://account.example.org"
NOW = Clock().now
KEYS = {
    "RS256": RSAKey.generate_key(2048),
    "ES256": ECKey.generate_key("P-256"),
    "EdDSA": OKPKey.generate_key("Ed25519"),
}
WANTED = Client(
    "", "Tidewater", ClientKind.THIRD_PARTY, Authentication.BASIC, frozenset({GrantType.CODE, GrantType.REFRESH}),
    frozenset({"openid"}), NOW, redirect_uris=("https://app.example.org/back",),
)  # fmt: skip


def registered(means, method=Authentication.BASIC, **changes):
    return done_apart(register_client(means, replace(WANTED, authentication=method, **changes), NOW))


def asked(means, form=None, *headers, now=NOW):
    return done_apart(authenticated_client(means, headers, form or {}, now, issuer=ISSUER))


def refused(means, form=None, *headers, now=NOW):
    with pytest.raises(OAuthRefused) as refusal:
        asked(means, form, *headers, now=now)
    return refusal.value


def basic(client_id, secret, encode=quote_plus):
    return b"authorization", b"Basic " + b64encode(f"{encode(client_id)}:{encode(secret)}".encode())


def signing(means, algorithm="ES256", **more):
    key = KEYS[algorithm]
    public = key.as_dict(private=False) | {"kid": "one"}
    client = registered(means, Authentication.KEY, keys=(public,)).client
    seconds = int(NOW.timestamp())
    claims = {
        "iss": client.id,
        "sub": client.id,
        "aud": ISSUER,
        "exp": seconds + 60,
        "iat": seconds,
        "jti": "a",
    }
    return Maker(key, algorithm, claims | more, header={"kid": "one"}, now=seconds)


def asserted(text, **more):
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, **more}


@pytest.mark.security("10.4.10")
def test_each_way_is_taken_from_the_client_that_is_registered_with_it(means):
    by_header, by_form = registered(means), registered(means, Authentication.POST)
    public, maker = registered(means, Authentication.NONE), signing(means)
    assert asked(means, {}, basic(by_header.client.id, by_header.secret)) == by_header.client
    form = {"client_id": by_form.client.id, "client_secret": by_form.secret}
    assert asked(means, form) == by_form.client
    assert asked(means, {"client_id": public.client.id}) == public.client
    assert asked(means, asserted(maker.right())).id == maker.claims["sub"]


@pytest.mark.security("10.4.10")
@pytest.mark.parametrize("method", list(Authentication))
@pytest.mark.parametrize("way", list(Authentication))
def test_another_way_than_the_registered_one_is_refused(means, method, way):
    if method is way:
        return
    keys = (KEYS["ES256"].as_dict(private=False),) if method is Authentication.KEY else ()
    made = registered(means, method, keys=keys)
    seconds, name = int(NOW.timestamp()), made.client.id
    claims = {"iss": name, "sub": name, "aud": ISSUER, "exp": seconds + 60, "jti": "a"}
    secret = made.secret or make_token(Kind.CLS, 0, means.keyring.way_keys)
    ways = {
        Authentication.NONE: ({"client_id": name}, ()),
        Authentication.BASIC: ({}, (basic(name, secret),)),
        Authentication.POST: ({"client_id": name, "client_secret": secret}, ()),
        Authentication.KEY: (asserted(Maker(KEYS["ES256"], "ES256", claims).right()), ()),
    }
    form, headers = ways[way]
    refusal = refused(means, form, *headers)
    assert (refusal.error, refusal.status) == ("invalid_client", 401)


def test_id_and_secret_of_the_header_are_decoded_like_a_form(means):
    made = registered(means)
    everything = lambda text: "".join(f"%{ord(ch):02X}" for ch in text)  # noqa: E731
    assert asked(means, {}, basic(made.client.id, made.secret, everything)) == made.client
    [(name, value)] = [basic(made.client.id, made.secret)]
    assert asked(means, {}, (name, value.replace(b"Basic", b"bAsIc"))) == made.client


@pytest.mark.parametrize(
    "header",
    [
        b"Basic", b"Basic ", b"Basic !!!!", b"Basic " + b64encode(b"no colon"), b"Basic " + b64encode(b":secret"),
        b"Basic " + b64encode(b"\xff:\xff"), b"Basic " + b64encode(b"%ff:x"), b"Basic " + b64encode(b"a\0b:x"),
        b"Basic " + b64encode(b"a" * 500 + b":x"), b"Basic " + b64encode(b"client:") + b"\xe9",
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_read_is_an_unknown_client(means, header):
    refusal = refused(means, {}, (b"authorization", header))
    assert (refusal.error, refusal.status) == ("invalid_client", 401)
    assert refusal.headers[0][0] == "www-authenticate"


@pytest.mark.security("15.3.7")
def test_two_ways_at_once_are_refused(means):
    made, maker = registered(means), signing(means)
    header, body = (
        basic(made.client.id, made.secret),
        {"client_id": made.client.id, "client_secret": made.secret},
    )
    for form, headers in (
        (body, [header]), (asserted(maker.right()), [header]), (asserted(maker.right(), client_secret="x"), []),
        ({}, [header, header]), ({}, [header, (b"authorization", b"Bearer x")]), ({"client_id": "another"}, [header]),
        (asserted(maker.right(), client_id="another"), []),
    ):  # fmt: skip
        refusal = refused(means, form, *headers)
        assert (refusal.error, refusal.status) == ("invalid_request", 400)


@pytest.mark.security("11.2.4", "T2")
def test_a_wrong_secret_is_refused_like_an_unknown_client_and_counts_as_a_guess(means):
    made, other = registered(means), registered(means)
    said = set()
    for name, secret in ((made.client.id, other.secret), (made.client.id, "x"), ("nobody", made.secret),
                         (made.client.id, made.secret[:-1]), (made.client.id, made.client.secrets[0].hex())):  # fmt: skip
        refusal = refused(means, {}, basic(name, secret))
        assert isinstance(refusal, ClientRefused)
        assert refusal.guess == secret
        said.add((refusal.error, refusal.description, refusal.status, refusal.headers))
    assert len(said) == 1
    assert refused(means, {"client_id": "nobody"}).description == said.pop()[1]
    assert refused(means).status == 401


@pytest.mark.security("attack-25")
def test_a_disabled_client_is_refused_in_every_way_and_let_in_again_when_enabled(means):
    made, public, maker = registered(means), registered(means, Authentication.NONE), signing(means)
    names = [made.client.id, public.client.id, maker.claims["sub"]]
    ways = [({}, [basic(made.client.id, made.secret)]), ({"client_id": public.client.id}, []),
            (asserted(maker.right()), [])]  # fmt: skip
    for name, (form, headers) in zip(names, ways, strict=True):
        done_apart(disable_client(means, name, NOW))
        assert refused(means, form, *headers).error == "invalid_client"
        done_apart(enable_client(means, name))
        assert asked(means, form, *headers).id == name


def test_of_two_secrets_both_work_until_one_is_removed(means):
    made = registered(means)
    name = made.client.id
    second = done_apart(add_secret(means, name))
    for secret in (made.secret, second.secret):
        assert asked(means, {}, basic(name, secret)).id == name
    done_apart(remove_secret(means, name, secret_id(made.client.secrets[0])))
    assert refused(means, {}, basic(name, made.secret)).error == "invalid_client"
    assert asked(means, {}, basic(name, second.secret)).id == name


@pytest.mark.security("10.4.16")
@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_an_assertion_is_believed_by_every_algorithm_of_the_list(means, algorithm):
    maker = signing(means, "RS256" if algorithm == "PS256" else algorithm).with_(algorithm=algorithm)
    for more in ({}, {"aud": [ISSUER]}, {"aud": f"{ISSUER}/oauth/token"}, {"iat": None}):
        text = maker.signed(**({"jti": repr(more)} | more))
        assert asked(means, asserted(text, client_id=maker.claims["sub"])).id == maker.claims["sub"]


@pytest.mark.security("9.2.3", "10.4.16")
def test_who_has_to_push_names_the_issuer_as_text_and_nothing_else(means):
    maker = signing(means)
    name = maker.claims["sub"]
    client = means.database.read_now(clients.find, name)
    means.database.write_now(clients.change, replace(client, needs_pushed=True))
    for number, aud in enumerate(([ISSUER], f"{ISSUER}/oauth/token", f"{ISSUER}/oauth/par", f"{ISSUER}/")):
        text = maker.signed(aud=aud, jti=str(number))
        assert refused(means, asserted(text, client_id=name)).error == "invalid_client", aud
    assert asked(means, asserted(maker.signed(aud=ISSUER, jti="right"), client_id=name)).id == name


@pytest.mark.security("9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "9.2.3", "attack-22")
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_bent_assertion_proves_nothing(means, algorithm):
    maker = signing(means, algorithm)
    maker = maker.with_(needed=("iss", "sub", "aud", "exp", "jti"))
    tried = 0
    for wrong, text in mutations(maker):
        refusal = refused(means, asserted(text) if text else {"client_assertion_type": ASSERTION_TYPE})
        assert (refusal.error, refusal.status) == ("invalid_client", 401), wrong
        tried += 1
    assert tried > 85
    assert asked(means, asserted(maker.right())).id == maker.claims["sub"]


@pytest.mark.security("9.2.3")
@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "another"}, {"sub": "another"}, {"aud": "https://other.example"}, {"aud": []}, {"aud": {}},
        {"aud": [ISSUER, "https://other.example"]}, {"aud": [ISSUER, ISSUER]}, {"aud": f"{ISSUER}/"},
        {"aud": f"{ISSUER}/oauth/authorize"}, {"aud": f"{ISSUER}/oauth/par"}, {"exp": int(NOW.timestamp()) + 301}, {"jti": ""}, {"jti": 7},
        {"jti": "x" * 256},
    ],
    ids=str,
)  # fmt: skip
def test_an_assertion_for_somebody_else_or_for_too_long_proves_nothing(means, claims):
    maker = signing(means)
    assert refused(means, asserted(maker.signed(**claims))).error == "invalid_client"
    assert asked(means, asserted(maker.right())).id == maker.claims["sub"]


@pytest.mark.security("attack-23")
def test_an_assertion_counts_once_in_every_process_and_after_a_restart(means, tmp_path):
    from people import settings_in

    maker = signing(means)
    assert asked(means, asserted(maker.right())).id == maker.claims["sub"]
    assert refused(means, asserted(maker.right())).error == "invalid_client"
    again = open_means(settings_in(tmp_path, 8000))
    try:
        assert (
            refused(again, asserted(maker.right()), now=NOW + timedelta(seconds=59)).error == "invalid_client"
        )
        assert asked(again, asserted(maker.signed(jti="b"))).id == maker.claims["sub"]
    finally:
        close_means(again)


def test_another_client_may_use_the_same_jti(means):
    first, second = signing(means), signing(means, "RS256")
    assert asked(means, asserted(first.right())).id != asked(means, asserted(second.right())).id


def test_a_key_of_one_client_signs_for_no_other(means):
    first, second = signing(means, "ES256"), signing(means, "RS256")
    forged = first.signed(iss=second.claims["iss"], sub=second.claims["sub"])
    assert refused(means, asserted(forged)).error == "invalid_client"


def test_the_kind_of_assertion_has_to_be_said(means):
    maker = signing(means)
    for form in (
        {"client_assertion": maker.right()}, asserted(maker.right()) | {"client_assertion_type": "urn:x"},
        {"client_assertion_type": ASSERTION_TYPE},
    ):  # fmt: skip
        assert refused(means, form).error == "invalid_client"
