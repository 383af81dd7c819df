"""One authorization of one client by one person, and the tokens that come of it: who may still use which (RFC 9700)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from signedin.rules.account import AccountId
from signedin.rules.session import SessionId

CODE_LASTS = timedelta(seconds=60)
"""ASVS 10.4.3 asks for a minute at most where it asks most."""
ACCESS_LASTS = timedelta(hours=1)
JWT_LASTS = timedelta(minutes=5)
"""A signed access token is believed without asking: so long a revocation may take to reach it (D24)."""
WITHOUT_STAYING = ACCESS_LASTS + timedelta(minutes=15)
"""So long a grant is of use that brings no refresh token: its code or device code is redeemed by then, and used up."""
GRACE = timedelta(seconds=10)
"""So long the same client gets the same successor for a refresh token that it has used: a retry is no theft."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person gave a client: a consent's, or a session's of one's own app.

    `row_id` is the row of the list that it goes with: a consent, or the session that began with its first tokens, and
    `None` until then. `first_proof` is the number in the account's history at which whoever gave it had shown who they
    are (D23). `sid` is the browser's session in which that was, told to clients for logout; `generation` counts
    rotations of its refresh token, so that no two of a second are taken for each other. `until` is its absolute end.
    """

    id: str
    account_id: AccountId
    client_id: str
    scopes: tuple[str, ...]
    first_proof: int
    given_at: datetime
    authenticated_at: datetime
    until: datetime
    row_id: SessionId | None = None
    resources: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    nonce: str = ""
    sid: str = ""
    key_thumbprint: str = ""
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Redeemable:
    """An authorization code as it waits to be redeemed, once: all that it is bound to (RFC 6749, section 4.1.3)."""

    grant_id: str
    account_id: AccountId
    client_id: str
    redirect_uri: str
    challenge: str
    until: datetime
    key_thumbprint: str = ""
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh token as it is remembered: which of its grant's it is, and what came of it when it was used."""

    grant_id: str
    generation: int
    used_at: datetime | None = None
    successor: bytes | None = field(default=None, repr=False)


class Turn(Enum):
    """What happens to a refresh token that is shown."""

    ROTATE = auto()
    AGAIN = auto()
    REUSE = auto()


def turn_of(shown: Refresh, grant: Grant, now: datetime) -> Turn:
    """Whether a refresh token brings new tokens, the same ones again, or the end of its grant.

    Only the immediate predecessor of the token in use is answered again, within ten seconds, by the same successor;
    any other that was used is in two hands, and nobody can tell which is the thief's (RFC 9700, section 4.14.2).
    """
    if shown.used_at is None and shown.generation == grant.generation:
        return Turn.ROTATE
    is_before = shown.generation + 1 == grant.generation
    if is_before and shown.used_at is not None and shown.successor and now - shown.used_at < GRACE:
        return Turn.AGAIN
    return Turn.REUSE


def narrowed(granted: Collection[str], asked: Collection[str]) -> tuple[str, ...] | None:
    """The scopes of a new token: those asked for, or all; `None` when more was asked for than was given (section 6).

    >>> narrowed(("openid", "email"), ("email",)), narrowed(("email",), ("email", "profile"))
    (('email',), None)
    """
    if not asked:
        return tuple(granted)
    return tuple(each for each in granted if each in asked) if set(asked) <= set(granted) else None
