"""Where leases are kept: a node joins, renews and leaves, each in a transaction of its own."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.lease import Node, Renewal
from signedin.rules.lineage import Lineage
from signedin.store import endings
from signedin.store.lease_line import LeaseLine
from signedin.store.lineage import lineage
from signedin.store.postgres import CONNECT, PostgresDatabase
from signedin.store.standby import Standby, next_one


class Leases:
    """The database as one process asks it for its lease, on a connection that nothing else keeps busy."""

    def __init__(self, means: Means) -> None:
        assert isinstance(means.database, PostgresDatabase)
        self._database = means.database
        self._line = LeaseLine(means.database.url, CONNECT)

    async def join(self, node_id: str, boot_id: str) -> tuple[int, str]:
        """Make the node known, and only then tell the number of the latest ending (protocol, 7), and the lineage."""
        about = f"{socket.gethostname()} {os.getpid()}"
        await self._database.write(endings.join, node_id, boot_id, about)
        return await self._line.head()

    async def renew(self, node_id: str, boot_id: str, applied: int) -> Renewal | None:
        """Note what was applied and tell what was missed; `None` when the node has to join again."""
        return await self._line.renew(node_id, boot_id, applied)

    async def leave(self, node_id: str, boot_id: str) -> None:
        """Let no ending wait for this node any more."""
        await self._line.close()
        await self._database.write(endings.leave, node_id, boot_id)


class Standing(NamedTuple):
    """Who may answer from memory, the number of the latest ending, and who would take over (P3).

    `lineage` is which database it is, and which of its successors.
    """

    nodes: list[Node]
    head: int
    lineage: Lineage
    standby: Standby


async def standing(means: Means) -> Standing:
    """How things stand with leases and endings, as the database has them.

    Raises:
        DatabaseProblem, Unavailable: the database cannot be asked.
    """
    return await means.database.read(_standing)


def _standing(conn: sa.Connection) -> Standing:
    nodes = [node for node, _ in endings.every_node(conn)]
    return Standing(nodes, endings.head(conn), lineage(conn), next_one(conn))
