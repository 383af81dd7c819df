"""The lease of one process: what it asks, what it does with each answer, and when it may answer from memory.

Without any waiting, so that it can be tried in every order. A server (gate/lease.py) and a client library
(client/holding.py) are loops around it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signedin.rules.ending import Ending
from signedin.rules.known import KnownSessions
from signedin.rules.lease import Renewal


@dataclass(frozen=True, slots=True)
class Asked:
    """A renewal that is under way: when it was sent, and what had been applied by then."""

    sent_at: float
    boot_id: str
    applied: int


class Lease:
    """What this process does with every answer to a renewal, or with none."""

    def __init__(
        self,
        known: KnownSessions,
        clock: Callable[[], float],
        node_id: str = "",
        told_time: Callable[[int, float, float], None] | None = None,
    ) -> None:
        self.known = known
        self._told_time = told_time
        self.node_id = node_id or secrets.token_hex(8)
        self.boot_id = self.lineage = ""
        self._clock = clock

    def joined(self, boot_id: str, head: int, lineage: str = "") -> None:
        """The row is committed and the head was read after it: start with an empty memory (protocol, 7)."""
        self.boot_id, self.lineage = boot_id, lineage
        self.known.start_anew(head)

    def ask(self) -> Asked:
        """What to send: the time is taken before it goes, and only what is applied is acknowledged."""
        return Asked(self._clock(), self.boot_id, self.known.applied)

    def answered(self, asked: Asked, renewal: Renewal | None) -> bool:
        """Take an answer, however late; returns whether this process is still known and need not join again."""
        if asked.boot_id != self.boot_id:
            return True  # an answer to who this process was before it joined again
        if renewal is None or renewal.lineage != self.lineage:  # another database may have lost endings
            self.boot_id = ""
            self.known.start_anew(-1)
            return False
        if renewal.at is not None and self._told_time is not None:
            self._told_time(renewal.at, asked.sent_at, self._clock())
        if renewal.is_complete:
            self.known.renewed(asked.sent_at - renewal.shorter_by, renewal.endings, renewal.head)
        else:
            self.known.caught_up(renewal.endings)
        return True

    def heard(self, lineage: str, endings: Sequence[Ending]) -> bool:
        """Apply endings that were told between two renewals; returns whether they went on where this memory ends.

        They bring no lease, and with a gap before them they are no more than a hint: the next renewal tells all.
        """
        if not self.boot_id or lineage != self.lineage:
            return False
        for ending in endings:
            if ending.seq > self.known.applied + 1:
                return False
            if ending.seq == self.known.applied + 1:
                self.known.caught_up((ending,))
        return True
