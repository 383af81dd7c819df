"""The rows of an account's session list: sessions and consents together, and the keys counted, in one statement."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.session_list import Row
from signedin.store import access_keys
from signedin.store.accounts import accounts
from signedin.store.activity import LAST_USE, activity
from signedin.store.consents import COLUMNS as CONSENT_COLUMNS
from signedin.store.consents import clients, consent_from, consents
from signedin.store.sessions import COLUMNS as SESSION_COLUMNS
from signedin.store.sessions import session_from, sessions


def of(conn: sa.Connection, account_id: AccountId) -> tuple[list[Row], int]:
    """What the cut-off has not ended, and how many access keys there are; expiry is the reader's to judge."""
    found = conn.execute(_EVERYTHING, {"account": account_id}).all()
    rows = _rows(found)
    return rows, found[0].keys_counted if found else access_keys.count(conn, account_id)


def some(conn: sa.Connection, account_id: AccountId, ids: Sequence[str]) -> list[Row]:
    """Only those rows, as far as the cut-off has not ended them."""
    found = conn.execute(_EVERYTHING.where(activity.c.row_id.in_(ids)), {"account": account_id})
    return _rows(found.all())


def _rows(found: Sequence[sa.Row[*tuple[object, ...]]]) -> list[Row]:
    return [session_from(row) if row.session_id else consent_from(row) for row in found]


# Each session and each consent has exactly one row of last use, so that is where the list begins.
_MINE = sa.bindparam("account", type_=accounts.c.account_id.type)
_JOINED = (
    activity.join(accounts, accounts.c.account_id == activity.c.account_id)
    .outerjoin(
        sessions,
        (sessions.c.account_id == activity.c.account_id) & (sessions.c.session_id == activity.c.row_id),
    )
    .outerjoin(
        consents,
        (consents.c.account_id == activity.c.account_id) & (consents.c.consent_id == activity.c.row_id),
    )
    .outerjoin(clients, clients.c.client_id == consents.c.client_id)
)
_KEYS = (
    sa.select(sa.func.count())
    .select_from(access_keys.access_keys)
    .where(access_keys.access_keys.c.account_id == _MINE)
    .scalar_subquery()
    .label("keys_counted")
)
_EVERYTHING = (
    sa.select(*SESSION_COLUMNS, *CONSENT_COLUMNS, *LAST_USE, _KEYS)
    .select_from(_JOINED)
    .where(activity.c.account_id == _MINE)
    .where(sa.func.coalesce(sessions.c.first_proof, consents.c.first_proof) >= accounts.c.epoch)
)
