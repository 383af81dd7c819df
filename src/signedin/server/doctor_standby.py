"""What the doctor sees of the lineage of the database, and of who would take over."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.health import Finding
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded
from signedin.store.lineage import lineage
from signedin.store.standby import Standby, next_one

FOUND = {
    Standby.SYNCHRONOUS: (
        "good",
        _("A synchronous standby is there: what has ended stays ended when it takes over; timeline {timeline} of system {system} is in use."),
        "",
    ),
    Standby.ASYNCHRONOUS: (
        "look",
        _("A standby follows that nobody waits for: an ending that was told may be lost when it takes over; timeline {timeline} of system {system} is in use."),
        _("Name it in synchronous_standby_names of PostgreSQL; docs/running.md, When a standby takes over."),
    ),
    Standby.MISSING: (
        "bad",
        _("synchronous_standby_names names a standby that is not there: no ending returns; timeline {timeline} of system {system} is in use."),
        _("Bring the standby back, or take it out of synchronous_standby_names."),
    ),
    Standby.NONE: ("good", _("No standby follows; timeline {timeline} of system {system} is in use."), ""),
    Standby.HIDDEN: (
        "look",
        _("Whether a standby follows, and how, is not visible to the database's user; timeline {timeline} of system {system} is in use."),
        _("As a superuser of PostgreSQL: GRANT pg_read_all_stats TO {role};"),
    ),
}  # fmt: skip


def of_standby(conn: sa.Connection) -> Finding:
    """Which lineage is in use, and how the next one to take over stands to it.

    A doctor has just begun: an older lineage is noticed by what servers have noted on this machine, or not at all.
    """
    now = lineage(conn)
    verdict, sentence, what = FOUND[next_one(conn)]
    where = worded(sentence, timeline=now.timeline, system=now.system)
    return Finding(
        "standby",
        verdict,
        where,
        worded(what, role=conn.engine.url.username or conn.scalar(sa.text("SELECT current_user"))),
    )
