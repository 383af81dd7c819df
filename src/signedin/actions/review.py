"""Looking through the list: "It was me", "Keep it", "This wasn't me"."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.session import Session
from signedin.store import accounts, journal, sessions, tombstones


async def recognise(means: Means, presence: Presence, session_id: str, now: datetime) -> Session:
    """Note that the person knows a flagged session: its signs are not raised again, its place becomes theirs.

    Raises:
        NotFound: there is no such session among one's own.
    """
    return await means.database.write(_recognise, presence, session_id, now)


def _recognise(conn: sa.Connection, presence: Presence, session_id: str, now: datetime) -> Session:
    account_id = presence.account_id
    session = sessions.find(conn, account_id, session_id)
    if session is None or session.expires_at <= now:
        stone = tombstones.tombstone_of(conn, account_id, session_id)
        raise errors.SessionAlreadyEnded(stone.reason.value) if stone else errors.NotFound
    signs = sorted(session.recognised | {n.sign.value for n in session.noticed})
    sessions.recognise(conn, account_id, session_id, signs, now)
    accounts.add_familiar(conn, account_id, session.began_from.location.place_key, now)
    journal.record(
        conn, account_id, Event(EventKind.SESSION_RECOGNISED, now, session_id, presence.current_id)
    )
    return session
