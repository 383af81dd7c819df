"""Service keys as they are remembered: of the installation and no account, and so in no account's part.

A revoked one stays as a line of what there was; its digest opens nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.rules.access_key import ServiceKey
from signedin.rules.account import AccountId
from signedin.rules.session import AppType
from signedin.store.access_keys import last_use_of, never_used
from signedin.store.activity import LAST_USE, activity
from signedin.store.schema import Json, Moment, metadata

NOBODY = AccountId(0)
"""Whose the last uses of service keys are: no account has this id."""

service_keys = sa.Table(
    "service_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("app_types", Json, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("last_four", sa.Text, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("revoked_at", Moment),
)
_COLUMNS = tuple(column for column in service_keys.c if column.name not in {"digest", "revoked_at"})
_LIVE = service_keys.c.revoked_at.is_(None)


def add(conn: sa.Connection, key: ServiceKey, digest: bytes) -> None:
    """Remember a key that was issued, with room for its last use; of its secret only the digest."""
    conn.execute(
        service_keys.insert().values(
            key_id=key.id,
            digest=digest,
            name=key.name,
            scopes=list(key.scopes),
            app_types=[each.value for each in key.app_types],
            issued_at=key.issued_at,
            last_four=key.last_four,
            expires_at=key.expires_at,
        )
    )
    never_used(conn, NOBODY, key.id)


def is_living(conn: sa.Connection, key_id: str) -> bool:
    """Whether a key that was recognised has not been revoked meanwhile."""
    mine = (service_keys.c.key_id == key_id) & _LIVE
    return conn.execute(sa.select(service_keys.c.key_id).where(mine)).first() is not None


def hold(conn: sa.Connection, key_id: str) -> bool:
    """Whether a key lives; one that does is revoked by nobody until this transaction is over.

    On SQLite whoever writes is alone. Many hold one at once: only its revocation waits.
    """
    mine = (service_keys.c.key_id == key_id) & _LIVE
    return (
        conn.execute(sa.select(service_keys.c.key_id).where(mine).with_for_update(read=True)).first()
        is not None
    )


def every(conn: sa.Connection) -> list[ServiceKey]:
    """The keys that were not revoked, the newest first."""
    used = (activity.c.account_id == NOBODY) & (activity.c.row_id == service_keys.c.key_id)
    asked = sa.select(*_COLUMNS, *LAST_USE).select_from(service_keys.outerjoin(activity, used))
    ordered = asked.where(_LIVE).order_by(service_keys.c.issued_at.desc(), service_keys.c.key_id)
    return [_key_from(row) for row in conn.execute(ordered)]


def revoke(conn: sa.Connection, key_id: str, now: datetime) -> str | None:
    """Revoke a key; returns its name, or `None` when there is none like that (any more)."""
    return _revoke(conn, service_keys.c.key_id == key_id, now)


def revoke_by_digest(conn: sa.Connection, digest: bytes, now: datetime) -> str | None:
    """The same by the digest of a secret that has leaked."""
    return _revoke(conn, service_keys.c.digest == digest, now)


def revoke_all(conn: sa.Connection, now: datetime) -> int:
    """Revoke every key, after a restore; returns how many there were."""
    conn.execute(activity.delete().where(activity.c.account_id == NOBODY))
    return conn.execute(service_keys.update().where(_LIVE).values(revoked_at=now)).rowcount


def _revoke(conn: sa.Connection, which: sa.ColumnElement[bool], now: datetime) -> str | None:
    ended = service_keys.update().where(which & _LIVE).values(revoked_at=now)
    gone = conn.execute(ended.returning(service_keys.c.key_id, service_keys.c.name)).one_or_none()
    if gone is None:
        return None
    conn.execute(
        activity.delete().where((activity.c.account_id == NOBODY) & (activity.c.row_id == gone.key_id))
    )
    return str(gone.name)


def _key_from(row: sa.Row[*tuple[Any, ...]]) -> ServiceKey:
    last_at, last_from = last_use_of(row)
    return ServiceKey(
        row.key_id, row.name, tuple(row.scopes), tuple(map(AppType, row.app_types)), row.issued_at,
        row.last_four, row.expires_at, last_at, last_from,
    )  # fmt: skip
