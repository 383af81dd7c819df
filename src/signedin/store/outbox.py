"""What must still be told to others: written with the deed, delivered after the commit."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.store.accounts import accounts
from signedin.store.schema import Json, Moment, account_key, metadata

outbox = sa.Table(
    "outbox",
    metadata,
    account_key(),
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("queued_at", Moment, nullable=False),
    sa.Column("due_at", Moment, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Index("ix_outbox_due_at", "due_at"),
)

MOST_CLAIMED, CLAIMED_FOR = 10, timedelta(minutes=5)
"""What one process delivers at a time; when it is killed meanwhile, another delivers it after the claim."""
GIVEN_UP_AFTER = 12
"""Attempts, about a day and a half in all; then it stays for the operator to see."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that must be told: its kind chooses the text, its fields fill it.

    `locale` and `zone` are the account's, empty where they are not known.
    """

    account_id: AccountId
    id: str
    kind: str
    fields: dict[str, str]
    queued_at: datetime
    attempts: int = 0
    locale: str = ""
    zone: str = ""


LOGOUT = "logout:"
"""How the kind of what is told to a client begins, before its id: it is no letter (store/logouts.py)."""


def queue(
    conn: sa.Connection, account_id: AccountId, kind: str, fields: dict[str, str], now: datetime,
    due_at: datetime | None = None,
) -> None:  # fmt: skip
    """Queue a message in the transaction of the deed it tells of; who has no address gets no letters.

    One that may wait for others is due later.
    """
    if not fields.get("to"):
        return
    conn.execute(outbox.insert(), {
        "account_id": account_id,
        "message_id": secrets.token_hex(12),
        "kind": kind,
        "fields": fields,
        "queued_at": now,
        "due_at": due_at or now,
        "attempts": 0,
    })  # fmt: skip


def due(conn: sa.Connection, now: datetime, limit: int = 50) -> list[Message]:
    """The messages whose turn it is, oldest first."""
    where = (outbox.c.due_at <= now) & (outbox.c.attempts < GIVEN_UP_AFTER) & _IS_LETTER
    rows = conn.execute(
        sa.select(outbox, accounts.c.locale, accounts.c.zone)
        .outerjoin(accounts, accounts.c.account_id == outbox.c.account_id)
        .where(where)
        .order_by(outbox.c.due_at)
        .limit(limit)
    )
    return [
        Message(
            AccountId(row.account_id), row.message_id, row.kind, row.fields, row.queued_at, row.attempts,
            row.locale or "", row.zone or "",
        )
        for row in rows
    ]  # fmt: skip


def last_due(conn: sa.Connection, kind: str) -> datetime | None:
    """When the last letter of a kind is due, of those that were not tried yet; `None` when there is none."""
    waiting = (outbox.c.kind == kind) & (outbox.c.attempts == 0)
    asked = sa.select(outbox.c.due_at).where(waiting).order_by(outbox.c.due_at.desc()).limit(1)
    found: datetime | None = conn.scalar(asked)
    return found


def claim(conn: sa.Connection, now: datetime) -> list[Message]:
    """Take the messages whose turn it is: no other process delivers them, until the claim has run out."""
    claimed = due(conn, now, MOST_CLAIMED)
    for message in claimed:
        conn.execute(outbox.update().where(_is(message)).values(due_at=now + CLAIMED_FOR))
    return claimed


def delivered(conn: sa.Connection, message: Message) -> None:
    """Forget a message that was delivered."""
    conn.execute(outbox.delete().where(_is(message)))


def postpone(conn: sa.Connection, message: Message, now: datetime) -> None:
    """Try again later, each time twice as late."""
    later = now + timedelta(seconds=min(2**message.attempts * 15, 6 * 3600))
    conn.execute(outbox.update().where(_is(message)).values(due_at=later, attempts=message.attempts + 1))


def backlog(conn: sa.Connection, most: int | None = None) -> int:
    """How many letters wait; no more than `most` of them are counted."""
    letters = sa.select(outbox.c.kind).where(_IS_LETTER).limit(most).subquery()
    return int(conn.scalar(sa.select(sa.func.count()).select_from(letters)) or 0)


def forget_all(conn: sa.Connection) -> None:
    """Forget every message, after a restore: they may have been delivered since."""
    conn.execute(outbox.delete())


_IS_LETTER = ~outbox.c.kind.startswith(LOGOUT)


def _is(message: Message) -> sa.ColumnElement[bool]:
    return (outbox.c.account_id == message.account_id) & (outbox.c.message_id == message.id)
