"""Moments as whole microseconds, which is how they are kept and compared: exact, and cheap to compare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (moment - _EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The moment that many microseconds after 1970 UTC."""
    return _EPOCH + micros * MICROSECOND


def seconds_of(micros: int) -> int:
    """The whole seconds in so many microseconds, as the protocols write a moment.

    >>> seconds_of(to_micros(datetime(2026, 11, 29, 12, 0, 0, 999_999, UTC)))
    1795953600
    """
    return micros // 1_000_000
