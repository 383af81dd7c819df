"""Accounts in the order of their numbers, a page at a time; and what they are called."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId
from signedin.store.accounts import account_from, accounts


def after(conn: sa.Connection, account_id: int, limit: int) -> list[Account]:
    """The next accounts after that number."""
    asked = sa.select(accounts).where(accounts.c.account_id > account_id)
    return [account_from(row) for row in conn.execute(asked.order_by(accounts.c.account_id).limit(limit))]


def rename(conn: sa.Connection, account_id: AccountId, name: str) -> None:
    """Call the account by another name."""
    conn.execute(accounts.update().where(accounts.c.account_id == account_id).values(name=name))
