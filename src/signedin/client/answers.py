"""What an app is told: somebody, nobody and why, or that it cannot be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

EVERYTHING = frozenset({"*"})


class SignedIn(NamedTuple):
    """Somebody. `scopes` is `{"*"}` for a session, which may do whatever its person may.

    A personal access key, let in where a scope was named, has no `session` and no `app_type`.
    """

    account: str
    session: str | None
    app_type: str | None
    scopes: frozenset[str] = EVERYTHING


@dataclass(frozen=True, slots=True)
class NotSignedIn:
    """Nobody, known to be so; false wherever it is asked whether somebody is signed in.

    `reason` is one of the contract's: `missing`, `unknown`, `revoked`, `logged_out_everywhere` ...
    """

    reason: str

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class NotAllowed(NotSignedIn):
    """Somebody, by a personal access key that does not hold the scope that was named: to be answered 403.

    Nobody to an app that asks no further, for it is false too.
    """

    reason: str = "insufficient_scope"


class Unavailable(Exception):
    """It cannot be known now whether somebody is signed in: nobody may be let in, and nobody is signed out."""


class KeyRefused(Unavailable):
    """The service does not take this service key for that: look at its scopes and app types."""
