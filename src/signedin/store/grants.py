"""Grants as they are remembered, and the codes and refresh tokens that lead to their tokens.

Whether a grant still holds is never written into it: it goes with its row of the list, with its client and with its
account, and each of those is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.grant import Grant, Redeemable, Refresh
from signedin.rules.session import SessionId
from signedin.store.ready import Ready
from signedin.store.schema import Int64, Json, Moment, account_key, metadata

grants = sa.Table(
    "grants",
    metadata,
    account_key(),
    sa.Column("grant_id", sa.Text, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("row_id", sa.Text),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("resources", Json, nullable=False),
    sa.Column("first_proof", Int64, nullable=False),
    sa.Column("given_at", Moment, nullable=False),
    sa.Column("authenticated_at", Moment, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("factors", Json, nullable=False),
    sa.Column("nonce", sa.Text, nullable=False),
    sa.Column("sid", sa.Text, nullable=False),
    sa.Column("key_thumbprint", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Index("ix_grants_account_id_row_id", "account_id", "row_id"),
    sa.Index("ix_grants_until", "until"),
)
codes = sa.Table(
    "codes",
    metadata,
    account_key(),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("redirect_uri", sa.Text, nullable=False),
    sa.Column("challenge", sa.Text, nullable=False),
    sa.Column("key_thumbprint", sa.Text, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("used_at", Moment),
    sa.Index("ix_codes_until", "until"),
)
refresh_tokens = sa.Table(
    "refresh_tokens",
    metadata,
    account_key(),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("grant_id", sa.Text, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("used_at", Moment),
    sa.Column("successor", sa.LargeBinary),
    sa.Index("ix_refresh_tokens_account_id_grant_id", "account_id", "grant_id"),
)
OF_GRANTS = (codes, refresh_tokens)
"""What goes with a grant, beside its access tokens."""


def add(conn: sa.Connection, grant: Grant) -> None:
    """Remember what a person gave."""
    _ADD.run(conn, _values(grant))


def change(conn: sa.Connection, grant: Grant) -> None:
    """Remember it as it is now: its row, its scopes, its generation."""
    changed = {f"new_{name}": value for name, value in _values(grant).items() if name not in _KEY}
    _CHANGE.run(conn, changed | {"whose": grant.account_id, "which": grant.id})


def turn(conn: sa.Connection, grant: Grant) -> None:
    """Remember its generation, after its refresh token was used."""
    _TURN.run(conn, {"whose": grant.account_id, "which": grant.id, "now": grant.generation})


def find(conn: sa.Connection, account_id: AccountId, grant_id: str) -> Grant | None:
    """One grant of the account, or `None`."""
    row = _FIND.first(conn, {"whose": account_id, "which": grant_id})
    return grant_from(row) if row else None


def of_row(conn: sa.Connection, account_id: AccountId, row_id: str) -> list[Grant]:
    """What goes with a row of the list: several devices of one client are several grants of one consent (R32)."""
    where = (grants.c.account_id == account_id) & (grants.c.row_id == row_id)
    rows = conn.execute(sa.select(grants).where(where).order_by(grants.c.given_at, grants.c.grant_id))
    return [grant_from(row) for row in rows]


def of_client(
    conn: sa.Connection, client_id: str, after: tuple[int, str], limit: int
) -> list[tuple[AccountId, str]]:
    """The next of all that a client was given by anybody, in the order of their keys."""
    account_id, grant_id = after
    same_account = (grants.c.account_id == account_id) & (grants.c.grant_id > grant_id)
    key = sa.select(grants.c.account_id, grants.c.grant_id)
    found = key.where(grants.c.client_id == client_id, (grants.c.account_id > account_id) | same_account)
    rows = conn.execute(found.order_by(grants.c.account_id, grants.c.grant_id).limit(limit))
    return [(AccountId(row.account_id), row.grant_id) for row in rows]


def end(conn: sa.Connection, account_id: AccountId, ids: Sequence[str]) -> int:
    """Forget grants, with their codes and refresh tokens; returns how many there were."""
    for table in OF_GRANTS:
        conn.execute(table.delete().where((table.c.account_id == account_id) & table.c.grant_id.in_(ids)))
    return conn.execute(grants.delete().where(_mine(account_id, ids))).rowcount


def add_code(conn: sa.Connection, digest: bytes, code: Redeemable) -> None:
    """Remember a code that was sent to its client."""
    _ADD_CODE.run(conn, {"digest": digest, **asdict(code)})


def find_code(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Redeemable | None:
    """The code with this digest, also one that was redeemed, or `None`."""
    row = _FIND_CODE.first(conn, {"whose": account_id, "secret": digest})
    return _code_from(row) if row else None


def redeem(
    conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime
) -> tuple[Redeemable, bool] | None:
    """The code with this digest, and whether this was the one that redeemed it: of many at once, one is (attack 8)."""
    row = _REDEEM.first(conn, {"whose": account_id, "secret": digest, "at": now})
    if row is not None:
        return _code_from(row), True
    code = find_code(conn, account_id, digest)
    return (code, False) if code else None


def add_refresh(conn: sa.Connection, account_id: AccountId, digest: bytes, token: Refresh) -> None:
    """Remember a refresh token that was issued."""
    _ADD_REFRESH.run(conn, {
        "account_id": account_id, "digest": digest, "grant_id": token.grant_id, "generation": token.generation,
        "used_at": token.used_at, "successor": token.successor,
    })  # fmt: skip


def find_refresh(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Refresh | None:
    """The refresh token with this digest, also one that was used, or `None`."""
    row = _FIND_REFRESH.first(conn, {"whose": account_id, "secret": digest})
    return Refresh(row.grant_id, row.generation, row.used_at, row.successor) if row else None


def use_refresh(
    conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime, successor: bytes
) -> bool:
    """Note that a refresh token was used, and what came of it, sealed; false when somebody was earlier (attack 3)."""
    values = {"whose": account_id, "secret": digest, "at": now, "sealed": successor}
    return _USE_REFRESH.run(conn, values) == 1


def forget_used(
    conn: sa.Connection, account_id: AccountId, grant_id: str, digest: bytes, before: datetime
) -> None:
    """Forget the successors of all of a grant's refresh tokens but this one, and those used before that moment."""
    _FORGET_SUCCESSORS.run(conn, {"whose": account_id, "which": grant_id, "secret": digest})
    _FORGET_USED.run(conn, {"whose": account_id, "which": grant_id, "before": before})


def _mine(account_id: AccountId, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return (grants.c.account_id == account_id) & grants.c.grant_id.in_(ids)


def _values(grant: Grant) -> dict[str, Any]:
    values = asdict(grant)
    return {"grant_id": values.pop("id")} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def grant_from(row: Sequence[Any]) -> Grant:
    """The grant in a row of its table's columns, in their order."""
    account_id, grant_id, client_id, row_id, scopes, resources, first_proof, *more = row
    given_at, authenticated_at, until, factors, nonce, sid, key_thumbprint, generation = more
    return Grant(
        grant_id, AccountId(account_id), client_id, tuple(scopes), first_proof, given_at, authenticated_at, until,
        SessionId(row_id) if row_id else None, tuple(resources), tuple(factors), nonce, sid, key_thumbprint,
        generation,
    )  # fmt: skip


def _code_from(row: Any) -> Redeemable:
    return Redeemable(
        row.grant_id, AccountId(row.account_id), row.client_id, row.redirect_uri, row.challenge, row.until,
        row.key_thumbprint, row.used_at,
    )  # fmt: skip


_KEY = frozenset({"account_id", "grant_id"})
_WHOSE, _WHICH = sa.bindparam("whose", type_=Int64), sa.bindparam("which", type_=sa.Text)
_SECRET = sa.bindparam("secret", type_=sa.LargeBinary)
_ONE = (grants.c.account_id == _WHOSE, grants.c.grant_id == _WHICH)
_NEW = {c: sa.bindparam(f"new_{c.name}", type_=c.type) for c in grants.c if c.name not in _KEY}
_ADD, _FIND = Ready(grants.insert()), Ready(sa.select(grants).where(*_ONE))
_CHANGE = Ready(grants.update().where(*_ONE).values(_NEW))
_TURN = Ready(grants.update().where(*_ONE).values(generation=sa.bindparam("now")))
_CODE = (codes.c.account_id == _WHOSE, codes.c.digest == _SECRET)
_ADD_CODE, _FIND_CODE = Ready(codes.insert()), Ready(sa.select(codes).where(*_CODE))
_NOW_USED = codes.update().where(*_CODE, codes.c.used_at.is_(None)).values(used_at=sa.bindparam("at"))
_REDEEM = Ready(_NOW_USED.returning(*codes.c))
_REFRESH = (refresh_tokens.c.account_id == _WHOSE, refresh_tokens.c.digest == _SECRET)
_OF_GRANT = (refresh_tokens.c.account_id == _WHOSE, refresh_tokens.c.grant_id == _WHICH)
_ADD_REFRESH = Ready(refresh_tokens.insert())
_FIND_REFRESH = Ready(sa.select(refresh_tokens).where(*_REFRESH))
_USE_REFRESH = Ready(
    refresh_tokens.update()
    .where(*_REFRESH, refresh_tokens.c.used_at.is_(None))
    .values(used_at=sa.bindparam("at"), successor=sa.bindparam("sealed"))
)
_FORGET_SUCCESSORS = Ready(
    refresh_tokens.update()
    .where(*_OF_GRANT, refresh_tokens.c.successor.is_not(None), refresh_tokens.c.digest != _SECRET)
    .values(successor=sa.null())
)
_FORGET_USED = Ready(
    refresh_tokens.delete().where(*_OF_GRANT, refresh_tokens.c.used_at < sa.bindparam("before", type_=Moment))
)
