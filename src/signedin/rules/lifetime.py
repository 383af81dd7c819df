"""How long a session lives: 30 days without activity, the overall limit, and the profiles to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signedin.rules.revocation import EndReason
from signedin.rules.session import AppType

INACTIVITY = timedelta(days=30)
"""Guide: "Sessions expire automatically after 30 days of inactivity"."""
OVERALL = timedelta(days=365)
"""OWASP ASVS 7.3.2 wants an overall limit (D7)."""
SHARED_COMPUTER = timedelta(hours=1)
"""A public or shared computer: the session ends after an hour without use (D35)."""
GRACE = timedelta(seconds=60)
"""How much later than known a use may have been, when another process or a crash kept it (D28)."""
WRITE_THROUGH_BELOW = timedelta(minutes=10)
"""Idle periods under this are written at each use, not coalesced (D28)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The two limits of a session; overall is never without end (D7)."""

    idle: timedelta = INACTIVITY
    overall: timedelta = OVERALL


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The limits in force: one pair for all, and pairs for the app types that differ."""

    default: Limits = Limits()
    by_app_type: Mapping[AppType, Limits] = field(default_factory=dict)

    def of(self, app_type: AppType, *, shared_computer: bool = False) -> Limits:
        """The limits for a session that begins now."""
        limits = self.by_app_type.get(app_type, self.default)
        if shared_computer:
            return Limits(min(limits.idle, SHARED_COMPUTER), limits.overall)
        return limits


_AAL1 = Limits(INACTIVITY, timedelta(days=30))
_AAL2 = Limits(timedelta(hours=1), timedelta(hours=24))
_AAL3 = Limits(timedelta(minutes=15), timedelta(hours=12))
_ADMIN = Limits(timedelta(hours=1), timedelta(hours=12))

PROFILES: Mapping[str, Lifetimes] = {
    "default": Lifetimes(),
    "nist-aal1": Lifetimes(_AAL1),
    "nist-aal2": Lifetimes(_AAL2),
    "nist-aal3": Lifetimes(_AAL3),
    "admin-strict": Lifetimes(Limits(), {AppType.ADMIN: _ADMIN}),
}
"""The presets of D7: NIST SP 800-63B-4 by assurance level, and a strict one for Admin alone."""


def why_expired(
    last_at: datetime, idle: timedelta, overall_until: datetime, now: datetime
) -> EndReason | None:
    """Why a session has ended by itself, or `None` while it lives; never before last use + idle (R68, D28)."""
    if now >= overall_until:
        return EndReason.EXPIRED_OVERALL
    if now >= last_at + idle:
        return EndReason.EXPIRED_IDLE
    return None
