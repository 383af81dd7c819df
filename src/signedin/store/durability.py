"""What PostgreSQL itself promises of a commit that has returned."""

from __future__ import annotations

import sqlalchemy as sa


def has_synchronous_standby(conn: sa.Connection) -> bool:
    """Whether a commit waits for a standby, so that it outlives the loss of the primary."""
    named = conn.scalar(sa.text("SHOW synchronous_standby_names"))
    states = sa.text("SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')")
    return bool(named) and bool(conn.scalar(states))


def flushes_to_disk(conn: sa.Connection) -> bool:
    """Whether a commit waits for the disk."""
    return str(conn.scalar(sa.text("SHOW fsync"))) == "on"
