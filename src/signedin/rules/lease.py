"""How long a process may answer from memory, and how long an ending waits for one that is silent.

Seconds on a clock that runs through suspend (store/boot_clock.py): never a wall clock, and never the
database's. Gray and Cheriton, "Leases" (1989); the protocol stands in docs/revocation.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from signedin.rules.ending import Ending

LEASE = 3.0
"""How long a lease lasts, in seconds."""
RENEW_EVERY = 1.0
"""How often it is renewed."""
DRIFT = 0.05
"""How much faster or slower than another's a clock may run: twenty times what quartz does."""


def answers_until(sent_at: float) -> float:
    """Until when a renewal lets its process answer from memory, counted from when it was *sent*."""
    return sent_at + LEASE * (1 - DRIFT)


def waits_until(committed_at: float) -> float:
    """Until when an ending waits for a silent process: by then every lease of before its commit has run out."""
    return committed_at + LEASE * (1 + DRIFT)


@dataclass(frozen=True, slots=True)
class Node:
    """Who may answer from memory, as the database knows them: deliberately without any time.

    `boot_id` changes at every start, so that an old row cannot acknowledge for a new process; `renewals`
    counts; `applied` is the number up to which endings were applied, not merely heard of.
    """

    node_id: str
    boot_id: str
    renewals: int
    applied: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """The answer to a renewal: what was missed, and the number of the latest ending when it was given.

    When more was missed than one answer holds it is not complete: it is applied, but brings no lease. `at` is what
    time it was by the database, in microseconds: for expiry, never for leases. `lineage` changes with a fail-over.
    `shorter_by` are the seconds by which a lease is shorter at a service of another version than it is known here.
    """

    endings: tuple[Ending, ...]
    head: int
    is_complete: bool = True
    at: int | None = None
    lineage: str = ""
    shorter_by: float = 0.0


@dataclass(slots=True)
class Waiting:
    """An ending that was committed as number `seq` and waits until everybody has heard of it.

    After a fail-over it waits for leases that the table of nodes may know nothing of: `for_all_leases`.
    """

    seq: int
    committed_at: float
    for_all_leases: bool = False
    silent: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    told_by: int = 0

    def is_over(self, nodes: Iterable[Node], now: float, told_by: int = 0) -> bool:
        """Whether nobody can answer from memory any more as if it had not happened.

        Leases that were renewed after the commit need no waiting for: their reply carried this ending, and it
        was applied before the lease counted. `told_by` is another after every new connection to the database: it may
        have crashed and lost a renewal whose lease runs, so nobody has been seen silent across that.
        """
        before, self.silent = self.silent if told_by == self.told_by else {}, {}
        self.told_by = told_by
        for node in nodes:
            if node.applied < self.seq:
                name = (node.node_id, node.boot_id)
                renewals, since = before.get(name, (node.renewals, now))
                self.silent[name] = (node.renewals, since if renewals == node.renewals else now)
        is_heard = not self.silent and not self.for_all_leases
        return is_heard or now >= waits_until(self.committed_at)

    def gone(self, now: float) -> dict[tuple[str, str], int]:
        """Who can be taken for gone, with the renewals seen of it: seen silent for a whole lease and its margin.

        Since it was first *seen* silent, not since the commit: a renewal in between may have been answered by a
        lease that still runs, and whoever is struck off is waited for no more.
        """
        return {
            name: renewals for name, (renewals, since) in self.silent.items() if now >= waits_until(since)
        }

    def all_gone_at(self) -> float:
        """When all who are silent now can be taken for gone, if they stay so."""
        return max((waits_until(since) for _, since in self.silent.values()), default=self.committed_at)
