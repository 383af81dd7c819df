"""Access keys as they are remembered: apart from sessions, so that nothing that ends sessions reaches them."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.access_key import AccessKey
from signedin.rules.account import AccountId
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
    sa.Column("last_at", Moment),
    sa.UniqueConstraint("account_id", "digest"),
)


def add(conn: sa.Connection, key: AccessKey, digest: bytes) -> None:
    """Remember a key that was issued; of its secret only the digest."""
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
            last_at=key.last_at,
        )
    )


def count(conn: sa.Connection, account_id: AccountId) -> int:
    """How many keys the account has."""
    where = access_keys.c.account_id == account_id
    return int(conn.scalar(sa.select(sa.func.count()).select_from(access_keys).where(where)) or 0)


def find_by_digest(conn: sa.Connection, account_id: AccountId, digest: bytes) -> AccessKey | None:
    """The account's key with this digest, or `None`."""
    where = (access_keys.c.account_id == account_id) & (access_keys.c.digest == digest)
    row = conn.execute(sa.select(access_keys).where(where)).one_or_none()
    if row is None:
        return None
    return AccessKey(
        row.key_id, AccountId(row.account_id), row.name, tuple(row.scopes), row.issued_at, row.last_four,
        row.expires_at, row.last_at,
    )  # fmt: skip


def end_all(conn: sa.Connection) -> int:
    """Forget every key of everybody, after a restore; returns how many there were."""
    return conn.execute(access_keys.delete()).rowcount
