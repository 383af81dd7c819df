"""Proofs of a client's key: every check of RFC 9449, section 4.3, and each proof once, in all processes."""

from __future__ import annotations

import json

import pytest
from joserfc import jwk

from people import Clock, done_apart
from proofs import Prover, b64, signed
from signedin.gate.dpop import nonce, proved_key, same_address
from signedin.rules.oauth_refusal import OAuthRefused

URL = "https://id.example.org/oauth/token"
pytestmark = pytest.mark.security("10.4.14", "10.3.5")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def prover():
    return Prover()


def shown(means, proof, clock, *, method="POST", url=URL, token=None):
    lines = [proof] if isinstance(proof, str) else proof
    headers = [(b"dpop", line.encode("latin-1")) for line in lines]
    return done_apart(proved_key(means, headers, method, url, clock(), access_token=token))


def refused(means, proof, clock, **more):
    with pytest.raises(OAuthRefused) as told:
        shown(means, proof, clock, **more)
    return told.value


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_right_proof_tells_the_thumbprint_of_its_key(means, clock, algorithm):
    prover = Prover(algorithm)
    assert shown(means, prover.proof("POST", URL, clock()), clock) == prover.thumbprint
    assert shown(means, [], clock) == ""


@pytest.mark.parametrize("seconds", [-10, 10])
def test_clocks_may_differ_by_ten_seconds(means, clock, prover, seconds):
    proof = prover.proof("POST", URL, clock(), iat=int(clock().timestamp()) + seconds)
    assert shown(means, proof, clock) == prover.thumbprint


WRONG = {
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a jti that is no text": {"jti": 7},
    "a jti that is half of a pair": {"jti": "\ud800"},
    "a name that is half of a pair": {"\ud800": "x"},
    "no htm": {"htm": None},
    "another method": {"htm": "GET"},
    "a method in small letters": {"htm": "post"},
    "no htu": {"htu": None},
    "another address": {"htu": "https://id.example.org/oauth/userinfo"},
    "another host": {"htu": "https://evil.example/oauth/token"},
    "another scheme": {"htu": "http://id.example.org/oauth/token"},
    "another port": {"htu": "https://id.example.org:8443/oauth/token"},
    "a host before an @": {"htu": "https://id.example.org@evil.example/oauth/token"},
    "a path in other letters": {"htu": "https://id.example.org/OAuth/token"},
    "no iat": {"iat": None},
    "an iat that is text": {"iat": "now"},
    "an iat that is true": {"iat": True},
    "an iat that is no number": {"iat": float("nan")},
    "an iat of the far future": {"iat": 10**30},
    "an iat of before": {"iat": -1},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_claim_that_is_missing_or_wrong_is_refused(means, clock, prover, what):
    proof = prover.proof("POST", URL, clock(), **WRONG[what])
    assert refused(means, proof, clock).error == "invalid_dpop_proof"


@pytest.mark.parametrize("bent", [[], {}, 7, "", ["x"], True])
def test_a_nonce_that_is_none_of_ours_is_answered_with_one_that_is(means, clock, prover, bent):
    told = refused(means, prover.proof("POST", URL, clock(), nonce=bent), clock)
    assert (told.error, dict(told.headers)["dpop-nonce"]) == ("use_dpop_nonce", nonce(means, clock()))


@pytest.mark.parametrize("seconds", [-3_600, -60, 60, 3_600])
def test_a_proof_of_another_minute_is_refused(means, clock, prover, seconds):
    proof = prover.proof("POST", URL, clock(), iat=int(clock().timestamp()) + seconds)
    assert refused(means, proof, clock).error == "invalid_dpop_proof"


def test_the_query_and_the_fragment_do_not_count(means, clock, prover):
    proof = prover.proof("POST", "HTTPS://ID.example.org:443/oauth/%74oken?x=1#y", clock())
    assert shown(means, proof, clock) == prover.thumbprint
    assert not same_address("https://a.test/x%2Fy", "https://a.test/x/y")
    assert not same_address("https://a.test/x", "https://a.test/x/")
    assert not same_address("ftp://a.test/", "ftp://a.test/")
    assert not same_address("https://a.test:port/", "https://a.test/")


def test_a_proof_counts_once_also_in_another_process(means, clock, prover):
    proof = prover.proof("POST", URL, clock())
    assert shown(means, proof, clock) == prover.thumbprint
    assert refused(means, proof, clock).error == "invalid_dpop_proof"
    other = Prover().proof("POST", URL, clock(), jti="same")
    assert shown(means, other, clock)
    assert shown(means, prover.proof("POST", URL, clock(), jti="same"), clock) == prover.thumbprint


def test_two_proofs_at_once_are_refused(means, clock, prover):
    two = [prover.proof("POST", URL, clock()), prover.proof("POST", URL, clock())]
    assert refused(means, two, clock).error == "invalid_dpop_proof"


def test_the_digest_of_the_access_token_has_to_be_there_where_one_is_shown(means, clock, prover):
    right = prover.proof("GET", URL, clock(), token="token")
    assert shown(means, right, clock, method="GET", token="token") == prover.thumbprint
    for wrong in (prover.proof("GET", URL, clock()), prover.proof("GET", URL, clock(), token="another")):
        assert refused(means, wrong, clock, method="GET", token="token").error == "invalid_dpop_proof"


def headers_that_are_wrong(prover):
    public, private = prover.key.as_dict(private=False), prover.key.as_dict(private=True)
    oct_key = jwk.generate_key("oct", 256)
    yield "no typ", {"typ": None}
    yield "another typ", {"typ": "JWT"}
    yield "a private key", {"jwk": private}
    yield "another key", {"jwk": Prover().key.as_dict(private=False)}
    yield "a symmetric key", {"jwk": oct_key.as_dict(private=True)}
    yield "no key", {"jwk": None}
    yield "a key that is text", {"jwk": "key"}
    yield "a point that is not on the curve", {"jwk": public | {"x": public["y"]}}
    yield "an unknown critical header", {"crit": ["exp"], "exp": 1}


@pytest.mark.security("9.1.2", "9.1.3", "9.2.2")
def test_a_header_that_is_wrong_is_refused(means, clock, prover):
    for what, header in headers_that_are_wrong(prover):
        proof = forged(prover, clock, header)
        assert refused(means, proof, clock).error == "invalid_dpop_proof", what


def forged(prover, clock, header):
    """A proof whose header was changed before it was signed with the prover's own key."""
    right = prover.proof("POST", URL, clock())
    payload = right.split(".")[1]
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": prover.key.as_dict(private=False)} | header
    head = {name: value for name, value in head.items() if value is not None}
    first = b64(json.dumps(head).encode())
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    made = prover.key.private_key.sign(f"{first}.{payload}".encode(), ECDSA(SHA256()))
    r, s = decode_dss_signature(made)
    return f"{first}.{payload}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.mark.security("9.1.2")
def test_no_algorithm_but_those_for_signatures_counts(means, clock, prover):
    public = prover.key.as_dict(private=False)
    payload = json.dumps({"jti": "a", "htm": "POST", "htu": URL, "iat": int(clock().timestamp())})
    none = f"{b64(json.dumps({'typ': 'dpop+jwt', 'alg': 'none', 'jwk': public}).encode())}.{b64(payload.encode())}."
    secret = jwk.generate_key("oct", 256)
    mixed = signed({"typ": "dpop+jwt", "alg": "HS256", "jwk": public}, payload, secret)
    for proof in (none, mixed):
        assert refused(means, proof, clock).error == "invalid_dpop_proof"


@pytest.mark.security("9.1.1")
def test_what_is_no_proof_is_refused_and_nothing_breaks(means, clock, prover):
    right = prover.proof("POST", URL, clock())
    head, body, signature = right.split(".")
    deep = b64(b'{"a":' * 2_000 + b"1" + b"}" * 2_000)
    for text in ("", "x", "a.b.c", "..", f"{head}.{body}", f"{head}.{body}.", f"{head}..{signature}", right + "x" * 5_000,
                 f"{head}.{deep}.{signature}", f"{b64(b'[]')}.{body}.{signature}", f"{b64(b'{}')}.{body}.{signature}",
                 f"{head}.{body}.{'A' * 86}", "\xe9" + right, f"{right}, {right}"):  # fmt: skip
        assert refused(means, text, clock).error == "invalid_dpop_proof", text[:80]
    listed = signed(
        {"typ": "dpop+jwt", "alg": "ES256", "jwk": prover.key.as_dict(private=False)}, "[]", prover.key
    )
    assert refused(means, listed, clock).error == "invalid_dpop_proof"
    assert shown(means, right, clock) == prover.thumbprint


def test_a_nonce_that_comes_along_has_to_be_ours_and_the_answer_says_which(means, clock, prover):
    answer = refused(means, prover.proof("POST", URL, clock(), nonce="mine"), clock)
    assert answer.error == "use_dpop_nonce"
    [(name, ours)] = answer.headers
    assert (name, ours) == ("dpop-nonce", nonce(means, clock()))
    assert shown(means, prover.proof("POST", URL, clock(), nonce=ours), clock) == prover.thumbprint
    clock.move(minutes=5)
    assert shown(means, prover.proof("POST", URL, clock(), nonce=ours), clock) == prover.thumbprint
    clock.move(minutes=5)
    assert refused(means, prover.proof("POST", URL, clock(), nonce=ours), clock).error == "use_dpop_nonce"


@pytest.mark.security("11.2.3")
def test_a_short_rsa_key_is_refused(means, clock):
    from cryptography.hazmat.primitives.asymmetric import rsa

    prover = Prover("RS256")
    prover.key = jwk.import_key(rsa.generate_private_key(65_537, 1_024).private_bytes(*_pem()), "RSA")
    assert refused(means, prover.proof("POST", URL, clock()), clock).error == "invalid_dpop_proof"


def _pem():
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
