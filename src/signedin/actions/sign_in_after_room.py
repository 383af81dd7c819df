"""A sign-in goes on after its person has said which of their sessions end for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from signedin.actions import here_before, record
from signedin.actions.ending import end_row
from signedin.actions.hear import heard_everywhere
from signedin.actions.make_room import living, rule_for, surplus
from signedin.actions.means import Means
from signedin.actions.pending import Pending, read_pending, spent
from signedin.actions.sign_in import Begun, Ticks, Visit, begin
from signedin.rules import errors
from signedin.rules.account import Account
from signedin.rules.event import Event, EventKind
from signedin.rules.policy import TooManySessions
from signedin.rules.presence import Presence
from signedin.rules.revocation import EndReason
from signedin.rules.session import AppType, Session
from signedin.rules.session_list import SessionList
from signedin.store import accounts, journal, operators, used_once

_KIND = "pending"


async def sessions_in_the_way(
    means: Means, text: str, now: datetime, here: Presence | None = None
) -> SessionList:
    """The sessions of which some have to end, for the page that asks; that of this browser ends anyway.

    Raises:
        LinkExpired: the sign-in is too old, or not ours.
    """
    return await means.database.read(_in_the_way, means, read_pending(means, text, now), here, now)


async def sign_in_after_room(
    means: Means, text: str, ids: Sequence[str], visit: Visit, now: datetime
) -> tuple[Begun, Ticks]:
    """End what was chosen and begin the session: both, or nothing.

    No more end than have to for it, so that this is no way around a rule by which people end none (R86).

    Raises:
        LinkExpired: the sign-in is too old, was used, or is not ours.
        TooManySessions: what was chosen is not enough, or more than has to end.
        OutsideNetworks, SignInRefused: as `begin`.
    """
    pending = read_pending(means, text, now)
    ticks = Ticks(pending.remember, pending.shared)
    used = sha256(text.encode()).digest()
    try:
        email, begun = await means.database.write(_begin, means, pending, used, ids, visit, now)
    except TooManySessions as refusal:
        refusal.pending = text
        raise
    await heard_everywhere(means)
    await here_before.ended(means, visit.signed_in, pending.account_id, now)
    means.recent.saw(pending.account_id, begun.session.id, now)
    record.signed_in(means, email, visit.address, begun.session.id)
    return begun, ticks


def _in_the_way(
    conn: sa.Connection, means: Means, pending: Pending, here: Presence | None, now: datetime
) -> SessionList:
    account, leaving = _account(conn, pending), here.current_id if here else None
    rows = [row for row in living(conn, means, account, pending.app_type, now) if row.id != leaving]
    return SessionList(tuple(rows), None, now)


def _begin(
    conn: sa.Connection, means: Means, pending: Pending, used: bytes, ids: Sequence[str], visit: Visit, now: datetime
) -> tuple[str, Begun]:  # fmt: skip
    accounts.hold(conn, pending.account_id)
    account = _account(conn, pending)
    if pending.app_type is AppType.ADMIN and operators.role_of(conn, account.id) is None:
        raise errors.SignInRefused
    here_before.end_own(conn, visit.signed_in, account.id, now)
    for row in _chosen(conn, means, account, pending.app_type, ids, now):
        facts: dict[str, object] = {"app_type": row.app_type.value}
        event = Event(EventKind.SESSION_REVOKED, now, row.id, None, facts, {"device": row.device.name})
        end_row(conn, row, EndReason.REVOKED, now, journal.record(conn, account.id, event))
    ticks = Ticks(pending.remember, pending.shared)
    begun = begin(conn, means, account, visit, ticks, pending.first_proof, now, app_type=pending.app_type)
    if not used_once.use(conn, _KIND, used, pending.until):
        raise spent()
    return account.email, begun


def _chosen(
    conn: sa.Connection, means: Means, account: Account, app_type: AppType, ids: Sequence[str], now: datetime
) -> list[Session]:
    """The sessions that end; none where none has to any more.

    Raises:
        TooManySessions: more were chosen than have to end.
    """
    rule, rows = rule_for(conn, account, app_type), living(conn, means, account, app_type, now)
    chosen, needed = [row for row in rows if row.id in ids], surplus(rule, rows)
    if rule.most.value is None or not needed:
        return []
    if len(chosen) > needed:
        raise TooManySessions(rule.most.value, may_ask=True)
    return chosen


def _account(conn: sa.Connection, pending: Pending) -> Account:
    account = accounts.find(conn, pending.account_id)
    if account is None:
        raise errors.SignInRefused
    return account
