"""The one reader of signed statements: every JWT that is taken anywhere is verified here (attack 22)."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import Key, import_key

from signedin.rules.statement import ALGORITHMS, Statement, header_of, object_in

FITS = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
"""The kind of key that each algorithm takes; a key of any other kind is not tried."""


def read_statement(
    text: str, keys: Iterable[dict[str, Any]], algorithms: Collection[str] = ALGORITHMS
) -> Statement | None:
    """The statement, signed by one of these public keys (as JWKs); `None` for everything else, whatever is wrong."""
    header = header_of(text, algorithms)
    if header is None:
        return None
    fitting = [each for each in keys if _fits(each, header)]
    if not any(_is_signed_by(text, key, header["alg"]) for key in fitting):
        return None
    claims = object_in(text.split(".")[1])
    return None if claims is None else Statement(header, claims)


def key_in(jwk: dict[str, Any]) -> Key:
    """A key as the library has it.

    Raises:
        ValueError: it is none.
    """
    try:
        return import_key(jwk)
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise ValueError("no key") from problem


def _fits(jwk: dict[str, Any], header: dict[str, Any]) -> bool:
    kind, curve = FITS[header["alg"]]
    is_theirs = "kid" not in header or jwk.get("kid") == header["kid"]
    is_for_it = jwk.get("use", "sig") == "sig" and jwk.get("alg", header["alg"]) == header["alg"]
    return is_theirs and is_for_it and jwk.get("kty") == kind and (curve is None or jwk.get("crv") == curve)


def _is_signed_by(text: str, jwk: dict[str, Any], algorithm: str) -> bool:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = 1400
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", SecurityWarning
        )  # of the name EdDSA, which is still what clients write
        try:
            jws.deserialize_compact(text, key_in(jwk), registry=registry)
        except (JoseError, ValueError):
            return False
    return True
