"""Labels: what devices are called in the list, for making them anew from what their browsers said."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.device import Device
from signedin.rules.session import AppType
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
    columns = (
        sessions.c.account_id, sessions.c.session_id, sessions.c.app_type, sessions.c.device, sessions.c.user_agent,
    )  # fmt: skip
    where = (sessions.c.ruleset != ruleset) & (key > sa.tuple_(*map(sa.literal, after)))
    rows = conn.execute(
        sa.select(*columns).where(where).order_by(sessions.c.account_id, sessions.c.session_id).limit(limit)
    )
    return [
        Labelled(AccountId(row.account_id), row.session_id, AppType(row.app_type), row.device, row.user_agent)
        for row in rows
    ]


def relabel(conn: sa.Connection, labelled: Labelled, device: Device, ruleset: str) -> bool:
    """Give a session the label that these rules read; false when it has ended meanwhile."""
    where = (sessions.c.account_id == labelled.account_id) & (sessions.c.session_id == labelled.session_id)
    done = conn.execute(sessions.update().where(where).values(device=device, ruleset=ruleset))
    return bool(done.rowcount)
