"""An account's history: followed while a page is open, and read back."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.authenticate import checks_of
from signedin.actions.list_sessions import read_list
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.event import Event, Recorded
from signedin.rules.history import MOST_COUNTED, Asked, Counted, Displayed, Looked, counted, operators_in
from signedin.rules.presence import Presence
from signedin.rules.suspicion import Flag
from signedin.store import accounts, journal, lookup


@dataclass(frozen=True, slots=True)
class SessionsIn:
    """Of sessions by their ids: how they began, and why those that are still signed in are worth a look."""

    starts: Mapping[str, Event] = field(default_factory=dict)
    flags: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)


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

    One look reads at most so many entries as `asked` reaches back, whatever it finds there. An entry is found by the
    devices and places of the sessions that it is about and that did it, too.
    """
    top, found, starts = await means.database.read(_within_reach, account_id, asked, before, limit)
    names = await named_operators(means, operators_in([each.event for each in found]))

    def shows(event: Event, operators: Mapping[str, str]) -> str:
        sessions = (starts[each].personal for each in (event.subject or "", event.by or "") if each in starts)
        known = (str(each.get(name) or "") for each in sessions for name in ("device", "place"))
        return " ".join((displayed(event, operators), *known))

    shown = await asyncio.to_thread(asked.matching, found, shows, names) if asked.words else found
    if len(shown) > limit:
        return Looked(tuple(shown[:limit]), names, shown[limit - 1].number)
    down_to = top - asked.reach
    return Looked(tuple(shown), names, down_to, is_cut=True) if down_to > 1 else Looked(tuple(shown), names)


async def count_back(means: Means, account_id: AccountId) -> Counted:
    """How much each filter shows of the newest entries."""
    by_kind, is_more = await means.database.read(journal.by_kind, account_id, MOST_COUNTED)
    return counted(by_kind, is_more=is_more)


async def sessions_in(
    means: Means, presence: Presence, shown: Iterable[Recorded], now: datetime
) -> SessionsIn:
    """What is known of the sessions that these entries are about, or that did them."""
    ids = _ids(shown)
    return await means.database.read(_sessions_in, means, presence, ids, now) if ids else SessionsIn()


async def named_operators(means: Means, numbers: Iterable[str]) -> dict[str, str]:
    """What the operators with these account numbers are called now; whoever is gone is not named."""
    ids = [AccountId(int(number)) for number in numbers]
    found = await means.database.read(lookup.some, ids) if ids else []
    return {str(account.id): account.called for account in found}


def _sessions_in(
    conn: sa.Connection, means: Means, presence: Presence, ids: Collection[str], now: datetime
) -> SessionsIn:
    starts = journal.starts(conn, presence.account_id, ids, MOST_COUNTED)
    return SessionsIn(starts, read_list(conn, means, presence.account_id, presence.current_id, now).flags)


def _within_reach(
    conn: sa.Connection, account_id: AccountId, asked: Asked, before: int | None, limit: int
) -> tuple[int, list[Recorded], Mapping[str, Event]]:
    top = accounts.history_number(conn, account_id) + 1
    top = top if before is None else min(top, before)
    if not asked.words.strip():
        return top, journal.before(conn, account_id, top, limit + 1, asked.kinds, top - asked.reach), {}
    found = journal.before(conn, account_id, top, asked.reach, asked.kinds, top - asked.reach)
    return top, found, journal.starts(conn, account_id, _ids(found), MOST_COUNTED)


def _ids(found: Iterable[Recorded]) -> set[str]:
    return {each for recorded in found for each in (recorded.event.subject, recorded.event.by) if each}
