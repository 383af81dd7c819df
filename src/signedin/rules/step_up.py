"""Fresh authentication: what needs a proof of identity that is only minutes old (D17)."""

from __future__ import annotations

from datetime import datetime, timedelta

from signedin.rules.presence import Presence

FRESH_FOR = timedelta(minutes=15)
"""OWASP ASVS 5.0, 7.5.3; creating access keys always asks for it."""


def is_fresh(presence: Presence, now: datetime) -> bool:
    """Whether the one who asks has shown who they are within the last minutes: a key never has."""
    return presence.scopes is None and now - presence.authenticated_at <= FRESH_FOR
