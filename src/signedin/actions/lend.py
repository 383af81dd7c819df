"""Lending leases to client libraries in other apps: each of their processes is a node like a server's (D34).

Endings wait for them on either database. A node's name begins with the key it came with, so that nobody can leave,
or acknowledge, for another's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.authenticate import checks_of
from signedin.actions.means import Means
from signedin.actions.named import hold_key
from signedin.rules.ending import Ending
from signedin.rules.errors import TooManyRequests
from signedin.rules.lease import Renewal
from signedin.rules.presence import Service
from signedin.store import endings, services
from signedin.store.lease_line import LeaseLine
from signedin.store.postgres import CONNECT, PostgresDatabase

MOST_NODES = 1_000
"""Of one key: who leaves without a word is forgotten by the next ending that waits for it."""
AGAIN_AFTER = timedelta(minutes=1)
LINES = 2


class Lending:
    """Where client libraries join, acknowledge and leave."""

    def __init__(self, means: Means) -> None:
        self._means = means
        database = means.database
        self._line = (
            LeaseLine(database.url, CONNECT, LINES) if isinstance(database, PostgresDatabase) else None
        )

    async def join(self, service: Service, node: str, boot_id: str, now: datetime) -> tuple[int, str]:
        """Make the node known, for good, and only then tell the number of the latest ending, and the lineage (protocol, 7).

        Raises:
            TooManyRequests: so many of this key are known already.
            NotSignedIn: the key has been revoked meanwhile.
            DatabaseProblem, Unavailable: it is not known.
        """
        node_id, database = _named(service, node), self._means.database
        if await database.read(endings.count_of, _named(service, "")) >= MOST_NODES:
            raise TooManyRequests(now + AGAIN_AFTER)
        await database.write(_join, service, node_id, boot_id)
        return await self.head()

    async def still_serves(self, service: Service) -> bool:
        """Whether the key that somebody listens by has not been revoked meanwhile.

        Raises:
            DatabaseProblem, Unavailable: it is not known.
        """
        return await self._means.database.read(services.is_living, service.key_id)

    async def head(self) -> tuple[int, str]:
        """The number of the latest ending, and the lineage of the database.

        Raises:
            DatabaseProblem, Unavailable: it is not known.
        """
        if self._line is not None:
            return await self._line.head()
        head, lineage, *_ = checks_of(self._means).node("")
        return head, lineage

    async def renew(self, service: Service, node: str, boot_id: str, applied: int) -> Renewal | None:
        """Note what was applied and tell what was missed; `None` when the node has to join again.

        Raises:
            DatabaseProblem, Unavailable: it is not known.
        """
        node_id = _named(service, node)
        if self._line is not None:
            return await self._line.renew(node_id, boot_id, applied)
        head, lineage, known_as, noted = checks_of(self._means).node(node_id)
        if known_as != boot_id or applied > head:
            return None
        if noted == applied == head:
            # Nothing is to be noted: an ending after this reading waits for the node, which still has to hear of it.
            return Renewal((), head, lineage=lineage)
        renewal = await self._means.database.note(endings.renew, node_id, boot_id, applied)
        return renewal and Renewal(renewal.endings, renewal.head, renewal.is_complete, lineage=lineage)

    async def leave(self, service: Service, node: str, boot_id: str) -> None:
        """Let no ending wait for this node any more.

        Raises:
            DatabaseProblem, Unavailable: it is not known; the next ending forgets it.
        """
        await self._means.database.write(endings.leave, _named(service, node), boot_id)

    async def close(self) -> None:
        """Let the connections go."""
        if self._line is not None:
            await self._line.close()


async def endings_since(means: Means, number: int) -> tuple[str, list[Ending]]:
    """The endings after a number, as many as one answer holds, and the lineage they are of.

    Raises:
        DatabaseProblem, Unavailable: it is not known.
    """
    return checks_of(means).since(number) if means.lines is None else await means.lines.since(number)


def _join(conn: sa.Connection, service: Service, node_id: str, boot_id: str) -> None:
    # Who renews by a revoked key, or leaves, says only what it has done: the next call is refused.
    hold_key(conn, service)
    endings.join(conn, node_id, boot_id, f"client library of {service.name}")


def _named(service: Service, node: str) -> str:
    return f"{service.key_id}:{node}"
