"""Operators as they are remembered: which accounts have which role, asked of the database every time."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId, AccountState
from signedin.rules.operator import Role
from signedin.rules.session import AppType
from signedin.store.accounts import account_from, accounts
from signedin.store.sessions import sessions

_IS_ONE = accounts.c.operator_role.is_not(None)


class Acting(NamedTuple):
    """Who acts by an Admin session that lives: what they are called, which role they have, how they signed in."""

    name: str
    role: Role | None
    factors: tuple[str, ...]


def acting(conn: sa.Connection, account_id: AccountId, session_id: str) -> Acting | None:
    """Whose living Admin session it is, with the role of this very moment; `None` where there is none."""
    row = conn.execute(_ACTING, {"whose": account_id, "session": session_id}).one_or_none()
    if row is None:
        return None
    return Acting(row.name or row.email, _role(row.operator_role), tuple(row.factors))


def role_of(conn: sa.Connection, account_id: AccountId) -> Role | None:
    """The account's role, or `None`."""
    found = conn.scalar(sa.select(accounts.c.operator_role).where(accounts.c.account_id == account_id))
    return _role(found)


def every(conn: sa.Connection) -> list[tuple[Account, Role]]:
    """All operators, by address."""
    rows = conn.execute(sa.select(accounts).where(_IS_ONE).order_by(accounts.c.email))
    found = ((account_from(row), _role(row.operator_role)) for row in rows)
    return [(account, role) for account, role in found if role is not None]


def hold_owners(conn: sa.Connection) -> list[AccountId]:
    """The owners who can sign in, whom nobody else dismisses or disables until this transaction is over.

    Whoever waits here for somebody else's change sees what that has left.
    """
    can = (accounts.c.operator_role == Role.OWNER.value) & (accounts.c.state == AccountState.ACTIVE.value)
    asked = sa.select(accounts.c.account_id).where(can, _IS_ONE).order_by(accounts.c.account_id)
    return [AccountId(each) for each in conn.scalars(asked.with_for_update())]


def set_role(conn: sa.Connection, account_id: AccountId, role: Role | None) -> None:
    """Give the account a role, or take it away."""
    values = {"operator_role": None if role is None else role.value}
    conn.execute(accounts.update().where(accounts.c.account_id == account_id).values(**values))


def _role(text: str | None) -> Role | None:
    """What a later version may have written and this one does not know is no role."""
    return Role(text) if text in set(Role) else None


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
