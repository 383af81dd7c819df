"""How often one may try: waits that grow, never a lock that somebody else can close (security 6.1.1, 6.3.1).

A browser that the account knows is counted for itself alone. So strangers who guess can make other strangers
wait, but not the owner. Attempts are counted before the guess is judged: guesses made at once count too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

FORGOTTEN_AFTER = timedelta(days=30)
"""A count that nothing was added to for so long is forgotten."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many attempts were made in a row, when the last was, and until when there may be no other."""

    count: int
    last_at: datetime
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How many attempts are free; the wait after the last of them, which doubles; and where patience ends.

    After `most` attempts in a row the wait is `FORGOTTEN_AFTER`: NIST SP 800-63B-4, section 3.2.2, wants a
    password disabled after 100. `one_back` is the time after which one attempt is taken back, for what many
    people share; without it only success starts the count anew.
    """

    free: int
    first_wait: timedelta = timedelta(minutes=1)
    longest_wait: timedelta = timedelta(minutes=10)
    most: int | None = 100
    one_back: timedelta | None = None

    def wait_after(self, count: int) -> timedelta:
        """The wait after that many attempts in a row.

        >>> [str(Patience(5).wait_after(count)) for count in (4, 5, 6, 7, 8, 9, 99)]
        ['0:00:00', '0:01:00', '0:02:00', '0:04:00', '0:08:00', '0:10:00', '0:10:00']
        >>> Patience(5).wait_after(100).days
        30
        """
        if count < self.free:
            return timedelta(0)
        if self.most is not None and count >= self.most:
            return FORGOTTEN_AFTER
        return min(self.first_wait * (1 << min(count - self.free, 16)), self.longest_wait)

    def after(self, before: Attempts | None, now: datetime) -> Attempts:
        """The count with one more attempt, made now."""
        count = 0 if before is None else self.count_now(before, now)
        wait = self.wait_after(count + 1)
        return Attempts(count + 1, now, now + wait if wait else None)

    def count_now(self, before: Attempts, now: datetime) -> int:
        """What still counts of earlier attempts."""
        quiet = max(now - before.last_at, timedelta(0))
        if quiet >= FORGOTTEN_AFTER:
            return 0
        return max(before.count - (quiet // self.one_back if self.one_back else 0), 0)


ACCOUNT = Patience(free=5)
BROWSER = Patience(free=10)
ADDRESS = Patience(free=50, most=None, one_back=timedelta(minutes=2))
UNKNOWN_SECRETS = Patience(free=30, most=None, one_back=timedelta(minutes=2))
"""Different unknown sessions from one network, before it is told to wait."""
LETTER = Patience(free=1, first_wait=timedelta(days=1), longest_wait=timedelta(days=1), most=None)
"""Letters that anybody can set off: one a day for each who gets them."""


def network_of(address: str) -> str:
    """What is counted of an address: all of IPv4, the /64 of IPv6, because one subscriber has all of that.

    >>> network_of("203.0.113.9"), network_of("::ffff:203.0.113.9"), network_of("2001:db8:1:2:3::4")
    ('203.0.113.9', '203.0.113.9', '2001:db8:1:2::/64')
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
