"""What an ID token tells a client of a sign-in (OpenID Connect Core, section 2), and a signed access token (RFC 9068)."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256, sha512
from typing import Any

from signedin.rules.grant import Grant

TYP, ACCESS_TYP = "JWT", "at+jwt"
LASTS = timedelta(minutes=10)
"""A client reads it once, when it gets it."""
_METHODS = {"password": "pwd", "totp": "otp", "passkey": "pop"}
"""Factors as RFC 8176 names them."""


def id_token(
    issuer: str, subject: str, grant: Grant, access_token: str, algorithm: str, now: datetime, *, is_first: bool
) -> dict[str, Any]:  # fmt: skip
    """The claims of an ID token; the nonce is only in the one that comes with the code (section 12.2).

    The grant's `sid` is the name that this client knows the session by (`rules/claims.py`).
    """
    told = {
        "iss": issuer, "sub": subject, "aud": grant.client_id, "azp": grant.client_id,
        "iat": _seconds(now), "exp": _seconds(now + LASTS), "auth_time": _seconds(grant.authenticated_at),
        "at_hash": at_hash(access_token, algorithm),
    }  # fmt: skip
    also = {
        "nonce": grant.nonce if is_first else "",
        "sid": grant.sid,
        "acr": acr(grant.factors),
        "amr": amr(grant.factors),
    }
    return told | {name: value for name, value in also.items() if value}


def access_token(
    issuer: str, subject: str, grant: Grant, scopes: Collection[str], audience: str, jti: str, until: datetime,
    now: datetime, key_thumbprint: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The claims of a signed access token, for the one resource server that reads it by itself (RFC 9068, section 2.2)."""
    told = {
        "iss": issuer, "sub": subject, "aud": audience, "client_id": grant.client_id, "scope": " ".join(scopes),
        "jti": jti, "iat": _seconds(now), "exp": _seconds(until), "auth_time": _seconds(grant.authenticated_at),
    }  # fmt: skip
    also = {
        "acr": acr(grant.factors),
        "amr": amr(grant.factors),
        "cnf": {"jkt": key_thumbprint} if key_thumbprint else None,
    }
    return told | {name: value for name, value in also.items() if value}


def at_hash(access_token: str, algorithm: str) -> str:
    """The left half of a token's digest (section 3.1.3.6).

    >>> at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256")
    '77QmUPtjPfzWtF2AnpK9RQ'
    """
    hashed = (sha512 if algorithm == "EdDSA" else sha256)(access_token.encode("ascii")).digest()
    return urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()


def acr(factors: Collection[str]) -> str:
    """How sure it is that it was the person (NIST SP 800-63B-4); nothing of who was vouched for by an app.

    >>> acr(("password",)), acr(("password", "totp")), acr(())
    ('aal1', 'aal2', '')
    """
    kinds = len({_METHODS[factor] for factor in factors if factor in _METHODS})
    return f"aal{min(kinds, 2)}" if kinds else ""


def amr(factors: Collection[str]) -> list[str]:
    """By what the person was recognised (RFC 8176).

    >>> amr(("password", "totp"))
    ['pwd', 'otp', 'mfa']
    """
    methods = list(dict.fromkeys(_METHODS[factor] for factor in factors if factor in _METHODS))
    return [*methods, "mfa"] if len(methods) > 1 else methods


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
