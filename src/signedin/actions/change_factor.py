"""Changing a factor: what was signed in by the old one ends with it, in the same transaction (D20)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_all_rows, what_ended
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import count_rows
from signedin.actions.make_account import judge_password
from signedin.actions.means import Means
from signedin.actions.operate import account_of, by_operator, held_account_of
from signedin.actions.see_rules import shortest_password
from signedin.rules import errors
from signedin.rules.event import EventKind
from signedin.rules.revocation import EndReason, LogoutAllCounts
from signedin.store import accounts, deeds, outbox
from signedin.store.passwords import HashingBusy


async def set_password(
    means: Means, email: str, password: str, now: datetime, reason: str = ""
) -> LogoutAllCounts:
    """Give somebody's account a new password; everything signed in ends with the old one, access keys stay.

    A sign-in that showed the old password before and finishes later is dead too (D23). Known browsers are
    forgotten, and the owner is told by mail.

    Raises:
        NotFound: there is no such account.
        PasswordRefused: it is too short or too easily guessed.
        Unavailable: too many sign-ins wait for the one hashing thread.
    """
    account = await means.database.read(account_of, email)
    shortest = await means.database.read(shortest_password, account.id)
    judge_password(password, (account.name, account.email, means.host, means.brand), shortest)
    try:
        hashed = await means.hasher.hash(password)
    except HashingBusy:
        raise errors.Unavailable from None
    counts = await means.database.write(_set_password, means, email, hashed, reason, now)
    await heard_everywhere(means)
    return counts


def _set_password(
    conn: sa.Connection, means: Means, email: str, hashed: str, reason: str, now: datetime
) -> LogoutAllCounts:
    account = held_account_of(conn, email)
    counts = LogoutAllCounts.of(count_rows(conn, means, account.id, now))
    event = by_operator(EventKind.PASSWORD_CHANGED, reason, now)
    number = deeds.record(conn, account.id, event, None)
    end_all_rows(conn, account.id, event, EndReason.FACTOR_CHANGED, number=number)
    accounts.set_password(conn, account.id, hashed, now)
    accounts.forget_browsers(conn, account.id)
    outbox.queue(conn, account.id, "password_changed", what_ended(account, counts, now), now)
    return counts
