"""Whether the rules of an account's organisations let one more session begin, and which have to make room for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.ending import end_sessions
from signedin.actions.list_sessions import read_list
from signedin.actions.means import Means
from signedin.rules.account import Account
from signedin.rules.event import Event, EventKind
from signedin.rules.exchange import not_begun
from signedin.rules.policy import InForce, OutsideNetworks, TooMany, TooManySessions, admits, in_force
from signedin.rules.revocation import EndReason
from signedin.rules.session import AppType, Session
from signedin.rules.session_list import Row
from signedin.store import journal, policies


def make_room(
    conn: sa.Connection, means: Means, account: Account, app_type: AppType, address: str, now: datetime
) -> int:
    """Let a session begin in an account that is held; returns how many had to end for it, the oldest first.

    The account is held, so of sign-ins that come at once each sees what the one before has begun: the greatest number
    is never exceeded.

    Raises:
        OutsideNetworks: nobody of the account comes from there.
        TooManySessions: there are as many as may be, and the rule is to refuse or to ask.
    """
    if account.organisation_id is None:
        return 0
    rule = rule_for(conn, account, app_type)
    if not admits(rule.must_come_from, address):
        raise OutsideNetworks
    return _ended_for(conn, means, account, rule, now)


def refuse_from_elsewhere(conn: sa.Connection, account: Account, row: Row, address: str) -> None:
    """Refuse to go on with a session from where its person's organisation lets nobody come from; nothing ends by that.

    Connected apps come from where they are, and are bound to no network.

    Raises:
        OAuthRefused: it is outside the networks.
    """
    if account.organisation_id is None or not isinstance(row, Session):
        return
    rule = rule_for(conn, account, row.app_type)
    if not admits(rule.must_come_from, address):
        raise not_begun(OutsideNetworks())


def living(
    conn: sa.Connection, means: Means, account: Account, app_type: AppType | None, now: datetime
) -> list[Session]:
    """The account's sessions of that app type, the oldest first."""
    rows = read_list(conn, means, account.id, None, now).sessions
    return sorted((row for row in rows if row.app_type is app_type), key=lambda row: (row.began_at, row.id))


def rule_for(conn: sa.Connection, account: Account, app_type: AppType) -> InForce:
    """What the organisations of an account want for that app type."""
    return in_force(policies.of_account(conn, account.id), app_type, timedelta.max, None)


def surplus(rule: InForce, rows: Sequence[Session]) -> int:
    """How many of these have to end before one more may begin."""
    most = rule.most.value
    return 0 if most is None else max(0, len(rows) + 1 - most)


def _ended_for(conn: sa.Connection, means: Means, account: Account, rule: InForce, now: datetime) -> int:
    most = rule.most.value
    if most is None:
        return 0
    rows = living(conn, means, account, rule.app_type, now)
    oldest = rows[: surplus(rule, rows)]
    if oldest and rule.too_many.value is not TooMany.END_OLDEST:
        raise TooManySessions(most, may_ask=rule.too_many.value is TooMany.ASK)
    for row in oldest:
        facts: dict[str, object] = {"reason": EndReason.POLICY.value, "app_type": row.app_type.value}
        event = Event(EventKind.SESSION_EXPIRED, now, row.id, None, facts, {"device": row.device.name})
        number = journal.record(conn, account.id, event)
        end_sessions(conn, account.id, [row.id], EndReason.POLICY, now, number)
    return len(oldest)
