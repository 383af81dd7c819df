"""An account's history: followed while a page is open, and read back."""

from __future__ import annotations

from collections.abc import Iterable

from signedin.actions.authenticate import checks_of
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.event import EventKind, Recorded
from signedin.store import journal, lookup


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


async def events_before(
    means: Means, account_id: AccountId, number: int | None, limit: int, kinds: frozenset[EventKind] = frozenset()
) -> list[Recorded]:  # fmt: skip
    """What happened before that number, or last, newest first; only of these kinds, where some are named."""
    return await means.database.read(journal.before, account_id, number, limit, kinds)


async def named_operators(means: Means, numbers: Iterable[str]) -> dict[str, str]:
    """What the operators with these account numbers are called now; whoever is gone is not named."""
    ids = [AccountId(int(number)) for number in numbers]
    found = await means.database.read(lookup.some, ids)
    return {str(account.id): account.called for account in found}
