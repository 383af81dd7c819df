"""A person chooses the language in which letters are written to them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.store import accounts, journal


async def choose_language(means: Means, presence: Presence, locale: str, zone: str, now: datetime) -> None:
    """Remember with the account which language its owner chose, and their time zone where it is known (R89, D14)."""
    await means.database.write(_choose, presence, locale, zone, now)


def _choose(conn: sa.Connection, presence: Presence, locale: str, zone: str, now: datetime) -> None:
    account = accounts.find(conn, presence.account_id)
    if account is None or (account.locale == locale and (zone or account.zone) == account.zone):
        return
    accounts.set_language(conn, account.id, locale, zone or account.zone)
    facts: dict[str, object] = {"locale": locale}
    journal.record(conn, account.id, Event(EventKind.PROFILE_CHANGED, now, None, presence.current_id, facts))
