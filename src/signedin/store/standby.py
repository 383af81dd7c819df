"""Who follows the database and would take over, as far as this role may see."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

_WAITED_FOR = frozenset({"sync", "quorum"})


class Standby(StrEnum):
    """How the next one to take over stands to what has been told as done (promise P3)."""

    SYNCHRONOUS = "synchronous"
    """Every commit waits for one: what was told as ended stays ended."""
    ASYNCHRONOUS = "asynchronous"
    """Somebody follows and nobody waits for it: endings that were told may be lost when it takes over."""
    MISSING = "missing"
    """Every commit waits for one that is not there: no ending returns."""
    NONE = "none"
    """Nobody follows."""
    HIDDEN = "not visible"
    """Somebody may follow; PostgreSQL shows how only to members of `pg_read_all_stats`."""

    @property
    def outlives_failover(self) -> bool | None:
        """Whether a commit that has returned outlives the loss of the primary; `None` when that cannot be seen."""
        return None if self is Standby.HIDDEN else self is Standby.SYNCHRONOUS


def next_one(conn: sa.Connection) -> Standby:
    """How whoever follows this database stands to it."""
    is_awaited = bool(conn.scalar(sa.text("SHOW synchronous_standby_names")))
    rows = conn.execute(sa.text("SELECT state, sync_state FROM pg_stat_replication"))
    followers = [row for row in rows if row.state != "backup"]
    if is_awaited and any(row.sync_state in _WAITED_FOR for row in followers):
        return Standby.SYNCHRONOUS
    if any(row.sync_state is None for row in followers):
        return Standby.HIDDEN
    if is_awaited:
        return Standby.MISSING
    return Standby.ASYNCHRONOUS if followers else Standby.NONE
