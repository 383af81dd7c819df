"""Cut-offs: when all devices of an account were last logged out, and whether anything of before waits to be tidied."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.store.accounts import accounts


def epoch_at(conn: sa.Connection, account_id: AccountId) -> datetime | None:
    """When all devices were last logged out, or `None`."""
    return conn.scalar(sa.select(accounts.c.epoch_at).where(accounts.c.account_id == account_id))


def untidied(conn: sa.Connection, limit: int) -> list[AccountId]:
    """Accounts with a cut-off whose rows wait to be tidied, the longest waiting first."""
    waiting = sa.select(accounts.c.account_id).where(accounts.c.epoch > accounts.c.tidied)
    return [AccountId(row) for row in conn.scalars(waiting.order_by(accounts.c.epoch_at).limit(limit))]


def tidied(conn: sa.Connection, account_id: AccountId, epoch: int) -> None:
    """Note that nothing waits any more that a cut-off up to this one has ended."""
    conn.execute(accounts.update().where(accounts.c.account_id == account_id).values(tidied=epoch))
