"""The connections on which leases are renewed: nothing else can keep them busy, and they are given up in time."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.lease import Renewal
from signedin.store.endings import MOST_AT_ONCE, ending_from, renewal_of
from signedin.store.held import HeldLines
from signedin.store.lineage import LINEAGE

_HEAD = f"SELECT seq, {LINEAGE} FROM endings_head"  # noqa: S608  # made of our own words alone, like the next
_RENEWED = f"""
WITH noted AS (
  UPDATE nodes SET renewals = renewals + 1, applied = %(has)s WHERE node_id = %(me)s AND boot_id = %(boot)s
  RETURNING node_id)
SELECT h.seq AS head, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, {LINEAGE} AS lineage,
       e.seq, e.scope, e.account_id, e.digests, e.cut_off
FROM noted CROSS JOIN endings_head h LEFT JOIN endings e ON e.seq > %(has)s
ORDER BY e.seq LIMIT {MOST_AT_ONCE}
"""  # noqa: S608


class _Row(NamedTuple):
    head: int
    now: int
    lineage: str
    seq: int | None
    scope: str
    account_id: AccountId
    digests: bytes
    cut_off: int


class LeaseLine:
    """Asks and tells on behalf of nodes; a renewal that is lost in a crash only makes endings wait."""

    def __init__(self, url: sa.URL, connect: dict[str, str], lines: int = 1) -> None:
        own = connect | {"options": connect["options"] + " -c synchronous_commit=off"}
        self._line = HeldLines(url, own, lines)

    async def head(self) -> tuple[int, str]:
        """The number of the latest ending, and the lineage of the database.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        [(seq, lineage)] = await self._line.ask(_HEAD, ())
        return int(seq), str(lineage)

    async def renew(self, node_id: str, boot_id: str, applied: int) -> Renewal | None:
        """Note what a node has applied, and tell what it missed; `None` when it is not known, or missed too much.

        One statement, because every ending waits for two of them at each node.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        asked = {"me": node_id, "boot": boot_id, "has": applied}
        rows = [_Row(*row) for row in await self._line.ask(_RENEWED, asked)]
        if not rows or applied > rows[0].head:
            return None
        return _renewal(rows, applied)

    async def close(self) -> None:
        """Let the connection go."""
        await self._line.close()


def _renewal(rows: list[_Row], applied: int) -> Renewal | None:
    found: Any = [ending_from(row) for row in rows if row.seq is not None]
    return renewal_of(found, applied, rows[0].head, at=rows[0].now, lineage=rows[0].lineage)
