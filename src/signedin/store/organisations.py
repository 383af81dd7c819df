"""Organisations as they are remembered: their names, and which accounts belong to them.

A membership is in its account's part. An account that belongs to any has the first of them in its own row, so that
whoever belongs to none is asked about no rules.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId, OrganisationId
from signedin.rules.organisation import NameTaken, Organisation
from signedin.store.accounts import account_from, accounts
from signedin.store.host_cookies import host_cookies
from signedin.store.schema import Int64, Moment, account_key, insert, metadata
from signedin.store.sessions import sessions

S = TypeVar("S", bound=sa.Select[Any])
organisations = sa.Table(
    "organisations",
    metadata,
    sa.Column("organisation_id", Int64, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("folded", sa.Text, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.UniqueConstraint("folded"),
    comment="what accounts are grouped under, for rules and for operators of their own",
)
memberships = sa.Table(
    "memberships",
    metadata,
    account_key(),
    sa.Column("organisation_id", Int64, primary_key=True, autoincrement=False),
    sa.Column("since", Moment, nullable=False),
    sa.Index("ix_memberships_organisation_id", "organisation_id", "account_id"),
)


MOST_COUNTED = 1_000
"""Members up to which an organisation's are counted in a list: a page of large ones reads no more than that of each."""


class Counted(NamedTuple):
    """An organisation, and how many accounts belong to it: that many, or more where it says so."""

    organisation: Organisation
    members: int
    has_more_members: bool


def add(conn: sa.Connection, name: str, now: datetime) -> Organisation:
    """Remember a new organisation.

    Raises:
        NameTaken: there is one with this name.
    """
    made = Organisation(OrganisationId(secrets.randbits(52) | (1 << 40)), name, now)
    values = {"organisation_id": made.id, "name": name, "folded": name.casefold(), "created_at": now}
    claimed = insert(conn, organisations).values(**values).on_conflict_do_nothing()
    if conn.execute(claimed.returning(organisations.c.organisation_id)).first() is None:
        raise NameTaken(field="name")
    return made


def rename(conn: sa.Connection, organisation_id: OrganisationId, name: str) -> None:
    """Call it something else.

    Raises:
        NameTaken: another one is called that.
    """
    mine, folded = organisations.c.organisation_id == organisation_id, name.casefold()
    other = sa.select(organisations.c.name).where(~mine, organisations.c.folded == folded)
    if conn.execute(other).first() is not None:
        raise NameTaken(field="name")
    conn.execute(organisations.update().where(mine).values(name=name, folded=folded))


def remove(conn: sa.Connection, organisation_id: OrganisationId) -> None:
    """Forget it; nobody belongs to it any more."""
    conn.execute(organisations.delete().where(organisations.c.organisation_id == organisation_id))


def find(conn: sa.Connection, organisation_id: OrganisationId, *, held: bool = False) -> Organisation | None:
    """The organisation, or `None`; held, nobody else changes it or who belongs to it until this is over."""
    asked = sa.select(organisations).where(organisations.c.organisation_id == organisation_id)
    row = conn.execute(asked.with_for_update() if held else asked).one_or_none()
    return None if row is None else _organisation(row)


def named(conn: sa.Connection, name: str) -> Organisation | None:
    """The organisation of that name, or `None`."""
    row = conn.execute(
        sa.select(organisations).where(organisations.c.folded == name.casefold())
    ).one_or_none()
    return None if row is None else _organisation(row)


def every(conn: sa.Connection, after: str, limit: int, only: OrganisationId | None = None) -> list[Counted]:
    """So many organisations by name, from the one after that name on; only one of them where that is said."""
    belongs = memberships.c.organisation_id == organisations.c.organisation_id
    some = sa.select(memberships.c.account_id).where(belongs).correlate(organisations).limit(MOST_COUNTED + 1)
    counted = sa.select(sa.func.count()).select_from(some.subquery()).correlate(organisations)
    asked = _by_name(sa.select(organisations, counted.scalar_subquery().label("members")), after, limit, only)
    return [
        Counted(_organisation(row), min(row.members, MOST_COUNTED), row.members > MOST_COUNTED)
        for row in conn.execute(asked)
    ]


def names(conn: sa.Connection, limit: int, only: OrganisationId | None = None) -> list[str]:
    """What so many are called, in that order."""
    return list(conn.scalars(_by_name(sa.select(organisations.c.name), "", limit, only)))


def join(conn: sa.Connection, account_id: AccountId, organisation_id: OrganisationId, now: datetime) -> bool:
    """Let an account, which is held, belong to it; returns whether it did not before."""
    values = {"account_id": account_id, "organisation_id": organisation_id, "since": now}
    joined = insert(conn, memberships).values(**values).on_conflict_do_nothing()
    is_new = conn.execute(joined.returning(memberships.c.account_id)).first() is not None
    _note_first(conn, account_id)
    return is_new


def leave(conn: sa.Connection, account_id: AccountId, organisation_id: OrganisationId) -> bool:
    """Let an account, which is held, belong to it no more; returns whether it did before."""
    this = (memberships.c.account_id == account_id) & (memberships.c.organisation_id == organisation_id)
    has_left = conn.execute(memberships.delete().where(this)).rowcount > 0
    _note_first(conn, account_id)
    return has_left


def is_member(conn: sa.Connection, account_id: AccountId, organisation_id: OrganisationId) -> bool:
    """Whether the account belongs to it."""
    this = (memberships.c.account_id == account_id) & (memberships.c.organisation_id == organisation_id)
    return conn.execute(sa.select(memberships.c.account_id).where(this)).first() is not None


def of(conn: sa.Connection, account_id: AccountId) -> list[Organisation]:
    """The organisations of an account, by name."""
    joined = memberships.join(organisations, organisations.c.organisation_id == memberships.c.organisation_id)
    asked = sa.select(organisations).select_from(joined).where(memberships.c.account_id == account_id)
    return [_organisation(row) for row in conn.execute(asked.order_by(organisations.c.folded))]


def members(conn: sa.Connection, organisation_id: OrganisationId, after: int, limit: int) -> list[Account]:
    """So many of its accounts by their numbers, after that one."""
    mine = (memberships.c.organisation_id == organisation_id) & (memberships.c.account_id > after)
    joined = memberships.join(accounts, accounts.c.account_id == memberships.c.account_id)
    asked = sa.select(accounts).select_from(joined).where(mine).order_by(memberships.c.account_id)
    return [account_from(row) for row in conn.execute(asked.limit(limit))]


def member_ids(
    conn: sa.Connection, organisation_id: OrganisationId, after: int, limit: int
) -> list[AccountId]:
    """The same, their numbers alone."""
    mine = (memberships.c.organisation_id == organisation_id) & (memberships.c.account_id > after)
    asked = sa.select(memberships.c.account_id).where(mine).order_by(memberships.c.account_id)
    return [AccountId(each) for each in conn.scalars(asked.limit(limit))]


def has_members(conn: sa.Connection, organisation_id: OrganisationId) -> bool:
    """Whether anybody belongs to it."""
    return bool(member_ids(conn, organisation_id, 0, 1))


def secrets_of(conn: sa.Connection, account_id: AccountId) -> Sequence[bytes]:
    """The digests of all that signs in to an account from memory: its sessions, and the cookies of single hosts."""
    asked = [
        sa.select(table.c.digest).where(table.c.account_id == account_id)
        for table in (sessions, host_cookies)
    ]
    return [digest for each in asked for digest in conn.scalars(each)]


def only_members(asked: S, account_id: sa.ColumnElement[int], whose: OrganisationId | None) -> S:
    """The same question, about members of that organisation alone; about everybody where there is none."""
    if whose is None:
        return asked
    theirs = (memberships.c.account_id == account_id) & (memberships.c.organisation_id == whose)
    return asked.where(sa.exists().where(theirs))


def _by_name(asked: S, after: str, limit: int, only: OrganisationId | None) -> S:
    asked = asked.where(organisations.c.folded > after).order_by(organisations.c.folded).limit(limit)
    return asked if only is None else asked.where(organisations.c.organisation_id == only)


def _note_first(conn: sa.Connection, account_id: AccountId) -> None:
    mine = memberships.c.account_id == account_id
    first = sa.select(sa.func.min(memberships.c.organisation_id)).where(mine).scalar_subquery()
    conn.execute(accounts.update().where(accounts.c.account_id == account_id).values(organisation_id=first))


def _organisation(row: sa.Row[*tuple[object, ...]]) -> Organisation:
    return Organisation(OrganisationId(row.organisation_id), row.name, row.created_at)
