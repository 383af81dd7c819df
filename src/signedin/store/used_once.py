"""What may be used once in all processes and over every restart: ids of signed statements (attacks 23 and 28)."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.store.schema import Moment, insert, metadata

used_once = sa.Table(
    "used_once",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("until", Moment, nullable=False),
    sa.Index("ix_used_once_until", "until"),
)


def use(conn: sa.Connection, kind: str, digest: bytes, until: datetime) -> bool:
    """Use it now; false when it was used before. `until` is when it would be refused anyway, and may be forgotten."""
    values = {"kind": kind, "digest": digest, "until": until}
    used = insert(conn, used_once).values(**values).on_conflict_do_nothing().returning(used_once.c.kind)
    return conn.execute(used).first() is not None


def purge(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget what would be refused anyway; returns how much."""
    old = sa.select(used_once.c.kind, used_once.c.digest).where(used_once.c.until < before)
    keys = conn.execute(old.order_by(used_once.c.until).limit(limit)).all()
    for kind, digest in keys:
        conn.execute(used_once.delete().where(used_once.c.kind == kind, used_once.c.digest == digest))
    return len(keys)
