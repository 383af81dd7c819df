"""How often one caller may call: a bucket that fills as time passes, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PERIOD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one caller has left at a moment."""

    left: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Pace:
    """So many calls a minute; who has saved them up may make them all at once."""

    calls: int

    def filled(self, bucket: Bucket | None, now: datetime) -> Bucket:
        """What is left now of what was left then."""
        if bucket is None:
            return Bucket(self.calls, now)
        passed = max(now - bucket.at, timedelta(0))
        return Bucket(min(self.calls, bucket.left + self.calls * (passed / PERIOD)), now)

    def after_one(self, bucket: Bucket) -> Bucket | None:
        """What is left after one call more, or `None` where there may be none.

        >>> from datetime import UTC
        >>> now = datetime(2026, 11, 23, tzinfo=UTC)
        >>> one = Pace(2).after_one(Pace(2).filled(None, now))
        >>> Pace(2).after_one(Pace(2).after_one(one)) is None
        True
        """
        return Bucket(bucket.left - 1, bucket.at) if bucket.left >= 1 else None

    def next_at(self, bucket: Bucket) -> datetime:
        """When there may be a call again."""
        return bucket.at + PERIOD * ((1 - bucket.left) / self.calls)

    def said(self, bucket: Bucket) -> tuple[str, str]:
        """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).

        >>> from datetime import UTC
        >>> Pace(600).said(Bucket(599.5, datetime(2026, 11, 23, tzinfo=UTC)))
        ('"calls";q=600;w=60', '"calls";r=599;t=1')
        """
        until_full = PERIOD * ((self.calls - bucket.left) / self.calls)
        seconds = -int(-until_full.total_seconds() // 1)
        width = int(PERIOD.total_seconds())
        return f'"calls";q={self.calls};w={width}', f'"calls";r={int(bucket.left)};t={seconds}'
