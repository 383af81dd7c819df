"""What a transaction on PostgreSQL does last of all: ask anew whether who acts is still signed in (decision 0027).

An operator's deed can wait for a row while the session that asked for it is ended. So it asks once more when it waits
for nothing any more, and from then until it has committed no ending of that operator's sessions commits. Both sides
hold for that a lock on the operator, taken in one order after everything else: nobody who has one waits for a row, so
two operators who act on each other never wait for each other. On SQLite whoever writes is alone.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.store.accounts import accounts

Question = Callable[[sa.Connection], None]
_OPERATORS = 0x516E_6163
"""The first number by which PostgreSQL knows the lock on an operator; the second comes from the account's."""
_NOTED = "last of all"


class _Noted:
    """Whose sessions a transaction ends, and by whose it acts, with what is to be asked of each."""

    def __init__(self) -> None:
        self.ended: set[AccountId] = set()
        self.asked: dict[AccountId, Question] = {}


def begin(conn: sa.Connection) -> None:
    """Nothing is noted yet: a transaction begins."""
    conn.info[_NOTED] = _Noted()


def note_ended(conn: sa.Connection, account_id: AccountId) -> None:
    """Sessions of that account end: where it is an operator's, what they have under way commits before, or not at all."""
    if (noted := conn.info.get(_NOTED)) is not None:
        noted.ended.add(account_id)


def note_asking(conn: sa.Connection, account_id: AccountId, question: Question) -> None:
    """That operator acts: the question is asked when nothing is waited for any more, and refuses by raising."""
    if (noted := conn.info.get(_NOTED)) is not None:
        noted.asked[account_id] = question


def settle(conn: sa.Connection) -> None:
    """Do it: the last statements before the commit.

    Raises: what a question raises.
    """
    noted: _Noted = conn.info.pop(_NOTED)
    alone = {_number(each): True for each in _operators_of(conn, noted.ended)}
    for number, is_alone in sorted(({_number(each): False for each in noted.asked} | alone).items()):
        lock = sa.func.pg_advisory_xact_lock if is_alone else sa.func.pg_advisory_xact_lock_shared
        conn.execute(sa.select(lock(_OPERATORS, number)))
    for question in noted.asked.values():
        question(conn)


def _operators_of(conn: sa.Connection, some: set[AccountId]) -> list[AccountId]:
    if not some:
        return []
    theirs = accounts.c.account_id.in_(sorted(some)) & accounts.c.operator_role.is_not(None)
    return [AccountId(each) for each in conn.scalars(sa.select(accounts.c.account_id).where(theirs))]


def _number(account_id: AccountId) -> int:
    return account_id % 2**31
