"""A refresh token that is shown, in one question: its grant, and all that the grant holds by."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId
from signedin.rules.client import Client
from signedin.rules.grant import Grant, Refresh
from signedin.rules.session_list import Row
from signedin.store import policies
from signedin.store.accounts import account_from, accounts
from signedin.store.activity import LAST_USE, activity
from signedin.store.clients import AS_KEPT, client_named, clients
from signedin.store.consents import COLUMNS as CONSENT_COLUMNS
from signedin.store.consents import consent_from, consents
from signedin.store.grants import grant_from, grants, refresh_tokens
from signedin.store.ready import Ready
from signedin.store.schema import Int64
from signedin.store.sessions import COLUMNS as SESSION_COLUMNS
from signedin.store.sessions import session_from, sessions


class Shown(NamedTuple):
    """A refresh token with its grant, the client that it was given to, as it is registered now, and the account.

    `row` is the grant's in the list, also where a cut-off has ended it or its time is over.
    """

    refresh: Refresh
    grant: Grant
    client: Client | None
    account: Account
    row: Row | None


def find(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Shown | None:
    """The refresh token with this digest, also one that was used, or `None`."""
    row = _SHOWN.first(conn, {"whose": account_id, "secret": digest})
    if row is None:
        return None
    client = client_named(row[_CLIENT]) if row[_CLIENT.start] else None
    listed = session_from(row) if row.session_id else consent_from(row) if row.consent_consent_id else None
    if listed is not None and row.organisation_id is not None:
        [listed] = policies.ruled(conn, account_id, [listed], is_member=True)
    return Shown(Refresh(*row[_REFRESH]), grant_from(row[_GRANT]), client, account_from(row), listed)


# Made once. What has columns of the same names stands in front, and is read by its place.
_OF_REFRESH = [refresh_tokens.c[name] for name in ("grant_id", "generation", "used_at", "successor")]
_REFRESH = slice(len(_OF_REFRESH))
_GRANT = slice(_REFRESH.stop, _REFRESH.stop + len(grants.c))
_CLIENT = slice(_GRANT.stop, _GRANT.stop + len(AS_KEPT))
_IN_FRONT = [column.label(f"shown_{at}") for at, column in enumerate([*_OF_REFRESH, *grants.c, *AS_KEPT])]
_OF_SESSION = [column for column in SESSION_COLUMNS if column.name != "account_id"]
_MINE = refresh_tokens.c.account_id


def _with(table: sa.Table, name: str) -> sa.ColumnElement[bool]:
    return (table.c.account_id == _MINE) & (table.c[name] == grants.c.row_id)


_SHOWN = Ready(
    sa.select(*_IN_FRONT, *accounts.c, *_OF_SESSION, *CONSENT_COLUMNS, *LAST_USE)
    .select_from(
        refresh_tokens
        .join(grants, (grants.c.account_id == _MINE) & (grants.c.grant_id == refresh_tokens.c.grant_id))
        .join(accounts, accounts.c.account_id == _MINE)
        .outerjoin(clients, clients.c.client_id == grants.c.client_id)
        .outerjoin(activity, _with(activity, "row_id"))
        .outerjoin(sessions, _with(sessions, "session_id"))
        .outerjoin(consents, _with(consents, "consent_id"))
    )
    .where(
        sa.bindparam("whose", type_=Int64) == _MINE,
        refresh_tokens.c.digest == sa.bindparam("secret", type_=sa.LargeBinary),
    )
)  # fmt: skip
