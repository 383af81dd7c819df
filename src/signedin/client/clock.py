"""A clock that runs through suspend, where this machine has one: without it no lease is counted."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial


def boot_clock() -> Callable[[], float] | None:
    """Seconds since some moment in the past, also while the machine slept; `None` where nothing counts them.

    On macOS CLOCK_MONOTONIC counts sleep, and `time.monotonic()` does not.
    """
    name = "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME"
    which: int | None = getattr(time, name, None)
    if which is None:
        return None
    return partial(time.clock_gettime, which)
