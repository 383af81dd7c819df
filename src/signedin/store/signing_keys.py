"""The keys that ID tokens and other statements are signed with: private parts sealed under the keyring (D19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.store.schema import Json, Moment, metadata

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("public", Json, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("retired_at", Moment),
)


class SigningKey(NamedTuple):
    """A key pair; `public` is a JWK. A retired one signs no more, and verifies until all that it signed has expired."""

    id: str
    algorithm: str
    public: dict[str, Any]
    sealed: bytes
    made_at: datetime
    retired_at: datetime | None = None


def add(conn: sa.Connection, key: SigningKey) -> None:
    """Remember a key that was made."""
    conn.execute(signing_keys.insert().values(**_values(key)))


def every(conn: sa.Connection) -> list[SigningKey]:
    """All of them, the newest first."""
    rows = conn.execute(
        sa.select(signing_keys).order_by(signing_keys.c.made_at.desc(), signing_keys.c.key_id)
    )
    return [SigningKey(*row) for row in rows]


def retire(conn: sa.Connection, algorithm: str, but: str, now: datetime) -> int:
    """Let all but one of an algorithm sign no more; returns how many."""
    others = (signing_keys.c.algorithm == algorithm) & (signing_keys.c.key_id != but)
    living = signing_keys.update().where(others, signing_keys.c.retired_at.is_(None))
    return conn.execute(living.values(retired_at=now)).rowcount


def forget_all_but(conn: sa.Connection, ids: Sequence[str]) -> int:
    """Forget every key but these, because one is known to others; returns how many."""
    return conn.execute(signing_keys.delete().where(signing_keys.c.key_id.not_in(ids))).rowcount


def purge(conn: sa.Connection, before: datetime) -> int:
    """Forget keys that were retired before that moment; returns how many."""
    return conn.execute(signing_keys.delete().where(signing_keys.c.retired_at < before)).rowcount


def _values(key: SigningKey) -> dict[str, Any]:
    values = key._asdict()
    return {"key_id": values.pop("id"), **values}
