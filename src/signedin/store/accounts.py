"""Accounts as they are remembered: the person, the directory of addresses, passwords, known browsers."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.rules import errors
from signedin.rules.account import Account, AccountId, AccountState, OrganisationId
from signedin.store.ready import Ready
from signedin.store.schema import Int64, Moment, account_key, insert, metadata

_WAITS, _IS_OLD = sa.text("epoch > tidied"), sa.text("family IS NOT NULL")
_IS_OPERATOR = sa.text("operator_role IS NOT NULL")
_NOT_ENTERED = sa.text("entered_as IS NULL OR entered_as <> name")
accounts = sa.Table(
    "accounts",
    metadata,
    account_key(),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("organisation_id", Int64),
    sa.Column("zone", sa.Text),
    sa.Column("locale", sa.Text),
    sa.Column("is_demo", sa.Boolean, nullable=False, default=False),
    sa.Column("number", Int64, nullable=False, default=0),
    sa.Column("chain", sa.LargeBinary, nullable=False, default=b""),
    sa.Column("epoch", Int64, nullable=False, default=0),
    sa.Column("epoch_at", Moment),
    sa.Column("tidied", Int64, nullable=False, default=0, server_default="0"),
    sa.Column("operator_role", sa.Text),
    sa.Column("entered_as", sa.Text),
    sa.Index("ix_accounts_epoch_at", "epoch_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
    sa.Index(
        "ix_accounts_operator_role", "operator_role", sqlite_where=_IS_OPERATOR, postgresql_where=_IS_OPERATOR
    ),
    sa.Index(
        "ix_accounts_not_entered", "account_id", sqlite_where=_NOT_ENTERED, postgresql_where=_NOT_ENTERED
    ),
)

addresses = sa.Table(
    "addresses",
    metadata,
    sa.Column("email", sa.Text, primary_key=True),
    sa.Column("account_id", Int64, nullable=False),
    comment="which account an address signs in to; a directory of its own, by address",
)

passwords = sa.Table(
    "passwords",
    metadata,
    account_key(),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("changed_at", Moment, nullable=False),
    sa.Column("family", sa.Text),
    sa.Index("ix_passwords_family", "family", sqlite_where=_IS_OLD, postgresql_where=_IS_OLD),
)

known_browsers = sa.Table(
    "known_browsers",
    metadata,
    account_key(),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)

familiar_places = sa.Table(
    "familiar_places",
    metadata,
    account_key(),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("first_at", Moment, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
)


def add(conn: sa.Connection, email: str, name: str, now: datetime, *, is_demo: bool = False) -> Account:
    """Remember a new account under a normalised address.

    Raises:
        EmailTaken: the address belongs to an account already.
    """
    account = Account(new_id(), email, name, AccountState.ACTIVE, now, is_demo=is_demo)
    claimed = insert(conn, addresses).values(email=email, account_id=account.id).on_conflict_do_nothing()
    if conn.execute(claimed.returning(addresses.c.email)).first() is None:
        raise errors.EmailTaken(field="email")
    return remember(conn, account)


def new_id() -> AccountId:
    """An id for a new account."""
    return AccountId(secrets.randbits(62) | (1 << 40))


def remember(conn: sa.Connection, account: Account) -> Account:
    """Write the row of a new account, however it can be reached."""
    values = {name: getattr(account, name) for name in ("email", "name", "state", "created_at", "is_demo")}
    conn.execute(accounts.insert().values(account_id=account.id, **values))
    return account


def find(conn: sa.Connection, account_id: AccountId) -> Account | None:
    """The account, or `None`."""
    return account_from(row) if (row := _FIND.first(conn, {"whose": account_id})) else None


_FIND = Ready(sa.select(accounts).where(accounts.c.account_id == sa.bindparam("whose", type_=Int64)))


def is_member(conn: sa.Connection, account_id: AccountId) -> bool:
    """Whether the account belongs to any organisation."""
    asked = sa.select(accounts.c.organisation_id).where(accounts.c.account_id == account_id)
    return conn.scalar(asked) is not None


def hold(conn: sa.Connection, account_id: AccountId) -> None:
    """Let nobody else change the account until this transaction is over; on SQLite whoever writes is alone."""
    if conn.dialect.name == "postgresql":
        mine = accounts.c.account_id == account_id
        conn.execute(sa.select(accounts.c.account_id).where(mine).with_for_update())


def find_by_email(conn: sa.Connection, email: str) -> Account | None:
    """The account that a normalised address signs in to, or `None`."""
    account_id = conn.scalar(sa.select(addresses.c.account_id).where(addresses.c.email == email))
    return find(conn, AccountId(account_id or 0))  # as many statements for nobody's address (security 6.3.8)


def every(conn: sa.Connection) -> list[Account]:
    """All accounts, by address, for the operator's list."""
    rows = conn.execute(sa.select(accounts).order_by(accounts.c.email))
    return [account_from(row) for row in rows]


def count(conn: sa.Connection) -> int:
    """How many accounts there are."""
    return int(conn.scalar(sa.select(sa.func.count()).select_from(accounts)) or 0)


def alone(conn: sa.Connection) -> None:
    """Be the only one who makes accounts until the transaction is over; who writes a file is alone anyway."""
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")


def is_empty(conn: sa.Connection) -> bool:
    """Whether there is no account yet, so that set-up is due."""
    return conn.execute(sa.select(accounts.c.account_id).limit(1)).first() is None


def history_number(conn: sa.Connection, account_id: AccountId) -> int:
    """The number of the account's latest event: what a first proof accepted now would be dated by (D23)."""
    return int(conn.scalar(sa.select(accounts.c.number).where(accounts.c.account_id == account_id)) or 0)


def set_epoch(conn: sa.Connection, account_id: AccountId, number: int, now: datetime) -> None:
    """Make `number` the cut-off: whatever was first proved before it is dead (D23)."""
    conn.execute(
        accounts.update().where(accounts.c.account_id == account_id).values(epoch=number, epoch_at=now)
    )


def set_language(conn: sa.Connection, account_id: AccountId, locale: str, zone: str | None) -> None:
    """Remember how letters to the account are written: in which language, and by which clock."""
    mine = accounts.c.account_id == account_id
    conn.execute(accounts.update().where(mine).values(locale=locale, zone=zone))


def set_state(conn: sa.Connection, account_id: AccountId, state: AccountState) -> None:
    """Disable, enable or close the account."""
    conn.execute(accounts.update().where(accounts.c.account_id == account_id).values(state=state))


def set_password(conn: sa.Connection, account_id: AccountId, hashed: str, now: datetime) -> None:
    """Remember the account's password as a hash, replacing what was there."""
    values = {"hash": hashed, "changed_at": now, "family": None}
    conn.execute(
        insert(conn, passwords)
        .values(account_id=account_id, **values)
        .on_conflict_do_update(index_elements=["account_id"], set_=values)
    )


def rehash(conn: sa.Connection, account_id: AccountId, old: str, fresh: str, now: datetime) -> None:
    """Keep the same password by another hash, unless a new one was set meanwhile."""
    same = (passwords.c.account_id == account_id) & (passwords.c.hash == old)
    conn.execute(passwords.update().where(same).values(hash=fresh, changed_at=now, family=None))


def password_hash(conn: sa.Connection, account_id: AccountId) -> str | None:
    """The hash of the account's password, or `None`."""
    return conn.scalar(sa.select(passwords.c.hash).where(passwords.c.account_id == account_id))


def remember_browser(conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime) -> None:
    """Make a browser known to the account, or note that it signed in again (D35)."""
    conn.execute(
        insert(conn, known_browsers)
        .values(account_id=account_id, digest=digest, first_at=now, last_at=now)
        .on_conflict_do_update(index_elements=["account_id", "digest"], set_={"last_at": now})
    )


def is_known_browser(conn: sa.Connection, account_id: AccountId, digest: bytes) -> bool:
    """Whether the account knows the browser."""
    where = (known_browsers.c.account_id == account_id) & (known_browsers.c.digest == digest)
    return conn.execute(sa.select(known_browsers.c.digest).where(where)).first() is not None


def forget_browsers(conn: sa.Connection, account_id: AccountId) -> None:
    """Forget every known browser, so that the next sign-in of each alerts (D21)."""
    conn.execute(known_browsers.delete().where(known_browsers.c.account_id == account_id))


def forget_browser(conn: sa.Connection, account_id: AccountId, digest: bytes) -> None:
    """Forget one known browser."""
    mine = known_browsers.c.account_id == account_id
    conn.execute(known_browsers.delete().where(mine, known_browsers.c.digest == digest))


def familiar(conn: sa.Connection, account_id: AccountId) -> frozenset[str]:
    """The keys of the places that are the account's own."""
    rows = conn.scalars(sa.select(familiar_places.c.place).where(familiar_places.c.account_id == account_id))
    return frozenset(rows)


def add_familiar(conn: sa.Connection, account_id: AccountId, place: str, now: datetime) -> None:
    """Make a place the account's own."""
    conn.execute(
        insert(conn, familiar_places)
        .values(account_id=account_id, place=place, first_at=now, last_at=now)
        .on_conflict_do_update(index_elements=["account_id", "place"], set_={"last_at": now})
    )


def account_from(row: Any) -> Account:
    """The account in a row of its table."""
    return Account(
        AccountId(row.account_id), row.email, row.name, AccountState(row.state), row.created_at, row.epoch,
        OrganisationId(row.organisation_id) if row.organisation_id is not None else None,
        row.zone, row.locale, row.is_demo, row.operator_role is not None,
    )  # fmt: skip
