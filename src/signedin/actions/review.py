"""Looking through the list: "It was me", "Keep it", "This wasn't me"."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.revoke import list_for
from signedin.rules import errors
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.revocation import may_vouch
from signedin.rules.session import Session
from signedin.store import accounts, journal, sessions, tombstones


async def recognise(means: Means, presence: Presence, session_id: str, now: datetime) -> Session:
    """Note that the person knows a flagged session: its signs are not raised again, its place becomes theirs.

    Raises:
        NotFound, SessionAlreadyEnded: there is no such session among one's own (any more).
        InsufficientPermission: it is the one that asks, which cannot vouch for itself.
    """
    return await means.database.write(_recognise, means, presence, session_id, now)


def _recognise(
    conn: sa.Connection, means: Means, presence: Presence, session_id: str, now: datetime
) -> Session:
    may_vouch(presence, session_id)
    accounts.hold(conn, presence.account_id)
    account_id = presence.account_id
    session = list_for(conn, means, presence, now).find(session_id)
    if not isinstance(session, Session):
        stone = tombstones.tombstone_of(conn, account_id, session_id)
        raise errors.SessionAlreadyEnded(stone.reason.value) if stone else errors.NotFound
    signs = sorted(session.recognised | {n.sign.value for n in session.noticed})
    sessions.recognise(conn, account_id, session_id, signs, now)
    accounts.add_familiar(conn, account_id, session.began_from.location.place_key, now)
    journal.record(
        conn, account_id, Event(EventKind.SESSION_RECOGNISED, now, session_id, presence.current_id)
    )
    return session
