"""The journal: events chained per account, written in the same transaction as the deed.

The chain runs over salted commitments; personal fields stand apart, so that erasing them breaks nothing. Each
link is a keyed digest, so that who can write the database but has not the keyring cannot make one up. Links of
the first version had no key; they are told by their length, and believed only as far as they are anchored
(`store/anchors.py`, docs/decisions/0008).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
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
_UNKEYED_LENGTH = 32
_MAC = "journal_mac"

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


# Made once: every deed writes an entry, and putting four statements together takes longer than running them.
_MINE = accounts.c.account_id == sa.bindparam("whose")
_BUMP = (
    accounts.update()
    .where(_MINE)
    .values(number=accounts.c.number + 1)
    .returning(accounts.c.number, accounts.c.chain)
)
_WRITE, _WRITE_PERSONAL = journal.insert(), journal_personal.insert()
_LINK = accounts.update().where(_MINE).values(chain=sa.bindparam("link"))


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
    commitment = _commitment(salt, event.personal)
    told = [to_micros(event.at), event.kind.value, event.subject, event.by, json_text(event.facts)]
    chain = _link(mac, account_id, before, number, told, commitment)
    entry = {
        "account_id": account_id, "number": number, "at": event.at, "kind": event.kind.value,
        "subject": event.subject, "by_session": event.by, "facts": event.facts,
        "commitment": commitment, "chain": chain,
    }  # fmt: skip
    conn.execute(_WRITE, entry)
    personal = {"account_id": account_id, "number": number, "salt": salt, "fields": event.personal}
    conn.execute(_WRITE_PERSONAL, personal)
    conn.execute(_LINK, {"whose": account_id, "link": chain})
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
    conn: sa.Connection, account_id: AccountId, number: int | None, limit: int, kinds: Collection[EventKind] = ()
) -> list[Recorded]:  # fmt: skip
    """The events before `number`, or the last ones, newest first, with their personal fields where they were kept."""
    mine = journal.c.account_id == account_id
    mine = mine & journal.c.kind.in_([kind.value for kind in kinds]) if kinds else mine
    earlier = mine if number is None else mine & (journal.c.number < number)
    asked = sa.select(journal, journal_personal.c.fields).select_from(_JOINED).where(earlier)
    return [
        Recorded(
            row.number,
            Event(EventKind(row.kind), row.at, row.subject, row.by_session, row.facts, row.fields or {}),
        )
        for row in conn.execute(asked.order_by(journal.c.number.desc()).limit(limit))
    ]


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


def unkeyed_until(conn: sa.Connection, account_id: AccountId) -> int:
    """The number of the last entry of the first version, without a key; 0 when there is none."""
    where = (journal.c.account_id == account_id) & (sa.func.length(journal.c.chain) == _UNKEYED_LENGTH)
    return int(conn.scalar(sa.select(sa.func.max(journal.c.number)).where(where)) or 0)


def first_broken(conn: sa.Connection, head: Head, mac: Mac, anchor: Anchor) -> int | None:
    """The number of the first entry that is not as it was written, or `None` when all are.

    Looked at are the links, the personal fields where they were not erased, the head that the account names,
    and where the chain was anchored: a cut tail shows as an entry that is missing.
    """
    chain, number = b"", 0
    for row in _as_stored(conn, head.account_id):
        number += 1
        if row is None or not _fits(mac, head.account_id, chain, number, row, anchor.unkeyed):
            return number
        chain = row.chain
        if number == anchor.number and chain != anchor.chain:
            return number
    if (head.number, head.chain) != (number, chain) or anchor.number > number:
        return number + 1
    return None


def _as_stored(conn: sa.Connection, account_id: AccountId) -> Iterator[sa.Row[Any] | None]:
    """The entries as they lie there, with their personal fields; `None` for one that is no text any more."""
    rows: Iterable[sa.Row[Any]] = conn.execute(_AS_STORED, {"account": account_id})
    try:
        yield from rows
    except sa.exc.OperationalError as error:
        if "decode" not in str(error.orig):
            raise
        yield None


def _fits(
    mac: Mac, account_id: AccountId, before: bytes, number: int, row: sa.Row[Any], unkeyed: int
) -> bool:
    """Whether an entry is as it was written; what cannot even be read is not."""
    told = [row.at, row.kind, row.subject, row.by_session, row.facts]
    try:
        if row.salt is not None and _commitment(row.salt, json.loads(row.fields)) != row.commitment:
            return False
        if len(row.chain) == _UNKEYED_LENGTH:
            is_early = len(before) in {0, _UNKEYED_LENGTH} and number <= unkeyed
            link = _first_link(before, number, told, row.commitment) if is_early else b""
        else:
            link = _link(mac, account_id, before, number, told, row.commitment)
        return bool(row.number == number and hmac.compare_digest(link, row.chain))
    except (ValueError, TypeError, AttributeError):
        return False


def _commitment(salt: bytes, fields: dict[str, object]) -> bytes:
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(salt + text.encode()).digest()


def _link(
    mac: Mac, account_id: AccountId, before: bytes, number: int, told: Sequence[object], commitment: bytes
) -> bytes:
    parts = [int(account_id), before.hex(), number, *told, commitment.hex()]
    return _KEYED + mac("journal", json.dumps(parts, ensure_ascii=False).encode())


def _first_link(before: bytes, number: int, told: Sequence[Any], commitment: bytes) -> bytes:
    """A link as the first version made it, without a key."""
    facts = json.dumps(json.loads(told[-1]), sort_keys=True, ensure_ascii=False, default=str)
    text = json.dumps([number, *told[:-1], facts], ensure_ascii=False)
    return hashlib.sha256(before + text.encode() + commitment).digest()


_JOINED = journal.outerjoin(
    journal_personal,
    (journal_personal.c.account_id == journal.c.account_id) & (journal_personal.c.number == journal.c.number),
)
_RAW = sa.types.NullType()
# Values are taken as they are stored: whatever somebody has made of them must not stop the reading.
_AS_STORED = (
    sa.select(
        *(
            sa.type_coerce(column, _RAW).label(column.name)
            for column in journal.c
            if column.name != "account_id"
        ),
        sa.type_coerce(journal_personal.c.salt, _RAW).label("salt"),
        sa.type_coerce(journal_personal.c.fields, _RAW).label("fields"),
    )
    .select_from(_JOINED)
    .where(journal.c.account_id == sa.bindparam("account", type_=Int64))
    .order_by(journal.c.number)
)
