"""Device codes as they are remembered: what a device shows, and what becomes of it (RFC 8628)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.device_code import DeviceCode
from signedin.store.schema import Int64, Json, Moment, metadata

device_codes = sa.Table(
    "device_codes",
    metadata,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("user_code", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("resources", Json, nullable=False),
    sa.Column("about", Json, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Column("wait_seconds", sa.Integer, nullable=False),
    sa.Column("asked_at", Moment),
    sa.Column("claimed_by", sa.Text),
    sa.Column("refused_at", Moment),
    sa.Column("account_id", Int64),
    sa.Column("grant_id", sa.Text),
    sa.Index("ix_device_codes_until", "until"),
)


def add(conn: sa.Connection, digest: bytes, user_code: bytes, code: DeviceCode) -> None:
    """Remember a code; of both of its secrets the digests."""
    conn.execute(
        device_codes.insert().values(
            digest=digest, user_code=user_code, client_id=code.client_id, scopes=list(code.scopes),
            resources=list(code.resources), about=code.about, until=code.until, wait_seconds=code.wait_seconds,
        )
    )  # fmt: skip


def find_by_user_code(conn: sa.Connection, user_code: bytes) -> DeviceCode | None:
    """What a person's code stands for, or `None`."""
    row = conn.execute(sa.select(device_codes).where(device_codes.c.user_code == user_code)).one_or_none()
    return _code_from(row) if row else None


def find(conn: sa.Connection, digest: bytes) -> DeviceCode | None:
    """The code of a device, which does not count as asking; or `None`."""
    row = conn.execute(sa.select(device_codes).where(device_codes.c.digest == digest)).one_or_none()
    return _code_from(row) if row else None


def claim(conn: sa.Connection, user_code: bytes, session_id: str) -> bool:
    """Let the session that entered a code be the only one to decide; false when another has (attack 18)."""
    free = device_codes.c.claimed_by.is_(None) | (device_codes.c.claimed_by == session_id)
    open_one = (device_codes.c.user_code == user_code) & free & _UNDECIDED
    return conn.execute(device_codes.update().where(open_one).values(claimed_by=session_id)).rowcount == 1


def allow(
    conn: sa.Connection, user_code: bytes, session_id: str, account_id: AccountId, grant_id: str
) -> bool:
    """Let the device have what the person gave; false when it was decided before, or by another session."""
    return _decide(conn, user_code, session_id, account_id=account_id, grant_id=grant_id)


def refuse(conn: sa.Connection, user_code: bytes, session_id: str, now: datetime) -> bool:
    """Let the device have nothing; false as above."""
    return _decide(conn, user_code, session_id, refused_at=now)


def ask(conn: sa.Connection, digest: bytes, now: datetime) -> DeviceCode | None:
    """The code as it was when the device asked, and note that it did; `None` when there is none."""
    mine = device_codes.c.digest == digest
    row = conn.execute(sa.select(device_codes).where(mine).with_for_update()).one_or_none()
    if row is None:
        return None
    code = _code_from(row)
    waits = code.wait_after(now)
    conn.execute(device_codes.update().where(mine).values(asked_at=now, wait_seconds=waits))
    return code


def redeem(conn: sa.Connection, digest: bytes) -> bool:
    """Take the code away, once: false when somebody was earlier."""
    return conn.execute(device_codes.delete().where(device_codes.c.digest == digest)).rowcount == 1


def end_of_client(conn: sa.Connection, client_id: str) -> int:
    """Forget a client's codes; returns how many there were."""
    return conn.execute(device_codes.delete().where(device_codes.c.client_id == client_id)).rowcount


def end_of_grants(conn: sa.Connection, ids: Sequence[str]) -> int:
    """Forget the codes that grants were given for and that nobody redeemed yet; returns how many there were."""
    return conn.execute(device_codes.delete().where(device_codes.c.grant_id.in_(ids))).rowcount


def purge(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget codes that expired before that moment; returns how many."""
    old = sa.select(device_codes.c.digest).where(device_codes.c.until < before)
    keys = conn.scalars(old.order_by(device_codes.c.until).limit(limit)).all()
    conn.execute(device_codes.delete().where(device_codes.c.digest.in_(keys)))
    return len(keys)


def _decide(conn: sa.Connection, user_code: bytes, session_id: str, **decision: object) -> bool:
    mine = (device_codes.c.user_code == user_code) & (device_codes.c.claimed_by == session_id) & _UNDECIDED
    return conn.execute(device_codes.update().where(mine).values(**decision)).rowcount == 1


def _code_from(row: sa.Row[*tuple[Any, ...]]) -> DeviceCode:
    return DeviceCode(
        row.client_id, tuple(row.scopes), row.until, tuple(row.resources), row.about, row.wait_seconds, row.asked_at,
        row.claimed_by, row.refused_at, None if row.account_id is None else AccountId(row.account_id), row.grant_id,
    )  # fmt: skip


_UNDECIDED = device_codes.c.grant_id.is_(None) & device_codes.c.refused_at.is_(None)
