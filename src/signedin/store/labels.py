"""Labels: what devices are called in the list, for making them anew from what their browsers said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.device import Device
from signedin.rules.session import AppType
from signedin.store.activity import with_keys
from signedin.store.sessions import sessions


@dataclass(frozen=True, slots=True)
class Labelled:
    """A session's label, and what it was read from."""

    account_id: AccountId
    session_id: str
    app_type: AppType
    device: Device
    said: str


def count_old(conn: sa.Connection, ruleset: str) -> int:
    """How many sessions have a label that other rules read."""
    return int(conn.scalar(sa.select(sa.func.count()).where(sessions.c.ruleset != ruleset)) or 0)


def old(conn: sa.Connection, ruleset: str, after: tuple[int, str], limit: int) -> list[Labelled]:
    """The next sessions whose label other rules read, in the order of their keys."""
    key = sa.tuple_(sessions.c.account_id, sessions.c.session_id)
    where = (sessions.c.ruleset != ruleset) & (key > sa.tuple_(*map(sa.literal, after)))
    rows = conn.execute(
        sa.select(*_COLUMNS).where(where).order_by(sessions.c.account_id, sessions.c.session_id).limit(limit)
    )
    return [_labelled(row) for row in rows]


def of(conn: sa.Connection, keys: Sequence[tuple[AccountId, str]]) -> list[Labelled]:
    """Those of these sessions that there are."""
    asked = sa.select(*_COLUMNS)
    return [
        _labelled(row) for row in with_keys(conn, asked, sessions.c.account_id, sessions.c.session_id, keys)
    ]


def relabel(conn: sa.Connection, labelled: Labelled, device: Device, ruleset: str) -> bool:
    """Give a session the label that these rules read; false when it has ended meanwhile."""
    where = (sessions.c.account_id == labelled.account_id) & (sessions.c.session_id == labelled.session_id)
    done = conn.execute(sessions.update().where(where).values(device=device, ruleset=ruleset))
    return bool(done.rowcount)


def _labelled(row: sa.Row[*tuple[Any, ...]]) -> Labelled:
    return Labelled(
        AccountId(row.account_id), row.session_id, AppType(row.app_type), row.device, row.user_agent
    )


_COLUMNS = (
    sessions.c.account_id, sessions.c.session_id, sessions.c.app_type, sessions.c.device, sessions.c.user_agent,
)  # fmt: skip
