"""A clock that runs through suspend, for leases: how long, never what time it is."""

from __future__ import annotations

import sys
import time

if sys.platform == "darwin":
    # There CLOCK_MONOTONIC counts sleep; `time.monotonic()` does not.
    _CLOCK = time.CLOCK_MONOTONIC
else:
    _CLOCK = time.CLOCK_BOOTTIME


def boot_time() -> float:
    """Seconds since some moment in the past, also while the machine slept."""
    return time.clock_gettime(_CLOCK)
