"""What one process sees of all that hold a lease: who renews, who is silent, who has not applied everything.

The database keeps no times of them on purpose, so how long one is silent is counted here, by a steady clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signedin.actions.keep_lease import Standing
from signedin.rules.lease import Node


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
        self.head = 0
        self.outlives_failover: bool | None = None
        self.timeline = 0
        self._nodes: list[Node] = []
        self._heard: dict[tuple[str, str], tuple[int, float]] = {}
        self._looked_at = clock()

    @property
    def looked_ago(self) -> float:
        """Seconds since the last look: while the database cannot be asked, nobody is seen to renew."""
        return self._clock() - self._looked_at

    @property
    def latest(self) -> list[Seen]:
        """Those of the last look, and for how long each has been silent by now."""
        now = self._clock()
        return [
            Seen(node.node_id, node.applied, node.renewals, now - self._heard[node.node_id, node.boot_id][1])
            for node in self._nodes
        ]

    def see(self, standing: Standing) -> list[Seen]:
        """Take how things stand in the database now."""
        now, before = self._clock(), self._heard
        self._heard = {}
        for node in standing.nodes:
            name = (node.node_id, node.boot_id)
            renewals, since = before.get(name, (node.renewals, now))
            since = since if renewals == node.renewals else now
            self._heard[name] = (node.renewals, since)
        self._nodes, self._looked_at = standing.nodes, now
        self.head, self.outlives_failover = standing.head, standing.standby.outlives_failover
        self.timeline = standing.lineage.timeline
        return self.latest
