"""What one process sees of all that hold a lease: who renews, who is silent, who has not applied everything.

The database keeps no times of them on purpose, so how long one is silent is counted here, by a steady clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signedin.actions.keep_lease import Standing


@dataclass(frozen=True, slots=True)
class Seen:
    """One process that may answer from memory; `silent_for` in seconds, as far as this process has watched."""

    node_id: str
    applied: int
    renewals: int
    silent_for: float


class Watch:
    """Looks at the nodes now and then, and remembers when each was last seen to renew."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.latest: list[Seen] = []
        self.head = 0
        self.outlives_failover = False
        self._heard: dict[tuple[str, str], tuple[int, float]] = {}

    def see(self, standing: Standing) -> list[Seen]:
        """Take how things stand in the database now."""
        now, before = self._clock(), self._heard
        self._heard, seen = {}, []
        for node in standing.nodes:
            name = (node.node_id, node.boot_id)
            renewals, since = before.get(name, (node.renewals, now))
            since = since if renewals == node.renewals else now
            self._heard[name] = (node.renewals, since)
            seen.append(Seen(node.node_id, node.applied, node.renewals, now - since))
        self.latest, self.head, self.outlives_failover = seen, standing.head, standing.outlives_failover
        return seen
