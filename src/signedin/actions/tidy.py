"""Tidy what a cut-off has ended: the rows go to the tombstones in batches, when it has long been over."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.revocation import EndReason
from signedin.store import accounts, consents, cut_offs, sessions, tombstones

TIDY_AT_ONCE = 500


async def tidy_at_once(means: Means, account_id: AccountId, now: datetime) -> None:
    """Tidy one batch, which is all of it for most people; it is over, and what is left is the sweep's."""
    with suppress(errors.DatabaseProblem, errors.Unavailable):
        await means.database.write(tidy_batch, account_id, now)


async def tidy(means: Means, account_id: AccountId, now: datetime) -> int:
    """Move what the account's cut-off has ended to the tombstones, batch by batch; returns how many."""
    total = 0
    while True:
        done = await means.database.write(tidy_batch, account_id, now)
        total += done
        if done < TIDY_AT_ONCE:
            return total


def tidy_batch(conn: sa.Connection, account_id: AccountId, now: datetime, limit: int = TIDY_AT_ONCE) -> int:
    """One batch of tidying in the transaction at hand."""
    accounts.hold(conn, account_id)
    account = accounts.find(conn, account_id)
    if account is None:
        return 0
    ended_at = cut_offs.epoch_at(conn, account_id) or now
    dead, withdrawn = sessions.cut_off(conn, account_id, limit), consents.cut_off(conn, account_id, limit)
    if dead:
        sessions.end(conn, account_id, dead, EndReason.LOGGED_OUT_EVERYWHERE, ended_at, account.epoch)
    if withdrawn:
        gone = consents.end(conn, account_id, withdrawn, ended_at)
        why = EndReason.LOGGED_OUT_EVERYWHERE
        tombstones.bury(conn, account_id, gone, why, ended_at, account.epoch)
    if max(len(dead), len(withdrawn)) < limit:
        cut_offs.tidied(conn, account_id, account.epoch)
    return len(dead) + len(withdrawn)
