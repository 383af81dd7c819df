"""What PostgreSQL itself promises of a commit that has returned, and whether one can return now."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _
from signedin.store.standby import Standby, next_one


def refuse_absent(standby: Standby) -> None:
    """Refuse where every commit waits for a synchronous standby that is not there.

    Raises:
        DatabaseProblem: no commit returns before the standby is back, or is waited for no more.
    """
    if standby is Standby.MISSING:
        raise DatabaseProblem(
            _("The database waits for a synchronous standby that is not there."),
            hint=_("Bring the standby back, or take it out of synchronous_standby_names."),
            reason="standby_missing",
        )


def commit_something(conn: sa.Connection) -> None:
    """Let the commit of this transaction go all the way that an ending's goes, and change nothing.

    An empty transaction commits without being written anywhere: it waits for no disk and for no standby. On SQLite
    it has taken by now what a write has to take.

    Raises:
        DatabaseProblem: as `refuse_absent`, at once instead of waiting.
    """
    if conn.dialect.name == "postgresql":
        refuse_absent(next_one(conn))
        conn.execute(sa.text("SELECT pg_logical_emit_message(true, 'signedin', '')"))


def flushes_to_disk(conn: sa.Connection) -> bool:
    """Whether a commit waits for the disk."""
    return str(conn.scalar(sa.text("SHOW fsync"))) == "on"
