"""Whether the server lives and can serve, and what it promises right now."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.follow import latest_number
from signedin.actions.keep_lease import standing
from signedin.rules.account import AccountId
from signedin.rules.errors import DatabaseProblem, Refused
from signedin.rules.lease import LEASE, waits_until
from signedin.server.server import Server
from signedin.store import durability, endings
from signedin.web.door import Door, respond

BY_READING = "Every check reads the database: an ending holds everywhere from its commit on."
BY_BOTH = "Every check here reads the database; an ending returns once every client library has applied it, or its lease has run out."
HIDDEN = "The database's user is not allowed to look: GRANT pg_read_all_stats."
BY_LEASE = "An ending returns once every process has applied it, or its lease has run out."


class Promises:
    """What one server can promise."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def now(self) -> dict[str, Any]:
        """What it promises now.

        Raises:
            DatabaseProblem, Unavailable: the database cannot be asked.
        """
        return await _promised(self._server)


@get("/health/live")
async def live() -> ASGIResponse:
    """200 while the process runs."""
    return respond("live\n", media_type="text/plain")


@get("/health/ready")
async def ready(door: NamedDependency[Door]) -> ASGIResponse:
    """200 while a session can be checked, and a sign-in or an ending be written."""
    try:
        await latest_number(door.means, AccountId(0))
        await door.means.database.write(durability.commit_something)
    except Refused as refusal:
        return respond(f"not ready: {refusal.sentence}\n", 503, media_type="text/plain")
    return respond("ready\n", media_type="text/plain")


@get("/health/revocation")
async def revocation(promises: NamedDependency[Promises]) -> ASGIResponse:
    """What is promised of an ending that has returned, and who would have to hear of the next one.

    503 when the database cannot be asked, or every commit waits for a standby that is gone: then no ending returns.
    """
    try:
        said, status = await promises.now(), 200
    except Refused as refusal:
        reason = refusal.reason if isinstance(refusal, DatabaseProblem) else refusal.code
        said = {"promise": "Nothing can be ended now.", "why": refusal.sentence, "reason": reason}
        status = 503
    return respond(msgspec.json.encode(said).decode() + "\n", status, media_type="application/json")


async def _promised(server: Server) -> dict[str, Any]:
    if server.lease is None or server.watch is None:
        await latest_number(server.means, AccountId(0))
        return await _promised_by_reading(server)
    now, known = await standing(server.means), server.lease.known
    nodes, head, outlives = server.watch.see(now), now.head, now.standby.outlives_failover
    durability.refuse_absent(now.standby)
    return {
        "promise": BY_LEASE, "database": "postgresql", "lease_seconds": LEASE,
        "waits_at_most_seconds": waits_until(0), "outlives_failover": outlives,
        **({"outlives_failover_unknown": HIDDEN} if outlives is None else {}),
        "system": now.lineage.system, "timeline": now.lineage.timeline, "standby": now.standby,
        "head": head,
        "this": {"node": server.lease.node_id, "may_answer_from_memory": known.may_answer,
                 "lease_left_seconds": round(known.lease_left, 3), "applied": known.applied, "known": len(known)},
        "nodes": [{"node": each.node_id, "applied": each.applied, "behind": max(0, head - each.applied),
                   "renewals": each.renewals, "silent_for_seconds": round(each.silent_for, 1)} for each in nodes],
    }  # fmt: skip


async def _promised_by_reading(server: Server) -> dict[str, Any]:
    """On SQLite only client libraries in other apps answer from memory, where there are any."""
    nodes = [node for node, _ in await server.means.database.read(endings.every_node)]
    if not nodes:
        return {"promise": BY_READING, "database": "sqlite", "waits_at_most_seconds": 0}
    return {
        "promise": BY_BOTH, "database": "sqlite", "waits_at_most_seconds": waits_until(0),
        "nodes": [{"node": each.node_id, "applied": each.applied, "renewals": each.renewals} for each in nodes],
    }  # fmt: skip
