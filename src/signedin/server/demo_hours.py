"""In which hours the demo's account was used: on working days around the hour of now, now and then on weekends."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from signedin.rules.used_hours import DAYS, UsedHours

_BEFORE, _AFTER = 8, 4
"""Hours of a day's work before and after the hour of now: the sign-in from far away is ten hours ago."""


def demo_hours(now: datetime) -> UsedHours:
    """The hours until now, always the same ones; the last one is that of the device that is worth a look."""
    chance, hours = random.Random(11), UsedHours()  # noqa: S311  # believable dots, not secrets
    for back in range(DAYS - 1, -1, -1):
        noon = now - timedelta(days=back)
        for hour in range(-_BEFORE, _AFTER):
            at = noon + timedelta(hours=hour)
            if at <= now and chance.random() < (0.12 if noon.weekday() >= 5 else 0.55):
                for _ in range(chance.choice((1, 1, 2, 3))):
                    hours = hours.noted(at)
    return hours.noted(now - timedelta(hours=10))
