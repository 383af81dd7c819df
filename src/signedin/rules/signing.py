"""With which of our keys a statement is signed, which are told to others, and which still count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

OURS = ("RS256", "ES256")
"""What we sign with: RS256 because every client can read it (OpenID Connect Core, section 15.1)."""
TOLD_BEFORE = timedelta(minutes=10)
"""A new key is told for so long before it signs: clients and other processes remember the set for less than that."""
TOLD_AFTER = timedelta(hours=2)
"""A retired key is told until all that it signed has expired; nothing that we sign lasts for more than an hour."""
KEPT = timedelta(days=90)
"""So long a retired key tells us that an expired ID token was ours, where it is only a hint (RP-Initiated Logout, 2)."""
REMEMBERED = timedelta(seconds=60)
"""How long a process goes by what it has read, also of keys that were taken away at once: a restart is sooner."""


class Pair(Protocol):
    """What is known of a pair of keys."""

    @property
    def made_at(self) -> datetime:
        """When it was made."""

    @property
    def retired_at(self) -> datetime | None:
        """From when on it signs no more."""


P = TypeVar("P", bound=Pair)


def signer_of(pairs: Iterable[P], now: datetime) -> P | None:
    """The one of an algorithm's pairs that signs now: the newest that has been told for long enough, or the oldest.

    Of two that were made at once, the one that is about to retire is the older one.
    """
    living = sorted((each for each in pairs if not _is_retired(each, now)), key=_age)
    told = [each for each in living if each.made_at + TOLD_BEFORE <= now]
    return next(iter(told[-1:] or living[:1]), None)


def is_told(pair: Pair, now: datetime) -> bool:
    """Whether others have to know it."""
    return pair.retired_at is None or now < pair.retired_at + TOLD_AFTER


def _age(pair: Pair) -> tuple[datetime, bool]:
    return pair.made_at, pair.retired_at is None


def _is_retired(pair: Pair, now: datetime) -> bool:
    return pair.retired_at is not None and pair.retired_at <= now
