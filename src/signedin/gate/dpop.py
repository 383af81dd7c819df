"""Proof of the key that a token is bound to (RFC 9449): all the checks of section 4.3, and each proof once."""

from __future__ import annotations

import re
import warnings
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from joserfc import jwk, jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jws import JWSRegistry

from signedin.actions.means import Means
from signedin.actions.use_once import use_once
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.sent import Headers
from signedin.rules.statement import ALGORITHMS, moment_of, object_in

LONGEST = 4_096
OLDEST, NEWEST = timedelta(seconds=30), timedelta(seconds=15)
"""How long ago a proof may have been made, and how far a client's clock may be ahead."""
NONCE_LASTS = timedelta(minutes=5)
_USED_AS = "dpop"
_UNRESERVED = re.compile(r"%([0-9A-Fa-f]{2})")


class _Registry(JWSRegistry):
    max_header_length = 2_048


class Proof(NamedTuple):
    """A proof that was read: the thumbprint of its key, its id, and when it was made."""

    thumbprint: str
    id: str
    made_at: datetime


async def proved_key(
    means: Means, headers: Headers, method: str, url: str, now: datetime, *, access_token: str | None = None
) -> str:  # fmt: skip
    """The thumbprint of the key that a request proves to have, or nothing when it proves none; a proof is used up.

    `url` is where the request came to, as clients know it. `access_token` is the one that came with it.

    Raises:
        OAuthRefused: `invalid_dpop_proof`; or `use_dpop_nonce` with the nonce to use.
        DatabaseProblem, Unavailable: it cannot be known whether it was used before.
    """
    lines = [value.decode("latin-1") for name, value in headers if name == b"dpop"]
    if not lines:
        return ""
    if len(lines) > 1:
        raise invalid("A request carries one DPoP proof.")
    proof = _read(means, lines[0], method, url, now, access_token)
    until = proof.made_at + OLDEST + NEWEST
    if not await use_once(means, _USED_AS, proof.thumbprint, proof.id, until):
        raise invalid("This DPoP proof was used before.")
    return proof.thumbprint


def invalid(description: str) -> OAuthRefused:
    """The refusal of a proof."""
    return OAuthRefused("invalid_dpop_proof", description)


def nonce(means: Means, now: datetime, before: int = 0) -> str:
    """The nonce of these five minutes, or of those so many before: only this installation can have made it."""
    window = int(now.timestamp() // NONCE_LASTS.total_seconds()) - before
    return _b64(means.keyring.mac("dpop-nonce", b"%d" % window)[:18])


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are the same, whatever their queries and fragments are (section 4.3, number 9).

    >>> same_address("HTTPS://Example.org:443/a%7Eb?x#y", "https://example.org/a~b")
    True
    """
    first, second = _normal(one), _normal(other)
    return first is not None and first == second


def _read(means: Means, text: str, method: str, url: str, now: datetime, access_token: str | None) -> Proof:
    key, claims = _verified(text)
    proof = Proof(key.thumbprint(), _word(claims, "jti"), _moment(claims))
    if _word(claims, "htm") != method:
        raise invalid("htm is not the method of this request.")
    if not same_address(_word(claims, "htu"), url):
        raise invalid("htu is not the address of this request.")
    if not now - OLDEST <= proof.made_at <= now + NEWEST:
        raise invalid("iat is too far from the server's clock.")
    if "nonce" in claims and claims["nonce"] not in (nonce(means, now), nonce(means, now, 1)):
        fresh = (("dpop-nonce", nonce(means, now)),)
        raise OAuthRefused("use_dpop_nonce", "Use the nonce of the DPoP-Nonce header.", headers=fresh)
    if access_token is not None:
        expected = _b64(sha256(access_token.encode()).digest())
        if not compare_digest(_word(claims, "ath").encode(), expected.encode()):
            raise invalid("ath is not the digest of the access token.")
    return proof


def _verified(text: str) -> tuple[jwk.Key, dict[str, Any]]:
    """The key and the claims of a proof whose signature is right; the signature comes before the content."""
    if len(text) > LONGEST or text.count(".") != 2 or not text.isascii():
        raise invalid("The DPoP proof is no compact JWT.")
    head, body, _ = text.split(".")
    header, claims = object_in(head) or {}, object_in(body)
    if header.get("typ") != "dpop+jwt" or header.get("alg") not in ALGORITHMS or {"crit", "b64"} & {*header}:
        raise invalid("The DPoP proof is of another type or algorithm.")
    registry = _Registry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of the name EdDSA, which is what clients write
            key = _public_key(header.get("jwk"))
            jws.deserialize_compact(text, key, registry=registry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise invalid("The DPoP proof cannot be read, or its signature is wrong.") from None
    if claims is None:
        raise invalid("The DPoP proof says nothing.")
    return key, claims


def _public_key(given: object) -> jwk.Key:
    """The key in the header: public, asymmetric, and an RSA key long enough."""
    if not isinstance(given, dict) or given.get("kty") not in {"EC", "RSA", "OKP"}:
        raise invalid("jwk is no public key.")
    if {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & given.keys():
        raise invalid("jwk holds a private key.")
    names = {"kty", "crv", "x", "y", "n", "e"}
    key = jwk.import_key({name: value for name, value in given.items() if name in names})
    size = getattr(key.public_key, "key_size", 0) if given["kty"] == "RSA" else 4_096
    if not 2_048 <= size <= 4_096:
        raise invalid("The RSA key is too short or too long.")
    return key


def _word(claims: dict[str, Any], name: str) -> str:
    said = claims.get(name)
    if not isinstance(said, str) or not 0 < len(said) <= 2_000:
        raise invalid(f"{name} is missing.")
    return said


def _moment(claims: dict[str, Any]) -> datetime:
    said = moment_of(claims, "iat")
    if said is None:
        raise invalid("iat is missing.")
    return said


def _normal(address: str) -> tuple[str, str, int | None, str] | None:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return None
    path = _UNRESERVED.sub(_plain, parts.path) or "/"
    return parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], path


def _plain(found: re.Match[str]) -> str:
    """An escaped character as RFC 3986, section 6.2.2 writes it."""
    character = unquote(found[0])
    is_unreserved = character.isascii() and (character.isalnum() or character in "-._~")
    return character if is_unreserved else found[0].upper()


def _b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
