"""The journal: events chained per account, written in the same transaction as the deed.

The chain runs over salted commitments; personal fields stand apart, so that erasing them breaks nothing. Each
link is a keyed digest, so that who can write the database but has not the keyring cannot make one up. Links of
the first version had no key; they are told by their length, and believed only as far as they are anchored
(`store/anchors.py`, docs/decisions/0008).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind, Recorded
from signedin.rules.moments import to_micros
from signedin.store.accounts import accounts
from signedin.store.schema import Int64, Json, Moment, account_key, json_text, metadata

Mac = Callable[[str, bytes], bytes]
"""A keyed digest for one purpose: the keyring's."""

_KEYED = b"\x02"
_MAC = "journal_mac"
_STARTED = sa.text(f"kind = '{EventKind.SESSION_STARTED.value}'")
"""Sign-ins are counted by the day, and nothing else is looked for by its moment."""

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
    sa.Index("ix_journal_started_at", "at", sqlite_where=_STARTED, postgresql_where=_STARTED),
)

journal_personal = sa.Table(
    "journal_personal",
    metadata,
    account_key(),
    sa.Column("number", Int64, primary_key=True, autoincrement=False),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("fields", Json, nullable=False),
)


# Made once: every deed writes an entry, and putting four statements together takes longer than running them.
_MINE = accounts.c.account_id == sa.bindparam("whose")
_BUMP = (
    accounts.update()
    .where(_MINE)
    .values(number=accounts.c.number + 1)
    .returning(accounts.c.number, accounts.c.chain)
)


def _given(**of: str) -> dict[str, sa.BindParameter[Any]]:
    return {column: sa.bindparam(name) for column, name in of.items()}


_WRITE = journal.insert().values(_given(
    account_id="whose", number="as", at="at", kind="kind", subject="subject", by_session="by", facts="facts",
    commitment="commitment", chain="link",
))  # fmt: skip
_WRITE_PERSONAL = journal_personal.insert().values(
    _given(account_id="whose", number="as", salt="salt", fields="fields")
)
_LINK = accounts.update().where(_MINE).values(chain=sa.bindparam("link"))
_IN_TURN = (_WRITE, _WRITE_PERSONAL, _LINK)
_AT_ONCE = (_LINK.add_cte(_WRITE.cte("entry"), _WRITE_PERSONAL.cte("personal")),)
"""On PostgreSQL one round trip; SQLite, which has none, knows no such statement."""


class Anchor(NamedTuple):
    """Where an account's chain was once seen to be: its entry of that number had that link.

    Entries up to `unkeyed` are of the first version, without a key.
    """

    number: int
    chain: bytes
    unkeyed: int = 0


class Head(NamedTuple):
    """Where an account's chain ends now."""

    account_id: AccountId
    email: str
    number: int
    chain: bytes


def keyed_by(engine: sa.Engine, mac: Mac) -> None:
    """Give the connections of an engine the key that their entries are linked with."""
    engine.update_execution_options(**{_MAC: mac})


def record(conn: sa.Connection, account_id: AccountId, event: Event) -> int:
    """Write an event at the end of the account's chain; returns its number in the account's history."""
    mac: Mac = conn.get_execution_options()[_MAC]
    number, before = conn.execute(_BUMP, {"whose": account_id}).one()
    salt = secrets.token_bytes(16)
    commitment = commitment_of(salt, event.personal)
    told = [to_micros(event.at), event.kind.value, event.subject, event.by, json_text(event.facts)]
    chain = link(mac, account_id, before, number, told, commitment)
    entry = {
        "whose": account_id, "as": number, "at": event.at, "kind": event.kind.value,
        "subject": event.subject, "by": event.by, "facts": event.facts,
        "commitment": commitment, "link": chain, "salt": salt, "fields": event.personal,
    }  # fmt: skip
    for statement in _AT_ONCE if conn.dialect.name == "postgresql" else _IN_TURN:
        conn.execute(statement, entry)
    return int(number)


def since(conn: sa.Connection, account_id: AccountId, number: int, limit: int = 200) -> list[Recorded]:
    """The events after `number`, oldest first, without their personal fields."""
    where = (journal.c.account_id == account_id) & (journal.c.number > number)
    rows = conn.execute(sa.select(journal).where(where).order_by(journal.c.number).limit(limit))
    return [
        Recorded(row.number, Event(EventKind(row.kind), row.at, row.subject, row.by_session, row.facts))
        for row in rows
    ]


def before(
    conn: sa.Connection, account_id: AccountId, number: int | None, limit: int, kinds: Collection[EventKind] = (),
    down_to: int = 0,
) -> list[Recorded]:  # fmt: skip
    """The events before `number`, or the last ones, newest first, with their personal fields where they were kept.

    With `kinds` only those are told, and with `down_to` none with a lower number is looked at.
    """
    mine = journal.c.account_id == account_id
    mine = mine & journal.c.kind.in_([kind.value for kind in kinds]) if kinds else mine
    mine = mine & (journal.c.number >= down_to) if down_to > 0 else mine
    earlier = mine if number is None else mine & (journal.c.number < number)
    asked = sa.select(journal, journal_personal.c.fields).select_from(JOINED).where(earlier)
    return [
        Recorded(
            row.number,
            Event(EventKind(row.kind), row.at, row.subject, row.by_session, row.facts, row.fields or {}),
        )
        for row in conn.execute(asked.order_by(journal.c.number.desc()).limit(limit))
    ]


def starts(conn: sa.Connection, account_id: AccountId, ids: Collection[str], most: int) -> dict[str, Event]:
    """How these sessions began, as far as that is among the newest `most` events."""
    newest = sa.select(accounts.c.number).where(accounts.c.account_id == account_id).scalar_subquery()
    among = (journal.c.account_id == account_id) & (journal.c.number > newest - most)
    begun = (journal.c.kind == EventKind.SESSION_STARTED.value) & journal.c.subject.in_(sorted(ids))
    rows = conn.execute(sa.select(journal, journal_personal.c.fields).select_from(JOINED).where(among, begun))
    return {
        row.subject: Event(
            EventKind.SESSION_STARTED, row.at, row.subject, row.by_session, row.facts, row.fields or {}
        )
        for row in rows
    }


def by_kind(conn: sa.Connection, account_id: AccountId, most: int) -> tuple[dict[EventKind, int], bool]:
    """How many of the newest `most` events are of each kind, and whether there are more than those."""
    newest = sa.select(accounts.c.number).where(accounts.c.account_id == account_id).scalar_subquery()
    counted = (journal.c.account_id == account_id) & (journal.c.number > newest - most)
    asked = sa.select(journal.c.kind, sa.func.count(), sa.func.min(journal.c.number)).where(counted)
    rows = conn.execute(asked.group_by(journal.c.kind)).all()
    return {EventKind(kind): number for kind, number, _ in rows}, min([row[2] for row in rows], default=1) > 1


def heads(conn: sa.Connection, after: int, limit: int) -> list[Head]:
    """Where the chains of the next accounts end, by their ids, so that one can go through all of them."""
    columns = (accounts.c.account_id, accounts.c.email, accounts.c.number, accounts.c.chain)
    rows = conn.execute(
        sa.select(*columns).where(accounts.c.account_id > after).order_by(accounts.c.account_id).limit(limit)
    )
    return [Head(AccountId(row[0]), *row[1:]) for row in rows]


def link_of(conn: sa.Connection, account_id: AccountId, number: int) -> bytes | None:
    """The link of one entry, or `None` when there is no such entry."""
    where = (journal.c.account_id == account_id) & (journal.c.number == number)
    return conn.scalar(sa.select(journal.c.chain).where(where))


def commitment_of(salt: bytes, fields: dict[str, object]) -> bytes:
    """What binds an entry to its personal fields, and says nothing of them."""
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(salt + text.encode()).digest()


def link(
    mac: Mac, account_id: AccountId, before: bytes, number: int, told: Sequence[object], commitment: bytes
) -> bytes:
    """An entry's link: a keyed digest of the link before, its number, what it tells and its commitment."""
    parts = [int(account_id), before.hex(), number, *told, commitment.hex()]
    return _KEYED + mac("journal", json.dumps(parts, ensure_ascii=False).encode())


JOINED = journal.outerjoin(
    journal_personal,
    (journal_personal.c.account_id == journal.c.account_id) & (journal_personal.c.number == journal.c.number),
)
