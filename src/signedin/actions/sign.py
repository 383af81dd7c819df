"""Stand-in."""

from __future__ import annotations

from typing import Any

from joserfc import jwk, jwt

from signedin.actions.means import Means

_KEYS: dict[str, Any] = {}


def _key(algorithm: str) -> Any:
    if algorithm not in _KEYS:
        _KEYS[algorithm] = (
            jwk.generate_key("RSA", 2048) if algorithm == "RS256" else jwk.generate_key("EC", "P-256")
        )
    return _KEYS[algorithm]


async def signed(means: Means, claims: dict[str, Any], *, typ: str, algorithm: str = "RS256") -> str:
    """Stand-in."""
    return jwt.encode({"alg": algorithm, "typ": typ}, claims, _key(algorithm), algorithms=[algorithm])


async def verified(
    means: Means, token: str, *, typ: str | None, now: Any, may_be_expired: bool = False
) -> dict[str, Any] | None:
    """Stand-in."""
    try:
        read = jwt.decode(token, _key("RS256"), algorithms=["RS256"])
    except Exception:
        return None
    return read.claims if typ is None or read.header.get("typ") == typ else None
