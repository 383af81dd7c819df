"""What PostgreSQL itself promises of a commit that has returned, and whether one can return now."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _

SYNCHRONOUS = frozenset({"sync", "quorum"})


def has_synchronous_standby(conn: sa.Connection) -> bool | None:
    """Whether a commit waits for a standby, so that it outlives the loss of the primary.

    `None` when this role is not allowed to look: PostgreSQL hides how standbys do from who is not a member of
    `pg_read_all_stats`.
    """
    if not _awaits_a_standby(conn):
        return False
    states = _states(conn)
    if states & SYNCHRONOUS:
        return True
    return None if None in states else False


def refuse_absent_standby(conn: sa.Connection) -> None:
    """Refuse where every commit waits for a synchronous standby that is not there.

    A role that may not look at standbys sees whether there are any at all.

    Raises:
        DatabaseProblem: no commit returns before the standby is back, or is waited for no more.
    """
    if conn.dialect.name != "postgresql" or not _awaits_a_standby(conn):
        return
    if not _states(conn) & {*SYNCHRONOUS, None}:
        raise DatabaseProblem(
            _("The database waits for a synchronous standby that is not there."),
            hint=_("Bring the standby back, or take it out of synchronous_standby_names."),
            reason="standby_missing",
        )


def commit_something(conn: sa.Connection) -> None:
    """Let the commit of this transaction go all the way that an ending's goes, and change nothing.

    An empty transaction commits without being written anywhere: it waits for no disk and for no standby.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(sa.text("SELECT pg_logical_emit_message(true, 'signedin', '')"))


def _awaits_a_standby(conn: sa.Connection) -> bool:
    return bool(conn.scalar(sa.text("SHOW synchronous_standby_names")))


def _states(conn: sa.Connection) -> set[str | None]:
    return set(conn.scalars(sa.text("SELECT sync_state FROM pg_stat_replication")))


def flushes_to_disk(conn: sa.Connection) -> bool:
    """Whether a commit waits for the disk."""
    return str(conn.scalar(sa.text("SHOW fsync"))) == "on"
