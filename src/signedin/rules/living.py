"""What a check needs to know of a session or key that is in the live table."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from signedin.rules.lifetime import GRACE, WRITE_THROUGH_BELOW

_MICROSECOND = timedelta(microseconds=1)
SOON = 2 * GRACE // _MICROSECOND
"""How long before its end a session's use must be on disk before the answer, in microseconds (D28)."""
_SHORT = WRITE_THROUGH_BELOW // _MICROSECOND


class Living(NamedTuple):
    """Moments and spans in microseconds (rules/moments.py).

    `inactive` is the account's state unless it is active; `cut_off_at` is when all devices were logged out,
    if that ended this session (D23). `is_member` says that organisations have a say too.
    """

    session_id: str
    app_type: str
    began_at: int
    idle: int
    overall_until: int
    last_at: int
    inactive: str | None
    cut_off_at: int | None
    first_proof: int
    is_member: int | bool = False


class LivingKey(NamedTuple):
    """A personal access key that is in the live table; moments in microseconds."""

    key_id: str
    scopes: frozenset[str]
    issued_at: int
    expires_at: int | None
    inactive: str | None


class LivingServiceKey(NamedTuple):
    """A service key that was issued once; `revoked_at` says that it lives no more."""

    key_id: str
    name: str
    scopes: frozenset[str]
    app_types: frozenset[str]
    expires_at: int | None
    revoked_at: int | None


def soon_from(idle: int, last_at: int) -> int:
    """From when on a use must be on disk before the answer, in microseconds (D28)."""
    return 0 if idle < _SHORT else last_at + idle - SOON + 1


class LivingToken(NamedTuple):
    """An access token of a person that nothing has ended, in the order of the statement; moments in microseconds.

    `allowed` are the scopes of the consent that it goes with, `None` where it goes with a session; `app_type` is that
    of the session. `inactive` is the account's state unless it is active; `row_began_at` and `is_member` are for the
    rules of organisations.
    """

    grant_id: str
    client_id: str
    row_id: str
    scopes: frozenset[str]
    allowed: frozenset[str] | None
    audience: tuple[str, ...]
    made_at: int
    until: int
    key_thumbprint: str
    authenticated_at: int
    sid: str
    inactive: str | None
    disabled_at: int | None
    registered: frozenset[str]
    is_pairwise: bool
    idle: int
    last_at: int
    app_type: str | None
    overall_until: int | None
    row_began_at: int = 0
    is_member: int | bool = False


class LivingServiceToken(NamedTuple):
    """An access token that a service client has for itself."""

    grant_id: str
    client_id: str
    scopes: frozenset[str]
    audience: tuple[str, ...]
    made_at: int
    until: int
    key_thumbprint: str
    disabled_at: int | None
    registered: frozenset[str]
