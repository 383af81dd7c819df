"""What is left of what has ended: why and when, for the holder of its dead secret, for 30 days (D10)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.revocation import EndReason, Tombstone
from signedin.store.schema import Int64, Moment, Span, account_key, insert, metadata

TOMBSTONES_KEPT = timedelta(days=30)
"""How long the holder of a dead secret may learn why (D10)."""

tombstones = sa.Table(
    "tombstones",
    metadata,
    account_key(),
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended_at", Moment, nullable=False),
    sa.Column("number", Int64, nullable=False),
    sa.Column("idle", Span),
    sa.Index("ix_tombstones_account_id_digest", "account_id", "digest"),
    sa.Index("ix_tombstones_ended_at", "ended_at"),
)

_HAS_ENDED = """
EXISTS (SELECT 1 FROM tombstones t WHERE t.account_id = NEW.account_id AND t.session_id = NEW.session_id)
"""
NO_RETURN = {
    "sqlite": (
        f"""
        CREATE TRIGGER no_return_of_ended_sessions BEFORE INSERT ON sessions WHEN {_HAS_ENDED}
        BEGIN SELECT RAISE(ABORT, 'an ended session does not return'); END
        """,
    ),
    "postgresql": (
        f"""
        CREATE FUNCTION refuse_return() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF {_HAS_ENDED} THEN
            RAISE EXCEPTION 'an ended session does not return' USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER no_return_of_ended_sessions BEFORE INSERT ON sessions
        FOR EACH ROW EXECUTE FUNCTION refuse_return()
        """,
    ),
}
"""What refuses the return of an ended session, whoever tries (P4)."""


_WHY = """
SELECT coalesce(p.reason, t.reason), coalesce(p.ended_at, t.ended_at), coalesce(p.idle, t.idle)
FROM tombstones t
LEFT JOIN tombstones p ON p.account_id = t.account_id AND p.session_id = {session_of_t}
WHERE t.account_id = {value} AND t.digest = {value} LIMIT 1
"""
ENDED = {
    "sqlite": _WHY.format(value="?", session_of_t="substr(t.session_id, 1, instr(t.session_id, '/') - 1)"),
    "postgresql": _WHY.format(value="%s", session_of_t="split_part(t.session_id, '/', 1)"),
}
"""Why it ended: of a cookie of another host why its session did, which may have been after the cookie had to go."""


class Gone(NamedTuple):
    """A row that is gone: its id, the digest of its secret if it had one, and its idle period if it had one."""

    row_id: str
    digest: bytes = b""
    idle: timedelta | None = None


def child_of(row_id: str, digest: bytes, idle: timedelta | None = None) -> Gone:
    """A secret that goes with a row, as a host's cookie or an app's token: its id leads to the row's tombstone."""
    return Gone(f"{row_id}/{digest.hex()[:16]}", digest, idle)


def tombstone_of(conn: sa.Connection, account_id: AccountId, session_id: str) -> Tombstone | None:
    """Why and when the account's session ended, or `None` when it never was or was forgotten."""
    where = (tombstones.c.account_id == account_id) & (tombstones.c.session_id == session_id)
    row = conn.execute(sa.select(tombstones).where(where)).one_or_none()
    return Tombstone(row.session_id, EndReason(row.reason), row.ended_at) if row else None


def reason_of(conn: sa.Connection, account_id: AccountId, digest: bytes) -> EndReason | None:
    """Why the account's session with this digest ended, or `None` when none did or that was forgotten."""
    where = (tombstones.c.account_id == account_id) & (tombstones.c.digest == digest)
    found = conn.scalar(sa.select(tombstones.c.reason).where(where).limit(1))
    return None if found is None else EndReason(found)


def bury(
    conn: sa.Connection, account_id: AccountId, gone: Iterable[Gone], reason: EndReason, now: datetime, number: int
) -> None:  # fmt: skip
    """Leave a tombstone for each of them."""
    stones = [
        {"account_id": account_id, "session_id": row_id, "digest": digest, "reason": reason.value,
         "ended_at": now, "number": number, "idle": idle}
        for row_id, digest, idle in gone
    ]  # fmt: skip
    if stones:
        conn.execute(insert(conn, tombstones).on_conflict_do_nothing(), stones)


def purge_tombstones(conn: sa.Connection, before: datetime, limit: int = 500) -> int:
    """Forget the oldest tombstones of before that moment; returns how many."""
    oldest = sa.select(tombstones.c.account_id, tombstones.c.session_id).where(tombstones.c.ended_at < before)
    keys = conn.execute(oldest.order_by(tombstones.c.ended_at).limit(limit)).all()
    for account_id, session_id in keys:
        where = (tombstones.c.account_id == account_id) & (tombstones.c.session_id == session_id)
        conn.execute(tombstones.delete().where(where))
    return len(keys)
