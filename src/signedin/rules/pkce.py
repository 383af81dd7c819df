"""Proof that who redeems a code is who asked for it (RFC 7636): S256 and nothing else."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from hmac import compare_digest

METHOD = "S256"
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}", re.ASCII)
_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}", re.ASCII)


def is_challenge(text: str) -> bool:
    """Whether it can be the S256 challenge of a verifier (section 4.2)."""
    return _CHALLENGE.fullmatch(text) is not None


def is_verifier(text: str) -> bool:
    """Whether it has the length and the characters of a verifier (section 4.1)."""
    return _VERIFIER.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """The challenge that belongs to a verifier.

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def is_proved(challenge: str, verifier: str | None) -> bool:
    """Whether the verifier is that of the challenge. One without the other proves nothing (RFC 9700, section 4.8.2)."""
    if not challenge or verifier is None:
        return not challenge and verifier is None
    return is_verifier(verifier) and compare_digest(challenge_of(verifier), challenge)
