"""Access keys as they are remembered: apart from sessions, so that nothing that ends sessions reaches them.

Their last use stands beside that of sessions, so that it is noted and written in the same batches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from signedin.rules.access_key import AccessKey
from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.living import LivingKey, LivingServiceKey
from signedin.rules.moments import from_micros
from signedin.rules.revocation import EndReason
from signedin.rules.session import Origin
from signedin.store import tombstones
from signedin.store.activity import LAST_USE, activity
from signedin.store.schema import Json, Moment, account_key, metadata

access_keys = sa.Table(
    "access_keys",
    metadata,
    account_key(),
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("issued_at", Moment, nullable=False),
    sa.Column("last_four", sa.Text, nullable=False),
    sa.Column("expires_at", Moment),
    sa.Column("last_at", Moment),  # of the first version, never written: last use stands in `activity`
    sa.UniqueConstraint("account_id", "digest"),
)
_COLUMNS = tuple(column for column in access_keys.c if column.name not in {"digest", "last_at"})


def add(conn: sa.Connection, key: AccessKey, digest: bytes) -> None:
    """Remember a key that was issued, with room for its last use; of its secret only the digest."""
    conn.execute(
        access_keys.insert().values(
            account_id=key.account_id,
            key_id=key.id,
            digest=digest,
            name=key.name,
            scopes=list(key.scopes),
            issued_at=key.issued_at,
            last_four=key.last_four,
            expires_at=key.expires_at,
        )
    )
    never_used(conn, key.account_id, key.id)


def never_used(conn: sa.Connection, account_id: AccountId, key_id: str) -> None:
    """Make the row that its uses are noted in; until then it has no day with a use, and any use is later."""
    at, days = from_micros(0), DayLevels()
    conn.execute(
        activity.insert().values(
            account_id=account_id, row_id=key_id, last_at=at, counts=days.counts, last_day=days.last_day
        )
    )


def count(conn: sa.Connection, account_id: AccountId) -> int:
    """How many keys the account has."""
    where = access_keys.c.account_id == account_id
    return int(conn.scalar(sa.select(sa.func.count()).select_from(access_keys).where(where)) or 0)


def of(conn: sa.Connection, account_id: AccountId) -> list[AccessKey]:
    """The account's keys, the newest first."""
    mine = _with_use().where(access_keys.c.account_id == account_id)
    ordered = mine.order_by(access_keys.c.issued_at.desc(), access_keys.c.key_id)
    return [_key_from(row) for row in conn.execute(ordered)]


def find(conn: sa.Connection, account_id: AccountId, key_id: str) -> AccessKey | None:
    """One key of the account, or `None`."""
    return _one(conn, account_id, access_keys.c.key_id == key_id)


def find_by_digest(conn: sa.Connection, account_id: AccountId, digest: bytes) -> AccessKey | None:
    """The account's key with this digest, or `None`."""
    return _one(conn, account_id, access_keys.c.digest == digest)


def end(
    conn: sa.Connection, account_id: AccountId, ids: Sequence[str], reason: EndReason, now: datetime, number: int
) -> int:  # fmt: skip
    """Forget keys; their holders learn why for as long as those of sessions do. Returns how many there were."""
    where = (access_keys.c.account_id == account_id) & access_keys.c.key_id.in_(ids)
    gone = conn.execute(
        access_keys.delete().where(where).returning(access_keys.c.key_id, access_keys.c.digest)
    ).all()
    theirs = (activity.c.account_id == account_id) & activity.c.row_id.in_([key_id for key_id, _ in gone])
    conn.execute(activity.delete().where(theirs))
    stones = (tombstones.Gone(f"key:{key_id}", digest) for key_id, digest in gone)
    tombstones.bury(conn, account_id, stones, reason, now, number)
    return len(gone)


def end_all(conn: sa.Connection) -> int:
    """Forget every key of everybody, after a restore; returns how many there were."""
    mine = (access_keys.c.account_id == activity.c.account_id) & (access_keys.c.key_id == activity.c.row_id)
    conn.execute(activity.delete().where(sa.exists().where(mine)))
    return conn.execute(access_keys.delete()).rowcount


@lru_cache(maxsize=1024)
@lru_cache(maxsize=1024)
def names_in(kept: str) -> frozenset[str]:
    """The names in a value that `Json` keeps, for those who read rows by themselves."""
    return frozenset(json.loads(kept))


KEY = """
SELECT k.key_id, k.scopes, k.issued_at, k.expires_at, NULLIF(c.state, 'active')
FROM access_keys k
JOIN accounts c ON c.account_id = k.account_id
WHERE k.account_id = {whose} AND k.digest = {digest}
"""
"""A key whatever the clock says of it; `{whose}` and `{digest}` as the driver wants them."""
SERVICE_KEY = """
SELECT key_id, name, scopes, app_types, expires_at, revoked_at FROM service_keys WHERE digest = {digest}
"""


def key_from(row: tuple[Any, ...] | None) -> LivingKey | None:
    """A key as `KEY` asks for it."""
    return None if row is None else LivingKey(row[0], names_in(row[1]), *row[2:])


def service_key_from(row: tuple[Any, ...] | None) -> LivingServiceKey | None:
    """A service key as `SERVICE_KEY` asks for it."""
    if row is None:
        return None
    return LivingServiceKey(row[0], row[1], names_in(row[2]), names_in(row[3]), *row[4:])


def last_use_of(row: sa.Row[*tuple[Any, ...]]) -> tuple[datetime | None, Origin | None]:
    """When and from where a key was last used, if it ever was."""
    if not row.counts or not any(row.counts):
        return None, None
    return row.last_at, Origin(row.last_ip, row.last_place) if row.last_ip else None


def _one(conn: sa.Connection, account_id: AccountId, which: sa.ColumnElement[bool]) -> AccessKey | None:
    mine = (access_keys.c.account_id == account_id) & which
    row = conn.execute(_with_use().where(mine)).one_or_none()
    return _key_from(row) if row else None


def _with_use() -> sa.Select[*tuple[Any, ...]]:
    used = (activity.c.account_id == access_keys.c.account_id) & (activity.c.row_id == access_keys.c.key_id)
    return sa.select(*_COLUMNS, *LAST_USE).select_from(access_keys.outerjoin(activity, used))


def _key_from(row: sa.Row[*tuple[Any, ...]]) -> AccessKey:
    last_at, last_from = last_use_of(row)
    return AccessKey(
        row.key_id, AccountId(row.account_id), row.name, tuple(row.scopes), row.issued_at, row.last_four,
        row.expires_at, last_at, last_from, DayLevels(row.counts, row.last_day) if row.counts else DayLevels(),
    )  # fmt: skip
