"""People as the apps know them: an outside id belongs to its service, and leads to one account (D31)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId, AccountState, OutsideId
from signedin.store import accounts, lookup
from signedin.store.schema import Int64, account_key, insert, metadata

outside_directory = sa.Table(
    "outside_directory",
    metadata,
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("account_id", Int64, nullable=False),
    comment="which account an app means by its own id; a directory of its own, by that id",
)

outside_ids = sa.Table(
    "outside_ids",
    metadata,
    account_key(),
    sa.Column("service", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
)


def find(conn: sa.Connection, outside: OutsideId) -> AccountId | None:
    """The account that an app means by its own id, or `None`."""
    found = conn.scalar(sa.select(outside_directory.c.account_id).where(_is(outside)))
    return None if found is None else AccountId(found)


def subjects(
    conn: sa.Connection, service: str, account_ids: Sequence[AccountId]
) -> dict[AccountId, tuple[str, ...]]:
    """By which of its own ids an app knows each of these accounts."""
    mine = (outside_ids.c.service == service) & outside_ids.c.account_id.in_(account_ids)
    found: dict[AccountId, tuple[str, ...]] = dict.fromkeys(account_ids, ())
    for row in conn.execute(sa.select(outside_ids).where(mine).order_by(outside_ids.c.subject)):
        found[AccountId(row.account_id)] += (row.subject,)
    return found


def after(conn: sa.Connection, service: str, account_id: int, limit: int) -> list[Account]:
    """The next accounts after that number of people whom an app knows, and of nobody else."""
    of = accounts.accounts
    mine = (outside_ids.c.service == service) & (outside_ids.c.account_id == of.c.account_id)
    asked = sa.select(of).where(of.c.account_id > account_id, sa.exists().where(mine))
    return [accounts.account_from(row) for row in conn.execute(asked.order_by(of.c.account_id).limit(limit))]


def add(conn: sa.Connection, outside: OutsideId, email: str, name: str, now: datetime) -> Account | None:
    """Remember a new account that nobody but the app can reach; `None` when the id leads to one meanwhile.

    The e-mail address may be empty and is for letters alone: nobody signs in by it, because nobody has shown that
    it is theirs.
    """
    account = Account(accounts.new_id(), email, name, AccountState.ACTIVE, now)
    if not lead(conn, outside, account.id):
        return None
    lookup.enter(conn, accounts.remember(conn, account))
    return account


def lead(conn: sa.Connection, outside: OutsideId, account_id: AccountId) -> bool:
    """Let an app's own id lead to an account; false when it leads to one already."""
    values = {"service": outside.service, "subject": outside.subject, "account_id": account_id}
    claimed = insert(conn, outside_directory).values(**values).on_conflict_do_nothing()
    if conn.execute(claimed.returning(outside_directory.c.account_id)).first() is None:
        return False
    conn.execute(outside_ids.insert().values(**values))
    return True


def _is(outside: OutsideId) -> sa.ColumnElement[bool]:
    directory = outside_directory.c
    return (directory.service == outside.service) & (directory.subject == outside.subject)
