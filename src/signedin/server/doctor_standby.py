"""What the doctor sees of the lineage of the database, and of who would take over."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.health import Finding
from signedin.store.lineage import lineage
from signedin.store.standby import Standby, next_one

LOST = "an ending that was told may be lost when it takes over"
WAIT = "Name it in synchronous_standby_names of PostgreSQL; docs/running.md, When a standby takes over."
SHOW = "As a superuser of PostgreSQL: GRANT pg_read_all_stats TO {role};"
FOUND = {
    Standby.SYNCHRONOUS: (
        "good",
        "A synchronous standby is there: what has ended stays ended when it takes over",
        "",
    ),
    Standby.ASYNCHRONOUS: ("look", f"A standby follows that nobody waits for: {LOST}", WAIT),
    Standby.MISSING: (
        "bad",
        "synchronous_standby_names names a standby that is not there: no ending returns",
        "Bring the standby back, or take it out of synchronous_standby_names.",
    ),
    Standby.NONE: ("good", "No standby follows", ""),
    Standby.HIDDEN: (
        "look",
        "Whether a standby follows, and how, is not visible to the database's user",
        SHOW,
    ),
}


def of_standby(conn: sa.Connection) -> Finding:
    """Which lineage is in use, and how the next one to take over stands to it.

    A doctor has just begun: an older lineage is noticed by what servers have noted on this machine, or not at all.
    """
    now = lineage(conn)
    verdict, sentence, what = FOUND[next_one(conn)]
    where = f"timeline {now.timeline} of system {now.system} is in use."
    return Finding("standby", verdict, f"{sentence}; {where}", what.format(role=conn.engine.url.username))
