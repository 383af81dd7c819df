"""The lease of one process: it asks, applies what it missed, and only then may answer from memory.

What is decided stands in `Lease`, without any waiting, so that it can be tried in every order; `hold_lease`
is the loop around it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from signedin.gate.known import KnownSessions
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.lease import RENEW_EVERY, Renewal

log = structlog.get_logger("signedin.gate")


class Registry(Protocol):
    """Where leases are kept: the database, as the actions know it."""

    async def join(self, node_id: str, boot_id: str) -> tuple[int, str]:
        """Make the node known, then tell the number of the latest ending, and the lineage of the database."""

    async def renew(self, node_id: str, boot_id: str, applied: int) -> Renewal | None:
        """Note what was applied and tell what was missed; `None` when the node is not known (any more)."""

    async def leave(self, node_id: str, boot_id: str) -> None:
        """Let no ending wait for this node any more."""


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
            self.known.renewed(asked.sent_at, renewal.endings, renewal.head)
        else:
            self.known.caught_up(renewal.endings)
        return True


async def hold_lease(lease: Lease, registry: Registry, hint: asyncio.Event) -> None:
    """Join, and renew every second, or at once when something is said to have ended; leave at the end."""
    try:
        while True:
            try:
                await _turn(lease, registry)
            except (DatabaseProblem, Unavailable):
                pass  # it lapses by itself: fail closed
            except Exception as error:  # noqa: BLE001  # the next turn must come, whatever it was
                log.warning("the lease could not be renewed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(hint.wait(), RENEW_EVERY)
            hint.clear()
    finally:
        lease.known.give_up()
        with suppress(Exception):
            await registry.leave(lease.node_id, lease.boot_id)


async def _turn(lease: Lease, registry: Registry) -> None:
    """Renew until everything is applied and acknowledged."""
    if not lease.boot_id:
        boot_id = secrets.token_hex(8)
        lease.joined(boot_id, *await registry.join(lease.node_id, boot_id))
    while True:
        asked = lease.ask()
        if not lease.answered(asked, await registry.renew(lease.node_id, asked.boot_id, asked.applied)):
            log.warning("taken for gone, or the database was succeeded; joining again with an empty memory")
            return
        if lease.known.applied == asked.applied:
            return  # what was sent as applied is all there is: acknowledged
