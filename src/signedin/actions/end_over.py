"""What a rule of an organisation has ended is buried at the check that finds it: it does not come back by another rule."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_expired
from signedin.actions.list_sessions import as_used_last
from signedin.actions.means import Means
from signedin.rules.account import AccountId, OrganisationId
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.presence import Absence
from signedin.store import accounts, organisations, session_rows

BATCH = 200


async def end_over(means: Means, absence: Absence, now: datetime) -> None:
    """Bury what a check has just found to be over by a rule; the answer is the same where that cannot be written."""
    if absence.over is None:
        return
    account_id, row_id = absence.over
    with suppress(DatabaseProblem, Unavailable):
        await means.database.write(_end_one, means, account_id, row_id, now)


async def end_over_of_members(means: Means, organisation_id: OrganisationId, now: datetime) -> int:
    """Bury all that the rules of now have ended among the members of an organisation, before they change.

    One transaction for each account; returns how much it was.
    """
    after, ended = 0, 0
    while found := await means.database.read(organisations.member_ids, organisation_id, after, BATCH):
        for account_id in found:
            ended += await means.database.write(_end_all_held, means, account_id, now)
        after = found[-1]
    return ended


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
