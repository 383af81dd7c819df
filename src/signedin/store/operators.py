"""Operators as they are remembered: which accounts have which role, asked of the database every time."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId, AccountState, OrganisationId
from signedin.rules.operator import Role, as_kept, from_kept
from signedin.rules.session import AppType
from signedin.store.accounts import account_from, accounts
from signedin.store.sessions import sessions

_IS_ONE = accounts.c.operator_role.is_not(None)
_ROLES = 0x516E_6F70
"""The number by which PostgreSQL knows the lock on all roles."""


class Acting(NamedTuple):
    """Who acts by an Admin session that lives: what they are called, which role for which organisation, how they signed in."""

    name: str
    role: Role | None
    factors: tuple[str, ...]
    organisation_id: OrganisationId | None = None


def acting(conn: sa.Connection, account_id: AccountId, session_id: str) -> Acting | None:
    """Whose living Admin session it is, with the role of this very moment; `None` where there is none."""
    row = conn.execute(_ACTING, {"whose": account_id, "session": session_id}).one_or_none()
    if row is None:
        return None
    role, bound_to = from_kept(row.operator_role) or (None, None)
    return Acting(row.name or row.email, role, tuple(row.factors), bound_to)


def role_of(conn: sa.Connection, account_id: AccountId) -> Role | None:
    """The account's role, or `None`."""
    found = conn.scalar(sa.select(accounts.c.operator_role).where(accounts.c.account_id == account_id))
    return _role(found)


def bound_to(conn: sa.Connection, account_id: AccountId) -> OrganisationId | None:
    """The organisation that the account's role is bound to, or `None`."""
    found = conn.scalar(sa.select(accounts.c.operator_role).where(accounts.c.account_id == account_id))
    kept = from_kept(found)
    return kept[1] if kept else None


def every(conn: sa.Connection) -> list[tuple[Account, Role]]:
    """All operators, by address."""
    return [(account, role) for account, role, _ in everybody(conn)]


def everybody(conn: sa.Connection) -> list[tuple[Account, Role, OrganisationId | None]]:
    """The same, each with the organisation that they are bound to."""
    rows = conn.execute(sa.select(accounts).where(_IS_ONE).order_by(accounts.c.email))
    found = ((account_from(row), from_kept(row.operator_role)) for row in rows)
    return [(account, *kept) for account, kept in found if kept is not None]


def has_some_for(conn: sa.Connection, organisation_id: OrganisationId) -> bool:
    """Whether anybody is an operator for that organisation alone."""
    theirs = accounts.c.operator_role.in_([as_kept(role, organisation_id) for role in Role])
    return conn.execute(sa.select(accounts.c.account_id).where(theirs, _IS_ONE).limit(1)).first() is not None


def owners(conn: sa.Connection) -> list[AccountId]:
    """The owners who can sign in, by their numbers."""
    return [AccountId(each) for each in conn.scalars(_OWNERS)]


def hold_owners(conn: sa.Connection) -> list[AccountId]:
    """The same, whom nobody else dismisses or disables until this transaction is over.

    Whoever waits here for somebody else's change sees what that has left.
    """
    return [AccountId(each) for each in conn.scalars(_OWNERS.with_for_update())]


def hold_roles(conn: sa.Connection, *, alone: bool = False) -> None:
    """Let every operator keep their role until this transaction is over; alone, to change one: no deed is under way.

    The first thing that a transaction holds: whoever waits here holds nothing that another waits for. On SQLite whoever
    writes is alone.
    """
    if conn.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock if alone else sa.func.pg_advisory_xact_lock_shared
        conn.execute(sa.select(lock(_ROLES)))


def set_role(
    conn: sa.Connection, account_id: AccountId, role: Role | None, bound: OrganisationId | None = None
) -> None:
    """Give the account a role, for one organisation alone where that is said, or take it away."""
    values = {"operator_role": None if role is None else as_kept(role, bound)}
    conn.execute(accounts.update().where(accounts.c.account_id == account_id).values(**values))


def _role(text: str | None) -> Role | None:
    kept = from_kept(text)
    return kept[0] if kept else None


_OWNERS = (
    sa.select(accounts.c.account_id)
    .where(
        accounts.c.operator_role == Role.OWNER.value, accounts.c.state == AccountState.ACTIVE.value, _IS_ONE
    )
    .order_by(accounts.c.account_id)
)
_ACTING = (
    sa.select(accounts.c.name, accounts.c.email, accounts.c.operator_role, sessions.c.factors)
    .select_from(sessions.join(accounts, accounts.c.account_id == sessions.c.account_id))
    .where(
        sessions.c.account_id == sa.bindparam("whose"),
        sessions.c.session_id == sa.bindparam("session"),
        sessions.c.app_type == AppType.ADMIN.value,
        sessions.c.first_proof >= accounts.c.epoch,
        accounts.c.state == AccountState.ACTIVE.value,
    )
)
