"""Many unknown secrets from one network: somebody guesses, which is slowed down and recorded (security SM-9).

Only secrets that nobody has are counted, each once, after the database has said so: whoever has a real session
is let in before anything here is asked, whatever others do from the same network.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from signedin.rules.attempts import UNKNOWN_SECRETS, Attempts, network_of
from signedin.rules.location import mask_address

MOST_NETWORKS = 10_000
log = structlog.get_logger("signedin.security")


@dataclass(slots=True)
class _Tried:
    attempts: Attempts | None = None
    secrets: set[int] = field(default_factory=set)


class Guessing:
    """What this process has seen of unknown secrets, by network; forgotten when it stops."""

    def __init__(self) -> None:
        self._tried: OrderedDict[str, _Tried] = OrderedDict()

    def noticed(self, address: str, secret: str, now: datetime) -> datetime | None:
        """Count an unknown secret; says until when the network is slowed down, or `None`."""
        tried = self._of(network_of(address))
        blocked_until = tried.attempts.blocked_until if tried.attempts else None
        if blocked_until is not None and blocked_until > now:
            return blocked_until
        if hash(secret) in tried.secrets:
            return None  # one browser with an old cookie, however many pages it opens
        tried.attempts = UNKNOWN_SECRETS.after(tried.attempts, now)
        tried.secrets.add(hash(secret))
        if tried.attempts.blocked_until is not None:
            tried.secrets.clear()
            count = tried.attempts.count
            log.warning("somebody guesses sessions", origin=mask_address(address), unknown_secrets=count)
        return tried.attempts.blocked_until

    def _of(self, network: str) -> _Tried:
        tried = self._tried.setdefault(network, _Tried())
        self._tried.move_to_end(network)
        if len(self._tried) > MOST_NETWORKS:
            self._tried.popitem(last=False)
        return tried
