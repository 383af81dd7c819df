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
    conn.execute(grants.insert().values(_values(grant)))


def change(conn: sa.Connection, grant: Grant) -> None:
    """Remember it as it is now: its row, its scopes, its generation."""
    conn.execute(grants.update().where(_mine(grant.account_id, [grant.id])).values(_values(grant)))


def find(conn: sa.Connection, account_id: AccountId, grant_id: str) -> Grant | None:
    """One grant of the account, or `None`."""
    return _first(conn, _mine(account_id, [grant_id]))


def of_row(conn: sa.Connection, account_id: AccountId, row_id: str) -> list[Grant]:
    """What goes with a row of the list: several devices of one client are several grants of one consent (R32)."""
    where = (grants.c.account_id == account_id) & (grants.c.row_id == row_id)
    rows = conn.execute(sa.select(grants).where(where).order_by(grants.c.given_at, grants.c.grant_id))
    return [_grant_from(row) for row in rows]


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
    conn.execute(codes.insert().values(digest=digest, **asdict(code)))


def find_code(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Redeemable | None:
    """The code with this digest, also one that was redeemed, or `None`."""
    mine = (codes.c.account_id == account_id) & (codes.c.digest == digest)
    row = conn.execute(sa.select(codes).where(mine)).one_or_none()
    return _code_from(row) if row else None


def redeem(
    conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime
) -> tuple[Redeemable, bool] | None:
    """The code with this digest, and whether this was the one that redeemed it: of many at once, one is (attack 8)."""
    mine = (codes.c.account_id == account_id) & (codes.c.digest == digest)
    used = codes.update().where(mine, codes.c.used_at.is_(None)).values(used_at=now).returning(*codes.c)
    row = conn.execute(used).one_or_none()
    if row is not None:
        return _code_from(row), True
    row = conn.execute(sa.select(codes).where(mine)).one_or_none()
    return (_code_from(row), False) if row else None


def add_refresh(conn: sa.Connection, account_id: AccountId, digest: bytes, token: Refresh) -> None:
    """Remember a refresh token that was issued."""
    conn.execute(refresh_tokens.insert().values(account_id=account_id, digest=digest, **asdict(token)))


def find_refresh(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Refresh | None:
    """The refresh token with this digest, also one that was used, or `None`."""
    row = conn.execute(sa.select(refresh_tokens).where(_refresh(account_id, digest))).one_or_none()
    return Refresh(row.grant_id, row.generation, row.used_at, row.successor) if row else None


def use_refresh(
    conn: sa.Connection, account_id: AccountId, digest: bytes, now: datetime, successor: bytes
) -> bool:
    """Note that a refresh token was used, and what came of it, sealed; false when somebody was earlier (attack 3)."""
    unused = _refresh(account_id, digest) & refresh_tokens.c.used_at.is_(None)
    used = refresh_tokens.update().where(unused).values(used_at=now, successor=successor)
    return conn.execute(used).rowcount == 1


def forget_used(
    conn: sa.Connection, account_id: AccountId, grant_id: str, digest: bytes, before: datetime
) -> None:
    """Forget the successors of all of a grant's refresh tokens but this one, and those used before that moment."""
    mine = (refresh_tokens.c.account_id == account_id) & (refresh_tokens.c.grant_id == grant_id)
    sealed = mine & refresh_tokens.c.successor.is_not(None) & (refresh_tokens.c.digest != digest)
    conn.execute(refresh_tokens.update().where(sealed).values(successor=None))
    conn.execute(refresh_tokens.delete().where(mine, refresh_tokens.c.used_at < before))


def _refresh(account_id: AccountId, digest: bytes) -> sa.ColumnElement[bool]:
    return (refresh_tokens.c.account_id == account_id) & (refresh_tokens.c.digest == digest)


def _mine(account_id: AccountId, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return (grants.c.account_id == account_id) & grants.c.grant_id.in_(ids)


def _first(conn: sa.Connection, where: sa.ColumnElement[bool]) -> Grant | None:
    row = conn.execute(sa.select(grants).where(where)).one_or_none()
    return _grant_from(row) if row else None


def _values(grant: Grant) -> dict[str, Any]:
    values = asdict(grant)
    return {"grant_id": values.pop("id")} | {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def _grant_from(row: sa.Row[*tuple[Any, ...]]) -> Grant:
    return Grant(
        row.grant_id, AccountId(row.account_id), row.client_id, tuple(row.scopes), row.first_proof, row.given_at,
        row.authenticated_at, row.until, SessionId(row.row_id) if row.row_id else None, tuple(row.resources),
        tuple(row.factors), row.nonce, row.sid, row.key_thumbprint, row.generation,
    )  # fmt: skip


def _code_from(row: sa.Row[*tuple[Any, ...]]) -> Redeemable:
    return Redeemable(
        row.grant_id, AccountId(row.account_id), row.client_id, row.redirect_uri, row.challenge, row.until,
        row.key_thumbprint, row.used_at,
    )  # fmt: skip
