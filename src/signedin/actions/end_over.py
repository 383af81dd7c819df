"""What a rule of an organisation has ended is buried at the check that finds it: it does not come back by another rule."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from time import monotonic

import sqlalchemy as sa

from signedin.actions.ending import end_expired
from signedin.actions.list_sessions import as_used_last
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.moments import MICROSECOND
from signedin.rules.policy import Policy
from signedin.rules.policy_wish import RuleStillEnding
from signedin.rules.presence import Absence
from signedin.store import accounts, organisations, policies, session_rows

STRETCH = 1000
"""Members that one question looks at."""
Clock = Callable[[], datetime]


async def end_over(means: Means, absence: Absence, now: datetime) -> None:
    """Bury what a check has just found to be over by a rule; the answer is the same where that cannot be written."""
    if absence.over is None:
        return
    account_id, row_id = absence.over
    with suppress(DatabaseProblem, Unavailable):
        await means.database.write(_end_one, means, account_id, row_id, now)


async def end_over_by(means: Means, policy: Policy, clock: Clock, until: float) -> None:
    """Bury all that a rule has ended among the members of its organisation, before it changes.

    Members are looked at a stretch at a time, and one transaction is for one account. What was found stays buried, also
    where it is not all of it.

    Raises:
        RuleStillEnding: that moment of the monotonic clock has come, and there is more.
    """
    after = 0
    while (stretch := await means.database.read(_stretch, policy, after, clock())) is not None:
        after, found = stretch
        for account_id in found:
            if monotonic() > until:
                raise RuleStillEnding
            await means.database.write(_end_all_held, means, account_id, clock())


def _stretch(
    conn: sa.Connection, policy: Policy, after: int, now: datetime
) -> tuple[int, list[AccountId]] | None:
    """The last of the next so many members, and those with something to bury; `None` when there are no more."""
    some = organisations.member_ids(conn, policy.organisation_id, after, STRETCH)
    by_now = now + MICROSECOND
    return (some[-1], policies.over_by(conn, policy, by_now, (after, some[-1]))) if some else None


def end_all(conn: sa.Connection, means: Means, account_id: AccountId, now: datetime) -> int:
    """Bury whatever is over by a rule in an account, which is held; returns how much it was."""
    rows = [as_used_last(means, row, None, now) for row in session_rows.of(conn, account_id)[0]]
    over = [row for row in rows if row.is_over_by_rule_at(now)]
    for row in over:
        end_expired(conn, row, now)
    return len(over)


def _end_all_held(conn: sa.Connection, means: Means, account_id: AccountId, now: datetime) -> int:
    accounts.hold(conn, account_id)
    return end_all(conn, means, account_id, now)


def _end_one(conn: sa.Connection, means: Means, account_id: AccountId, row_id: str, now: datetime) -> None:
    accounts.hold(conn, account_id)
    for found in session_rows.some(conn, account_id, [row_id]):
        row = as_used_last(means, found, None, now)
        if row.is_over_by_rule_at(now):
            end_expired(conn, row, now)
