"""What goes with rows of the list: their grants with all that came of them, which end as the rows do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.client import ClientKind
from signedin.store import access_tokens, asked, device_codes, logouts
from signedin.store.clients import clients
from signedin.store.grants import OF_GRANTS, grants, refresh_tokens
from signedin.store.schema import Int64
from signedin.store.services import NOBODY

_TABLES = (*OF_GRANTS, access_tokens.access_tokens)


def end_of_rows(
    conn: sa.Connection, account_id: AccountId, row_ids: Sequence[str], now: datetime
) -> list[tuple[str, bytes]]:
    """Forget the grants of rows that end; returns the secrets that lived, each with its row, for their tombstones.

    With the session of a browser goes what others' apps were given in it, but for those that are allowed to go on
    without the person there (`offline_access`; D29, R49), and what was given to an app of one's own that has not come
    for it yet. Clients that want to hear of it do, all of them.
    """
    touched = [logouts.Given(*row) for row in conn.execute(_OF_ROWS, {"whose": account_id, "ids": row_ids})]
    if not touched:
        return []
    logouts.tell(conn, account_id, touched, row_ids, now)
    found = {each.grant_id: row_id for each in touched if (row_id := _goes_with(each, row_ids))}
    return [(found[grant_id], digest) for grant_id, digest in end(conn, account_id, list(found))]


def end(conn: sa.Connection, account_id: AccountId, ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """Forget grants with all that came of them; returns the secrets that lived, each with its grant."""
    if not ids:
        return []
    values = {"whose": account_id, "ids": ids}
    living = [(grant_id, digest) for secrets in _LIVING for grant_id, digest in conn.execute(secrets, values)]
    for statement in _END:
        conn.execute(statement, values)
    device_codes.end_of_grants(conn, ids)
    return living


def keep_across(conn: sa.Connection, account_id: AccountId, row_id: str, number: int) -> None:
    """Let what was given with one row survive the account's new cut-off, as the row does."""
    mine = (grants.c.account_id == account_id) & (grants.c.row_id == row_id)
    conn.execute(grants.update().where(mine).values(first_proof=number))


def purge_unredeemed(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget what was given to apps of one's own before that moment and never redeemed; returns how much."""
    never = (grants.c.row_id.is_(None)) & (grants.c.given_at < before) & (grants.c.account_id != NOBODY)
    keys = conn.execute(sa.select(grants.c.account_id, grants.c.grant_id).where(never).limit(limit)).all()
    for account_id, grant_id in keys:
        end(conn, AccountId(account_id), [grant_id])
    return len(keys)


def close(conn: sa.Connection, account_id: AccountId, grant_id: str, until: datetime) -> None:
    """Leave of a grant until that moment only whom it was given to, and in which session: it opens nothing any more."""
    for statement in _END[:-1]:
        conn.execute(statement, {"whose": account_id, "ids": [grant_id]})
    device_codes.end_of_grants(conn, [grant_id])
    mine = (grants.c.account_id == account_id) & (grants.c.grant_id == grant_id)
    conn.execute(grants.update().where(mine).values(scopes=[], until=until))


def forget_what_waits(conn: sa.Connection) -> None:
    """Forget what may have been decided, used or ended since a backup: questions, device codes, what services have."""
    for table in (asked.asked, device_codes.device_codes):
        conn.execute(table.delete())
    for table in (*_TABLES, grants):
        conn.execute(table.delete().where(table.c.account_id == NOBODY))


def signed_resources(conn: sa.Connection, account_id: AccountId) -> dict[str, tuple[str, ...]]:
    """Of each row that apps were given access by, the addresses where their signed tokens can be read (D24)."""
    found: dict[str, tuple[str, ...]] = {}
    for row_id, resources, registered in conn.execute(_SIGNED, {"whose": account_id}):
        signed = (registered or {}).get("signed_resources", ())
        read = (*found.get(row_id, ()), *(each for each in resources if each in signed))
        if read:
            found[row_id] = tuple(dict.fromkeys(read))
    return found


def _goes_with(each: logouts.Given, row_ids: Sequence[str]) -> str | None:
    """The row that ends and takes this with it, or `None` where it lives on."""
    if each.row_id is None or each.row_id in row_ids:
        return each.row_id or each.sid
    registered = json.loads(each.registered or "{}").get("scopes", ())
    may_stay = "offline_access" in json.loads(each.scopes) and "offline_access" in registered
    return each.sid if each.kind == ClientKind.THIRD_PARTY and not may_stay else None


_WHOSE: sa.BindParameter[int] = sa.bindparam("whose", type_=Int64)
_IDS: sa.BindParameter[list[str]] = sa.bindparam("ids", expanding=True)
_OF_ROWS = (
    sa.select(
        grants.c.grant_id, grants.c.row_id, grants.c.client_id, grants.c.sid, clients.c.kind,
        sa.type_coerce(clients.c.registered, sa.Text), clients.c.disabled_at,
        sa.type_coerce(grants.c.scopes, sa.Text),
    )
    .outerjoin(clients, clients.c.client_id == grants.c.client_id)
    .where(grants.c.account_id == _WHOSE, grants.c.row_id.in_(_IDS) | grants.c.sid.in_(_IDS))
)  # fmt: skip
_SIGNED = (
    sa.select(grants.c.row_id, grants.c.resources, clients.c.registered)
    .join(clients, clients.c.client_id == grants.c.client_id)
    .where(grants.c.account_id == _WHOSE, grants.c.row_id.is_not(None))
    .order_by(grants.c.given_at, grants.c.grant_id)
)
_LIVING = tuple(
    sa.select(table.c.grant_id, table.c.digest).where(table.c.account_id == _WHOSE, table.c.grant_id.in_(_IDS), also)
    for table, also in (
        (access_tokens.access_tokens, sa.true()), (refresh_tokens, refresh_tokens.c.used_at.is_(None)),
    )
)  # fmt: skip
_END = tuple(
    table.delete().where(table.c.account_id == _WHOSE, table.c.grant_id.in_(_IDS)) for table in (*_TABLES, grants)
)  # fmt: skip
"""Made once: putting a statement together takes longer than running it."""
