"""What PostgreSQL itself promises of a commit that has returned."""

from __future__ import annotations

import sqlalchemy as sa

SYNCHRONOUS = frozenset({"sync", "quorum"})


def has_synchronous_standby(conn: sa.Connection) -> bool | None:
    """Whether a commit waits for a standby, so that it outlives the loss of the primary.

    `None` when this role is not allowed to look: PostgreSQL hides how standbys do from who is not a member of
    `pg_read_all_stats`.
    """
    if not conn.scalar(sa.text("SHOW synchronous_standby_names")):
        return False
    states = set(conn.scalars(sa.text("SELECT sync_state FROM pg_stat_replication")))
    if states & SYNCHRONOUS:
        return True
    return None if None in states else False


def flushes_to_disk(conn: sa.Connection) -> bool:
    """Whether a commit waits for the disk."""
    return str(conn.scalar(sa.text("SHOW fsync"))) == "on"
