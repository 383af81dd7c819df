"""An account's chain of entries, gone through link by link: is every entry as it was written?"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.store.journal import JOINED, Anchor, Head, Mac, commitment_of, journal, journal_personal, link
from signedin.store.schema import Int64

_UNKEYED_LENGTH = 32


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
        if row.salt is not None and commitment_of(row.salt, json.loads(row.fields)) != row.commitment:
            return False
        if len(row.chain) == _UNKEYED_LENGTH:
            is_early = len(before) in {0, _UNKEYED_LENGTH} and number <= unkeyed
            expected = _first_link(before, number, told, row.commitment) if is_early else b""
        else:
            expected = link(mac, account_id, before, number, told, row.commitment)
        return bool(row.number == number and hmac.compare_digest(expected, row.chain))
    except (ValueError, TypeError, AttributeError):
        return False


def _first_link(before: bytes, number: int, told: Sequence[Any], commitment: bytes) -> bytes:
    """A link as the first version made it, without a key."""
    facts = json.dumps(json.loads(told[-1]), sort_keys=True, ensure_ascii=False, default=str)
    text = json.dumps([number, *told[:-1], facts], ensure_ascii=False)
    return hashlib.sha256(before + text.encode() + commitment).digest()


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
    .select_from(JOINED)
    .where(journal.c.account_id == sa.bindparam("account", type_=Int64))
    .order_by(journal.c.number)
)
