"""A person takes something back from a connected app without ending it: fewer scopes, at once (10.7.3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.list_sessions import read_some
from signedin.actions.means import Means
from signedin.actions.narrow_grants import narrow_grants
from signedin.actions.revoke import why_ended
from signedin.rules import errors
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.revocation import may_revoke
from signedin.store import accounts, consents, journal


async def narrow_consent(
    means: Means, presence: Presence, row_id: str, keep: Collection[str], now: datetime
) -> Consent:
    """Leave a consent those of its scopes, and what it cannot do without; every token of it has them at most from now.

    Raises:
        NotFound: there is no such consent among one's own.
        SessionAlreadyEnded: it has ended before.
        NotSignedIn: the session that asks has ended meanwhile.
        InsufficientPermission: no right to manage sessions (R86).
    """
    found = await means.database.write(_narrow, means, presence, row_id, keep, now)
    if isinstance(found, errors.Refused):
        raise found
    return found


def _narrow(
    conn: sa.Connection, means: Means, presence: Presence, row_id: str, keep: Collection[str], now: datetime
) -> Consent | errors.SessionAlreadyEnded:
    may_revoke(presence, row_id)
    accounts.hold(conn, presence.account_id)
    listed = read_some(conn, means, presence.account_id, [row_id], now, presence.current_id)
    if listed.current is None:
        raise errors.NotSignedIn("revoked")
    before = listed.find(row_id)
    if before is None:
        return why_ended(conn, presence.account_id, row_id, now)
    if not isinstance(before, Consent):
        raise errors.NotFound
    after = before.narrowed(keep, now)
    if after is not before:
        _keep(conn, presence, after)
    return after


def _keep(conn: sa.Connection, presence: Presence, after: Consent) -> None:
    """Remember it, and what may come of it: a refresh brings no more than its grant has, and no token more than the row."""
    consents.change(conn, after)
    facts: dict[str, object] = {"app_type": after.app_type.value, "scopes": list(after.scopes)}
    event = Event(
        EventKind.CONSENT_CHANGED, after.changed_at or after.consented_at, after.id, presence.current_id, facts,
        {"device": after.client_name},
    )  # fmt: skip
    number = journal.record(conn, after.account_id, event)
    narrow_grants(conn, after, event.at, number)
