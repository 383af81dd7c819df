"""The journal: events chained per account, written in the same transaction as the deed.

The chain runs over salted commitments; personal fields stand apart, so that erasing them breaks nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind, Recorded
from signedin.store.accounts import accounts
from signedin.store.schema import Int64, Json, Moment, account_key, metadata, to_micros

journal = sa.Table(
    "journal",
    metadata,
    account_key(),
    sa.Column("number", Int64, primary_key=True, autoincrement=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text),
    sa.Column("by_session", sa.Text),
    sa.Column("facts", Json, nullable=False),
    sa.Column("commitment", sa.LargeBinary, nullable=False),
    sa.Column("chain", sa.LargeBinary, nullable=False),
)

journal_personal = sa.Table(
    "journal_personal",
    metadata,
    account_key(),
    sa.Column("number", Int64, primary_key=True, autoincrement=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("fields", Json, nullable=False),
)


def record(conn: sa.Connection, account_id: AccountId, event: Event) -> int:
    """Write an event at the end of the account's chain; returns its number in the account's history."""
    mine = accounts.c.account_id == account_id
    bumped = accounts.update().where(mine).values(number=accounts.c.number + 1)
    number, before = conn.execute(bumped.returning(accounts.c.number, accounts.c.chain)).one()
    salt = secrets.token_bytes(16)
    commitment = _commitment(salt, event.personal)
    chain = _link(before, number, event, commitment)
    conn.execute(
        journal.insert().values(
            account_id=account_id,
            number=number,
            at=event.at,
            kind=event.kind.value,
            subject=event.subject,
            by_session=event.by,
            facts=event.facts,
            commitment=commitment,
            chain=chain,
        )
    )
    conn.execute(
        journal_personal.insert().values(
            account_id=account_id, number=number, salt=salt, fields=event.personal
        )
    )
    conn.execute(accounts.update().where(mine).values(chain=chain))
    return int(number)


def since(conn: sa.Connection, account_id: AccountId, number: int, limit: int = 200) -> list[Recorded]:
    """The events after `number`, oldest first, without their personal fields."""
    where = (journal.c.account_id == account_id) & (journal.c.number > number)
    rows = conn.execute(sa.select(journal).where(where).order_by(journal.c.number).limit(limit))
    return [
        Recorded(row.number, Event(EventKind(row.kind), row.at, row.subject, row.by_session, row.facts))
        for row in rows
    ]


def first_broken(conn: sa.Connection, account_id: AccountId) -> int | None:
    """The number of the first entry that does not fit the account's chain, or `None` when all do.

    A cut tail shows as a head that no entry has.
    """
    chain, number = b"", 0
    rows = conn.execute(
        sa.select(journal).where(journal.c.account_id == account_id).order_by(journal.c.number)
    )
    for row in rows:
        event = Event(EventKind(row.kind), row.at, row.subject, row.by_session, row.facts)
        chain, number = _link(chain, row.number, event, row.commitment), number + 1
        if row.number != number or chain != row.chain:
            return number
    head = conn.execute(
        sa.select(accounts.c.number, accounts.c.chain).where(accounts.c.account_id == account_id)
    ).one()
    return None if (head.number, head.chain) == (number, chain) else number + 1


def _commitment(salt: bytes, fields: dict[str, object]) -> bytes:
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(salt + text.encode()).digest()


def _link(before: bytes, number: int, event: Event, commitment: bytes) -> bytes:
    facts = json.dumps(event.facts, sort_keys=True, ensure_ascii=False, default=str)
    parts = [number, to_micros(event.at), event.kind.value, event.subject, event.by, facts]
    text = json.dumps(parts, ensure_ascii=False)
    return hashlib.sha256(before + text.encode() + commitment).digest()
