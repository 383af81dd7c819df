"""How often one may try: waits that grow, never a lock that somebody else can close (security 6.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

LONGEST_WAIT = timedelta(minutes=10)
FORGOTTEN_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Patience:
    """How many attempts are free, and how long the first wait after them is; each further wait doubles."""

    free: int
    first_wait: timedelta = timedelta(seconds=30)

    def wait_after(self, attempts: int) -> timedelta:
        """The wait after that many attempts in a row.

        >>> Patience(5).wait_after(5), Patience(5).wait_after(7)
        (datetime.timedelta(0), datetime.timedelta(seconds=60))
        """
        over = attempts - self.free
        if over <= 0:
            return timedelta(0)
        return min(self.first_wait * (1 << min(over - 1, 20)), LONGEST_WAIT)


ACCOUNT = Patience(free=10)
ADDRESS = Patience(free=50)
BROWSER = Patience(free=20)
