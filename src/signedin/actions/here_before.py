"""The session that a browser had before another one begins there: over when that has begun, and not otherwise (7.2.4)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.revoke import log_out, log_out_within
from signedin.rules.account import AccountId
from signedin.rules.presence import Presence


def end_own(conn: sa.Connection, before: Presence | None, account_id: AccountId, now: datetime) -> None:
    """End it in the transaction that begins the other one, where it is the same person's: it makes room for that."""
    if before is not None and before.current_id is not None and before.account_id == account_id:
        log_out_within(conn, account_id, before.current_id, now)


async def ended(means: Means, before: Presence | None, account_id: AccountId, now: datetime) -> None:
    """Return once it is over in every process; where it is another person's, it ends only here."""
    if before is None or before.current_id is None:
        return
    if before.account_id != account_id:
        await log_out(means, before, now)
        return
    means.recent.forget(account_id, before.current_id)
    await heard_everywhere(means)
