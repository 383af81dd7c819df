"""Questions that wait for somebody: authorization requests that were pushed or posted, until they are answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.store.schema import Json, Moment, metadata

asked = sa.Table(
    "asked",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("parameters", Json, nullable=False),
    sa.Column("mark", sa.LargeBinary, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Index("ix_asked_until", "until"),
)


class Way(StrEnum):
    """How a question came: by its client in the back (RFC 9126), or by a browser; or a sign-out that a client posted."""

    PUSHED = "pushed"
    POSTED = "posted"
    LEAVING = "leaving"


class Asked(NamedTuple):
    """A question; `mark` is the digest of a cookie of the browser that it belongs to, and empty while it is anybody's."""

    client_id: str
    parameters: dict[str, Any]
    mark: bytes
    until: datetime


def add(conn: sa.Connection, way: Way, digest: bytes, question: Asked) -> None:
    """Remember a question."""
    conn.execute(asked.insert().values(kind=way.value, digest=digest, **question._asdict()))


def find(conn: sa.Connection, way: Way, digest: bytes) -> Asked | None:
    """The question with this digest, which stays; or `None`."""
    row = conn.execute(sa.select(asked).where(_it(way, digest))).one_or_none()
    return Asked(row.client_id, row.parameters, row.mark, row.until) if row else None


def claim(conn: sa.Connection, way: Way, digest: bytes, mark: bytes) -> bool:
    """Give a question that is anybody's to one browser; false when it is not anybody's (any more) (attack 11)."""
    anybodys = _it(way, digest) & (asked.c.mark == b"")
    return conn.execute(asked.update().where(anybodys).values(mark=mark)).rowcount == 1


def take(conn: sa.Connection, way: Way, digest: bytes) -> Asked | None:
    """The question, which is gone with that: of many who come at once one has it; or `None`."""
    row = conn.execute(asked.delete().where(_it(way, digest)).returning(*asked.c)).one_or_none()
    return Asked(row.client_id, row.parameters, row.mark, row.until) if row else None


def end_of_client(conn: sa.Connection, client_id: str) -> int:
    """Forget a client's questions; returns how many there were."""
    return conn.execute(asked.delete().where(asked.c.client_id == client_id)).rowcount


def purge(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget questions that nobody answered; returns how many."""
    old = sa.select(asked.c.kind, asked.c.digest).where(asked.c.until < before)
    keys = conn.execute(old.order_by(asked.c.until).limit(limit)).all()
    for kind, digest in keys:
        conn.execute(asked.delete().where(_it(Way(kind), digest)))
    return len(keys)


def _it(way: Way, digest: bytes) -> sa.ColumnElement[bool]:
    return (asked.c.kind == way.value) & (asked.c.digest == digest)
