"""An account's history: followed while a page is open, and read back."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from signedin.actions.authenticate import checks_of
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.event import Recorded
from signedin.rules.history import MOST_COUNTED, Asked, Counted, Displayed, Looked, counted, operators_in
from signedin.store import accounts, journal, lookup


async def latest_number(means: Means, account_id: AccountId) -> int:
    """The number of the account's latest event: on SQLite read on the caller's thread, without waiting.

    Raises:
        DatabaseProblem, Unavailable: it cannot be read.
    """
    if means.lines is not None:
        return await means.lines.number(account_id)
    return checks_of(means).number(account_id)


async def events_since(means: Means, account_id: AccountId, number: int) -> list[Recorded]:
    """What happened after that number, oldest first."""
    return await means.database.read(journal.since, account_id, number)


async def look_back(
    means: Means, account_id: AccountId, asked: Asked, before: int | None, limit: int, displayed: Displayed
) -> Looked:
    """What was asked for of what happened before that number, or last, the newest first.

    One look reads at most so many entries as `asked` reaches back, whatever it finds there.
    """
    top, found = await means.database.read(_within_reach, account_id, asked, before, limit)
    names = await named_operators(means, operators_in([each.event for each in found]))
    shown = asked.matching(found, displayed, names)
    if len(shown) > limit:
        return Looked(tuple(shown[:limit]), names, shown[limit - 1].number)
    down_to = top - asked.reach
    return Looked(tuple(shown), names, down_to, is_cut=True) if down_to > 1 else Looked(tuple(shown), names)


async def count_back(means: Means, account_id: AccountId) -> Counted:
    """How much each filter shows of the newest entries."""
    by_kind, is_more = await means.database.read(journal.by_kind, account_id, MOST_COUNTED)
    return counted(by_kind, is_more=is_more)


async def named_operators(means: Means, numbers: Iterable[str]) -> dict[str, str]:
    """What the operators with these account numbers are called now; whoever is gone is not named."""
    ids = [AccountId(int(number)) for number in numbers]
    found = await means.database.read(lookup.some, ids) if ids else []
    return {str(account.id): account.called for account in found}


def _within_reach(
    conn: sa.Connection, account_id: AccountId, asked: Asked, before: int | None, limit: int
) -> tuple[int, list[Recorded]]:
    top = accounts.history_number(conn, account_id) + 1
    top = top if before is None else min(top, before)
    most = asked.reach if asked.words.strip() else limit + 1
    return top, journal.before(conn, account_id, top, most, asked.kinds, top - asked.reach)
