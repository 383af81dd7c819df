"""Signing a device in by another one: a code that the device shows, and how often it may ask (RFC 8628)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signedin.rules.account import AccountId

LASTS = timedelta(minutes=10)
WAITS = 5
"""Seconds between two questions of a device, and what is added each time that it asks too soon (section 3.5)."""
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so no words; none that are taken for digits (section 6.1)."""
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a device asked for. `about` is what it says of itself, and where the question came from.

    `claimed_by` is the session whose person entered the code: nobody else decides (attack 18).
    """

    client_id: str
    scopes: tuple[str, ...]
    until: datetime
    resources: tuple[str, ...] = ()
    about: dict[str, str] = field(default_factory=dict)
    wait_seconds: int = WAITS
    asked_at: datetime | None = None
    claimed_by: str | None = None
    refused_at: datetime | None = None
    account_id: AccountId | None = None
    grant_id: str | None = None

    def is_too_soon(self, now: datetime) -> bool:
        """Whether the device asks more often than it was told to."""
        return self.asked_at is not None and now - self.asked_at < timedelta(seconds=self.wait_seconds)

    def wait_after(self, now: datetime) -> int:
        """How long it has to wait after asking now: longer each time that it was too soon."""
        return self.wait_seconds + WAITS if self.is_too_soon(now) else self.wait_seconds


def make_user_code() -> str:
    """A new code for a person to type: eight consonants, 2.56e10 of them.

    >>> len(make_user_code())
    9
    """
    letters = "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))
    return f"{letters[:4]}-{letters[4:]}"


def read_user_code(text: str) -> str | None:
    """What a person typed, as the code is kept; `None` when it can be none.

    >>> read_user_code("wdjb mjht"), read_user_code("WDJB-MJH1")
    ('WDJB-MJHT', None)
    """
    letters = "".join(ch for ch in text.upper() if ch not in " -\t.")
    if len(letters) != _LENGTH or not set(letters) <= set(LETTERS):
        return None
    return f"{letters[:4]}-{letters[4:]}"
