"""Full addresses as they are kept, encrypted: read by the one deed that says why, and by nothing else (R11)."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.store.activity import activity
from signedin.store.sessions import sessions


class Sealed(NamedTuple):
    """The addresses of a row: where it began, which only a session has, and where it was last used."""

    began: bytes | None
    last: bytes | None


def of_row(conn: sa.Connection, account_id: AccountId, row_id: str) -> Sealed:
    """What is kept of one row's addresses."""
    mine = (sessions.c.account_id == account_id) & (sessions.c.session_id == row_id)
    used = (activity.c.account_id == account_id) & (activity.c.row_id == row_id)
    return Sealed(
        conn.scalar(sa.select(sessions.c.address).where(mine)),
        conn.scalar(sa.select(activity.c.address).where(used)),
    )
