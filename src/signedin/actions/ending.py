"""What every ending has in common: the row leaves the live tables, a tombstone says why, the journal tells."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.revocation import EndReason
from signedin.rules.session_list import Row
from signedin.store import consents, journal, sessions, tombstones


def end_row(conn: sa.Connection, row: Row, reason: EndReason, now: datetime, number: int) -> int:
    """End a session or consent for the event with that number; returns how many rows that took with it."""
    if isinstance(row, Consent):
        gone = consents.end(conn, row.account_id, [row.id])
        tombstones.bury(conn, row.account_id, row.id, reason, now, number, row.idle)
        return gone
    return sessions.end(conn, row.account_id, [row.id], reason, now, number)


def end_expired(conn: sa.Connection, row: Row, now: datetime) -> EndReason:
    """End what has ended by itself, as of when it did; returns why."""
    overall = not isinstance(row, Consent) and row.overall_until <= now
    reason = EndReason.EXPIRED_OVERALL if overall else EndReason.EXPIRED_IDLE
    event = Event(EventKind.SESSION_EXPIRED, now, row.id, None, {"reason": reason.value})
    end_row(conn, row, reason, row.expires_at, journal.record(conn, row.account_id, event))
    return reason
