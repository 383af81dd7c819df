"""Signed statements (JWT): what is believed of one whose signature was good, whoever made it (RFC 8725)."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST = 8_000
CLOCKS_DIFFER = timedelta(seconds=60)
"""So far another's clock may be ahead of ours."""
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""What others may sign with: all by a pair of keys, so that none of ours can be taken for a shared secret (attack 22)."""
BELIEVED_HEADERS = frozenset({"alg", "typ", "kid", "cty", "x5t", "x5t#S256"})
_KEYS_OF_THEIR_OWN = frozenset({"jku", "jwk", "x5u", "x5c"})
_PARTS = re.compile(r"([\w-]{1,1400})\.([\w-]{1,6600})\.([\w-]{1,1400})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as it was signed: its header and what it says."""

    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def typ(self) -> str:
        """What kind of statement it says that it is; `application/` may be left out (RFC 7515, section 4.1.9)."""
        return str(self.header.get("typ", "")).lower().removeprefix("application/")


def header_of(text: str, algorithms: Collection[str] = ALGORITHMS) -> dict[str, Any] | None:
    """The header of a statement, which nobody has vouched for yet; `None` for what is not worth a look at a key.

    A statement that brings or names its own key, or that has to be understood in a way of its own (`crit`, `b64`),
    is not looked at further.
    """
    parts = _PARTS.fullmatch(text) if len(text) <= LONGEST else None
    header = None if parts is None else object_in(parts[1])
    if (
        header is None
        or header.get("alg") not in algorithms
        or {"crit", "b64", *_KEYS_OF_THEIR_OWN} & {*header}
    ):
        return None
    texts = [header[name] for name in ("typ", "kid", "alg") if name in header]
    return header if all(isinstance(each, str) for each in texts) else None


def object_in(part: str) -> dict[str, Any] | None:
    """The JSON object in a part of a statement: each name once, numbers that are numbers, texts that are Unicode (no
    half of a pair, which could not be written down); or `None`.
    """
    try:
        filled = part + "=" * (-len(part) % 4)
        read = json.loads(urlsafe_b64decode(filled), object_pairs_hook=_once_each, parse_constant=_no_number)
        json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def moment_of(claims: dict[str, Any], name: str) -> datetime | None:
    """A moment that a statement names, or `None`.

    >>> moment_of({"exp": 0}, "exp"), moment_of({"exp": True}, "exp"), moment_of({"exp": "0"}, "exp")
    (datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), None, None)
    """
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def is_in_time(claims: dict[str, Any], now: datetime, *, may_be_expired: bool = False) -> bool:
    """Whether it holds now: it names an end that is not past, and neither its beginning nor its making lies ahead."""
    until = moment_of(claims, "exp")
    if until is None or (until <= now and not may_be_expired):
        return False
    begins = [moment_of(claims, name) for name in ("nbf", "iat") if name in claims]
    return all(each is not None and each <= now + CLOCKS_DIFFER for each in begins)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name came twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(text)
