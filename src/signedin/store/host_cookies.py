"""The cookies of single hosts, by their digests: children of a session, which go with it in the same transaction.

They are no sessions of their own and no rows of the list: whoever comes by one is the session that it is a child of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.secret import host_digest
from signedin.store.schema import Moment, account_key, metadata

KEPT = 3
"""Of one session at one host: a browser keeps one, and pages that are opened at once fetch a few."""

host_cookies = sa.Table(
    "host_cookies",
    metadata,
    account_key(),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Index("ix_host_cookies_account_id_session_id", "account_id", "session_id"),
)


def add(
    conn: sa.Connection, account_id: AccountId, digest: bytes, session_id: str, host: str, now: datetime
) -> list[bytes]:
    """Remember a host's cookie; the oldest of that session there have to go: returns their digests."""
    values = {
        "account_id": account_id,
        "digest": digest,
        "session_id": session_id,
        "host": host,
        "made_at": now,
    }
    conn.execute(host_cookies.insert().values(**values))
    there = _of(account_id, [session_id]) & (host_cookies.c.host == host)
    newest_first = host_cookies.c.made_at.desc(), host_cookies.c.digest
    too_many = sa.select(host_cookies.c.digest).where(there, host_cookies.c.digest != digest)
    gone = list(conn.scalars(too_many.order_by(*newest_first).offset(KEPT - 1)))
    conn.execute(host_cookies.delete().where(there, host_cookies.c.digest.in_(gone)))
    return gone


def end(conn: sa.Connection, account_id: AccountId, session_ids: Sequence[str]) -> list[tuple[str, bytes]]:
    """End those of sessions that end; returns of each its session and its digest."""
    gone = conn.execute(_END, {"whose": account_id, "ids": session_ids})
    return [(session_id, digest) for session_id, digest in gone]


def session_of(conn: sa.Connection, account_id: AccountId, token: str) -> str | None:
    """The session whose child a token is, at whatever host, or `None`."""
    mine = sa.select(host_cookies).where(host_cookies.c.account_id == account_id)
    found = (row for row in conn.execute(mine) if row.digest == host_digest(token, row.host))
    return next((str(row.session_id) for row in found), None)


def _of(account_id: AccountId, session_ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return (host_cookies.c.account_id == account_id) & host_cookies.c.session_id.in_(session_ids)


_END = (
    host_cookies.delete()
    .where(host_cookies.c.account_id == sa.bindparam("whose"))
    .where(host_cookies.c.session_id.in_(sa.bindparam("ids", expanding=True)))
    .returning(host_cookies.c.session_id, host_cookies.c.digest)
)
"""Made once: putting a statement together takes longer than running it."""
