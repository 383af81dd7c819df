"""The public keys that a client signs its statements with, as they may be registered (RFC 7517)."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Iterable
from typing import Any

from signedin.rules.errors import InvalidInput
from signedin.rules.wording import marked as _

MOST = 5
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEPT = {
    "RSA": ("n", "e"),
    "EC": ("crv", "x", "y"),
    "OKP": ("crv", "x"),
}
_SAID_BESIDE = ("kty", "kid", "alg", "use")
_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_BYTES = {"x": 32, "y": 32}
SHORTEST_RSA, LONGEST_RSA = 256, 1024
"""Bytes of a modulus: 2,048 bits at least (RFC 7518, section 3.3), and none that keeps us busy."""


def judge_keys(keys: Iterable[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    """The keys with what is needed of them, and nothing else.

    Raises:
        InvalidInput: one is not public, not of a kind that is taken, too weak, or named like another.
    """
    kept = tuple(map(_judged, keys))
    names = [each["kid"] for each in kept if "kid" in each]
    if len(kept) > MOST or len(set(names)) != len(names) or (len(kept) > 1 and len(names) != len(kept)):
        raise _refused(_("Up to five keys, and where there are several each has a `kid` of its own."))
    return kept


def _judged(key: dict[str, Any]) -> dict[str, Any]:
    if PRIVATE & {*key}:
        raise _refused(_("This is a private or a shared key: register the public one, and make a new pair."))
    kind = key.get("kty")
    if kind not in _KEPT or key.get("crv") != _CURVES.get(str(kind)):
        raise _refused(_("A key is RSA, P-256 or Ed25519."))
    kept = {name: key[name] for name in (*_SAID_BESIDE, *_KEPT[kind]) if name in key}
    if len(kept) < 1 + len(_KEPT[kind]) or not all(
        isinstance(each, str) and len(each) < 1500 for each in kept.values()
    ):
        raise _refused(_("A key is incomplete."))
    for name in _KEPT[kind][kind != "RSA" :]:
        if not _is_long_enough(name, kept[name]):
            raise _refused(_("A key is too weak, or not readable."))
    if kept.get("use", "sig") != "sig":
        raise _refused(_("A key for encrypting signs nothing."))
    return kept


def _is_long_enough(name: str, text: str) -> bool:
    try:
        number = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return False
    if name == "n":
        return SHORTEST_RSA <= len(number.lstrip(b"\0")) <= LONGEST_RSA
    if name == "e":
        return 1 <= len(number) <= 4 and int.from_bytes(number, "big") >= 3
    return len(number) == _BYTES[name]


def _refused(sentence: str) -> InvalidInput:
    return InvalidInput(sentence, field="keys")
