"""In which hours an account was used, and what is known of use at a certain hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.event import EventKind
from signedin.rules.session import Session, SessionId
from signedin.rules.used_hours import BY_PEOPLE, UsedHours
from signedin.store import accounts, journal, session_rows, used_hours

_SIGN_INS, _REACH = 200, 2_000
"""How many sign-ins are looked through, among how many of the newest entries of the history."""


@dataclass(frozen=True, slots=True)
class SeenThen:
    """A moment at which a session was used, and what it was; `is_alive` where it can still be looked at."""

    at: datetime
    session_id: SessionId
    device: str
    place: str
    is_alive: bool


async def see_hours(means: Means, account_id: AccountId) -> UsedHours:
    """The hours with use of the last days."""
    return await means.database.read(used_hours.of, account_id)


async def seen_lately(means: Means, account_id: AccountId) -> list[SeenThen]:
    """Sign-ins of the last days, the newest first, and the last uses of what is still signed in."""
    return await means.database.read(_seen_lately, account_id)


def _seen_lately(conn: sa.Connection, account_id: AccountId) -> list[SeenThen]:
    rows, _ = session_rows.of(conn, account_id)
    alive = {row.id for row in rows}
    down_to = accounts.history_number(conn, account_id) - _REACH
    started = frozenset({EventKind.SESSION_STARTED})
    found = journal.before(conn, account_id, None, _SIGN_INS, started, down_to)
    sign_ins = [
        SeenThen(
            each.event.at, SessionId(each.event.subject or ""), str(each.event.personal.get("device") or ""),
            str(each.event.personal.get("place") or ""), each.event.subject in alive,
        )
        for each in found
        if each.event.facts.get("app_type") in BY_PEOPLE
    ]  # fmt: skip
    uses = [
        SeenThen(row.last_at, row.id, row.device.name, row.last_from.location.label, is_alive=True)
        for row in rows
        if isinstance(row, Session) and row.app_type in BY_PEOPLE
    ]
    return sign_ins + sorted(uses, key=lambda seen: seen.at, reverse=True)
