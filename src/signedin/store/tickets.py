"""Tickets as they are remembered: by their digests, until they are taken, once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.session import SessionId
from signedin.rules.ticket import Ticket
from signedin.store.schema import Moment, account_key, metadata

tickets = sa.Table(
    "tickets",
    metadata,
    account_key(),
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("session_id", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("mark", sa.LargeBinary, nullable=False),
    sa.Column("until", Moment, nullable=False),
    sa.Index("ix_tickets_until", "until"),
)


def add(conn: sa.Connection, account_id: AccountId, digest: bytes, ticket: Ticket) -> None:
    """Remember a ticket that was made."""
    conn.execute(
        tickets.insert().values(
            account_id=account_id, digest=digest, session_id=ticket.session_id, host=ticket.host,
            mark=ticket.mark, until=ticket.until,
        )
    )  # fmt: skip


def is_there(conn: sa.Connection, account_id: AccountId, digest: bytes) -> bool:
    """Whether there is a ticket with this digest."""
    mine = (tickets.c.account_id == account_id) & (tickets.c.digest == digest)
    return conn.execute(sa.select(tickets.c.until).where(mine)).first() is not None


def take(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Ticket | None:
    """The ticket, which is gone with that, so that of many who come at once one has it; or `None`."""
    mine = (tickets.c.account_id == account_id) & (tickets.c.digest == digest)
    row = conn.execute(tickets.delete().where(mine).returning(*tickets.c)).one_or_none()
    return Ticket(SessionId(row.session_id), row.host, row.mark, row.until) if row else None


def purge(conn: sa.Connection, before: datetime, limit: int) -> int:
    """Forget tickets that nobody took; returns how many."""
    old = sa.select(tickets.c.account_id, tickets.c.digest).where(tickets.c.until < before)
    keys = conn.execute(old.order_by(tickets.c.until).limit(limit)).all()
    for account_id, digest in keys:
        conn.execute(tickets.delete().where(tickets.c.account_id == account_id, tickets.c.digest == digest))
    return len(keys)
