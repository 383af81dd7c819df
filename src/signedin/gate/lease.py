"""Holding the lease of a server process: it asks, applies what it missed, and only then may answer from memory.

What is decided stands in rules/holding.py; this is the loop around it.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from typing import Protocol

import structlog

from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.holding import Lease
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
