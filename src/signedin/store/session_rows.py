"""The rows of an account's session list: sessions and consents together, and the keys counted, in one statement.

Where signed tokens of own apps are read takes another, of accounts in which apps were given access.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.moments import MICROSECOND, to_micros
from signedin.rules.session import AppType, Session
from signedin.rules.session_list import Row
from signedin.store import access_keys, given, policies
from signedin.store.accounts import accounts, is_member
from signedin.store.activity import LAST_USE, activity
from signedin.store.clients import clients
from signedin.store.consents import COLUMNS as CONSENT_COLUMNS
from signedin.store.consents import consent_from, consents
from signedin.store.grants import grants
from signedin.store.schema import Int64
from signedin.store.sessions import COLUMNS as SESSION_COLUMNS
from signedin.store.sessions import session_from, sessions

_UNWRITTEN = timedelta(minutes=10) // MICROSECOND
"""How much later than what is written here a last use can have been, at the very most."""
_NO_LIMIT = sa.literal_column(str(2**62), Int64)
_NONE: sa.ColumnElement[int] = sa.literal_column("0")
_OAUTH = sa.literal(AppType.OAUTH.value, literal_execute=True)
_IS_MEMBER = accounts.c.organisation_id.is_not(None).label("is_member")
_Columns = Mapping[str, sa.ColumnElement[Any]]


def of(conn: sa.Connection, account_id: AccountId) -> tuple[list[Row], int]:
    """What the cut-off has not ended, and how many access keys there are; expiry is the reader's to judge."""
    found = conn.execute(_parts(conn).statement, {"account": account_id}).all()
    rows = _rows(conn, account_id, found)
    if found and found[0].has_given:
        rows = with_signed_resources(conn, account_id, rows)
    return rows, found[0].keys_counted if found else access_keys.count(conn, account_id)


def some(conn: sa.Connection, account_id: AccountId, ids: Sequence[str]) -> list[Row]:
    """Only those rows, as far as the cut-off has not ended them."""
    found = conn.execute(_parts(conn).some, {"account": account_id, "ids": ids}).all()
    return _rows(conn, account_id, found)


def with_signed_resources(conn: sa.Connection, account_id: AccountId, rows: list[Row]) -> list[Row]:
    """The rows, sessions of own apps with where their signed tokens are read; a consent tells it by itself."""
    signed = given.signed_resources(conn, account_id)
    return [
        replace(row, signed_resources=signed[row.id])
        if isinstance(row, Session) and row.id in signed
        else row
        for row in rows
    ]


def counted(
    conn: sa.Connection, account_id: AccountId, now: datetime
) -> tuple[Counter[AppType], list[Row], int]:
    """How many rows of each type have certainly not expired, those that may not have, and how many keys there are.

    For whoever would have to read thousands of rows to count them. Of an account under the rules of an organisation
    each row is read.
    """
    if is_member(conn, account_id):
        rows, keys = of(conn, account_id)
        return Counter(), rows, keys
    parts, values = _parts(conn), {"account": account_id}
    grouped = parts.statement.with_only_columns(parts.app_type, sa.func.count())
    grouped = grouped.where(parts.is_alive(now)).group_by(parts.app_type)
    certain = Counter({AppType(name): count for name, count in conn.execute(grouped, values)})
    doubtful = _rows(
        conn, account_id, conn.execute(parts.statement.where(parts.is_doubtful(now)), values).all()
    )
    return certain, doubtful, access_keys.count(conn, account_id)


def _rows(conn: sa.Connection, account_id: AccountId, found: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[Row]:
    """The rows, as the rules of the account's organisations let them live."""
    rows = [row_from(row) for row in found]
    return policies.ruled(conn, account_id, rows, is_member=bool(found) and found[0].is_member)


def row_from(row: Any) -> Row:
    """The session or connected app in a row of the list, whatever rules there are."""
    return session_from(row) if row.session_id else consent_from(row)


# Each session and each consent has exactly one row of last use, so that is where the list begins.
_MINE = sa.bindparam("account", type_=accounts.c.account_id.type)
_USES = activity.join(accounts, accounts.c.account_id == activity.c.account_id)
_KEYS = (
    sa.select(sa.func.count())
    .select_from(access_keys.access_keys)
    .where(access_keys.access_keys.c.account_id == _MINE)
    .scalar_subquery()
    .label("keys_counted")
)
_GIVEN = sa.exists().where(grants.c.account_id == _MINE, grants.c.row_id.is_not(None)).label("has_given")


class Parts:
    """The list as a statement, and what of it can be asked about; `living` is that of everybody."""

    def __init__(self, joined: sa.FromClause, session: _Columns, consent: _Columns) -> None:
        idle = sa.func.coalesce(sa.cast(session["idle"], Int64), sa.cast(consent["consent_idle"], Int64))
        self._idle_until = sa.cast(activity.c.last_at, Int64) + idle
        self._overall_until = sa.func.coalesce(sa.cast(session["overall_until"], Int64), _NO_LIMIT)
        self.app_type = sa.func.coalesce(session["app_type"], _OAUTH)
        first_proof = sa.func.coalesce(session["first_proof"], consent["consent_first_proof"])
        self.living: sa.Select[*tuple[Any, ...]] = (
            sa.select(*session.values(), *consent.values(), *LAST_USE, _IS_MEMBER)
            .select_from(joined)
            .where(first_proof >= accounts.c.epoch)
        )
        self.statement = self.living.add_columns(_KEYS, _GIVEN).where(activity.c.account_id == _MINE)
        self.some = self.statement.where(activity.c.row_id.in_(sa.bindparam("ids", expanding=True)))

    def is_alive(self, now: datetime) -> sa.ColumnElement[bool]:
        """Whether it has certainly not expired, as far as no rule of an organisation says otherwise."""
        at = to_micros(now)
        return (self._idle_until > at) & (self._overall_until > at)

    def is_doubtful(self, now: datetime) -> sa.ColumnElement[bool]:
        """Whether it has expired unless it was used since, which is not written yet."""
        at = to_micros(now)
        return self._idle_until.between(at - _UNWRITTEN, at) & (self._overall_until > at)


def _joined() -> Parts:
    mine = (sessions.c.account_id == activity.c.account_id) & (sessions.c.session_id == activity.c.row_id)
    given = (consents.c.account_id == activity.c.account_id) & (consents.c.consent_id == activity.c.row_id)
    joined = _USES.outerjoin(sessions, mine).outerjoin(consents, given)
    return Parts(
        joined.outerjoin(clients, clients.c.client_id == consents.c.client_id),
        {column.name: column for column in SESSION_COLUMNS},
        {column.name: column for column in CONSENT_COLUMNS},
    )


def _row_by_row(whose: sa.ColumnElement[int]) -> Parts:
    """The same for PostgreSQL, which otherwise may compare every row with every other when it expects few of them.

    What has an offset is not taken apart: it is looked up by its whole key, once for each last use.
    """
    mine = (sessions.c.account_id == whose) & (sessions.c.session_id == activity.c.row_id)
    given = (consents.c.account_id == whose) & (consents.c.consent_id == activity.c.row_id)
    session = sa.select(*SESSION_COLUMNS).where(mine).offset(_NONE).lateral("session")
    with_client = consents.outerjoin(clients, clients.c.client_id == consents.c.client_id)
    consent = (
        sa.select(*CONSENT_COLUMNS).select_from(with_client).where(given).offset(_NONE).lateral("consent")
    )
    joined = _USES.outerjoin(session, sa.true()).outerjoin(consent, sa.true())
    return Parts(joined, dict(session.c.items()), dict(consent.c.items()))


_JOINED, _ROW_BY_ROW = _joined(), _row_by_row(_MINE)
_OF_MANY = _row_by_row(activity.c.account_id)


def _parts(conn: sa.Connection) -> Parts:
    return _ROW_BY_ROW if conn.dialect.name == "postgresql" else _JOINED


def parts_of_many(conn: sa.Connection) -> Parts:
    """The list of several accounts at once: each row is looked up by its own account."""
    return _OF_MANY if conn.dialect.name == "postgresql" else _JOINED
