"""The rules of organisations as they are remembered, and those of an account, asked for at a check and at a sign-in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId, OrganisationId
from signedin.rules.moments import MICROSECOND, to_micros
from signedin.rules.policy import Policy, TooMany, in_force
from signedin.rules.policy_wish import EVERY_TYPE
from signedin.rules.session import AppType
from signedin.rules.session_list import Row
from signedin.store.access_keys import names_in
from signedin.store.accounts import accounts
from signedin.store.activity import activity
from signedin.store.consents import consents
from signedin.store.organisations import memberships, organisations
from signedin.store.schema import Int64, Json, Moment, Span, insert, metadata
from signedin.store.sessions import sessions

policies = sa.Table(
    "policies",
    metadata,
    sa.Column("organisation_id", Int64, primary_key=True, autoincrement=False),
    sa.Column("app_type", sa.Text, primary_key=True),
    sa.Column("idle", Span),
    sa.Column("overall", Span),
    sa.Column("most", sa.Integer),
    sa.Column("too_many", sa.Text, nullable=False),
    sa.Column("is_read_only", sa.Boolean, nullable=False),
    sa.Column("networks", Json, nullable=False),
    sa.Column("shortest_password", sa.Integer),
    sa.Column("changed_at", Moment, nullable=False),
    comment="what an organisation wants of its members' sessions, for one app type or all",
)
OF_ACCOUNT = """
SELECT p.organisation_id, o.name, p.app_type, p.idle, p.overall, p.most, p.too_many, p.is_read_only, p.networks,
       p.shortest_password
FROM memberships m
JOIN policies p ON p.organisation_id = m.organisation_id
JOIN organisations o ON o.organisation_id = m.organisation_id
WHERE m.account_id = {whose}
"""
"""All rules for an account, for the driver of the checks."""


def keep(conn: sa.Connection, policy: Policy, now: datetime) -> None:
    """Remember a rule in the place of what the organisation wanted for that app type before."""
    key = {"organisation_id": policy.organisation_id, "app_type": policy.app_type or EVERY_TYPE}
    values = {
        "idle": policy.idle, "overall": policy.overall, "most": policy.most, "too_many": policy.too_many.value,
        "is_read_only": policy.is_read_only, "networks": list(policy.networks),
        "shortest_password": policy.shortest_password, "changed_at": now,
    }  # fmt: skip
    kept = insert(conn, policies).values(**key, **values)
    conn.execute(kept.on_conflict_do_update(index_elements=list(key), set_=values))


def clear(conn: sa.Connection, organisation_id: OrganisationId, app_type: AppType | None) -> bool:
    """Forget a rule; returns whether there was one."""
    this = (policies.c.organisation_id == organisation_id) & (policies.c.app_type == (app_type or EVERY_TYPE))
    return conn.execute(policies.delete().where(this)).rowcount > 0


def clear_all(conn: sa.Connection, organisation_id: OrganisationId) -> None:
    """Forget every rule of an organisation."""
    conn.execute(policies.delete().where(policies.c.organisation_id == organisation_id))


def of_organisation(conn: sa.Connection, organisation_id: OrganisationId) -> list[Policy]:
    """What it wants, that for all app types first."""
    rows = conn.execute(_NAMED.where(policies.c.organisation_id == organisation_id))
    found = [policy_from(row) for row in rows]
    return sorted(found, key=lambda each: [None, *AppType].index(each.app_type))


def of_account(conn: sa.Connection, account_id: AccountId) -> list[Policy]:
    """What the organisations of an account want."""
    mine = memberships.c.organisation_id == policies.c.organisation_id
    asked = _NAMED.where(sa.exists().where(memberships.c.account_id == account_id, mine))
    return [policy_from(row) for row in conn.execute(asked)]


def of_accounts(conn: sa.Connection, ids: Sequence[AccountId]) -> dict[AccountId, list[Policy]]:
    """The same for each of several accounts, as far as there are rules."""
    found: dict[AccountId, list[Policy]] = {}
    joined = _NAMED.join(memberships, memberships.c.organisation_id == policies.c.organisation_id)
    asked = joined.add_columns(memberships.c.account_id).where(memberships.c.account_id.in_(ids))
    for row in conn.execute(asked):
        found.setdefault(AccountId(row.account_id), []).append(policy_from(row))
    return found


def ruled(conn: sa.Connection, account_id: AccountId, rows: Sequence[Row], *, is_member: bool) -> list[Row]:
    """Rows of an account as the rules of its organisations let them live."""
    if not is_member:
        return list(rows)
    return within(of_account(conn, account_id), rows)


def within(some: Sequence[Policy], rows: Sequence[Row]) -> list[Row]:
    """The same by rules that were read before."""
    found: dict[AppType, tuple[timedelta, timedelta | None]] = {}
    for app_type in AppType:
        rule = in_force(some, app_type, timedelta.max, None)
        found[app_type] = rule.idle.value, rule.overall.value
    return [row.within(*found[row.app_type]) for row in rows]


def over(conn: sa.Connection, before: datetime, limit: int) -> list[AccountId]:
    """Accounts with something that a rule has ended before that moment and that still waits to be buried."""
    at, is_for_all = to_micros(before), policies.c.app_type == EVERY_TYPE
    theirs = memberships.c.organisation_id == policies.c.organisation_id
    used = sa.cast(activity.c.last_at, Int64) + sa.cast(policies.c.idle, Int64) < at
    found: dict[AccountId, None] = {}
    for table, row_id, began, app_type in (
        (sessions, sessions.c.session_id, sessions.c.began_at, sessions.c.app_type),
        (consents, consents.c.consent_id, consents.c.consented_at, sa.literal(AppType.OAUTH.value)),
    ):
        too_old = sa.cast(began, Int64) + sa.cast(policies.c.overall, Int64) < at
        joined = (
            policies.join(memberships, theirs)
            .join(table, table.c.account_id == memberships.c.account_id)
            .join(activity, (activity.c.account_id == table.c.account_id) & (activity.c.row_id == row_id))
        )
        asked = sa.select(memberships.c.account_id).distinct().select_from(joined)
        is_for = is_for_all | (policies.c.app_type == app_type)
        found |= dict.fromkeys(map(AccountId, conn.scalars(asked.where(is_for, used | too_old).limit(limit))))
    return list(found)


def lets_live(
    table: sa.Table, began: sa.Column[Any], app_type: sa.ColumnElement[str], at: datetime, unwritten: int
) -> sa.ColumnElement[bool]:
    """Whether no rule had ended a row at that moment, by its last use as written and so many microseconds later.

    Asked beside the row's account and its last use; of accounts without an organisation nothing more is read.
    """
    mine = (memberships.c.account_id == table.c.account_id) & (
        memberships.c.organisation_id == policies.c.organisation_id
    )
    used = sa.cast(activity.c.last_at, Int64) + sa.cast(policies.c.idle, Int64)
    until = sa.cast(began, Int64) + sa.cast(policies.c.overall, Int64)
    is_over = (used <= to_micros(at) - unwritten) | (until <= to_micros(at))
    is_for = policies.c.app_type.in_([EVERY_TYPE, app_type])
    ended = sa.exists().where(mine, is_for, is_over).correlate(table, activity)
    return accounts.c.organisation_id.is_(None) | ~ended


def policy_from(row: Any) -> Policy:
    """The rule in a row, as SQLAlchemy reads it."""
    return Policy(
        OrganisationId(row.organisation_id), row.name, _app_type(row.app_type), row.idle, row.overall, row.most,
        _too_many(row.too_many), bool(row.is_read_only), tuple(row.networks), row.shortest_password,
    )  # fmt: skip


def policies_from(rows: Sequence[tuple[Any, ...]]) -> list[Policy]:
    """The rules in rows as `OF_ACCOUNT` asks for them, raw as the driver gives them."""
    return [
        Policy(
            OrganisationId(organisation_id), name, _app_type(app_type), _span(idle), _span(overall), most,
            _too_many(too_many), bool(read_only), tuple(sorted(names_in(networks))), shortest,
        )
        for organisation_id, name, app_type, idle, overall, most, too_many, read_only, networks, shortest in rows
    ]  # fmt: skip


def _span(micros: int | None) -> timedelta | None:
    return None if micros is None else micros * MICROSECOND


def _app_type(text: str) -> AppType | None:
    return None if text == EVERY_TYPE else AppType(text)


def _too_many(text: str) -> TooMany:
    """What a later version may have written and this one does not know is the strictest."""
    return TooMany(text) if text in set(TooMany) else TooMany.REFUSE


_NAMED = sa.select(policies, organisations.c.name).select_from(
    policies.join(organisations, organisations.c.organisation_id == policies.c.organisation_id)
)
