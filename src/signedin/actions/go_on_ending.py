"""An ending for many goes on: account by account, each in a transaction of its own, by one process at a time.

The transaction that ends an account's rows also notes that it goes on after that account. A process that is killed
has done an account wholly or not at all; another takes over when its claim has run out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import NamedTuple

import sqlalchemy as sa

from signedin.actions.end_many import record
from signedin.actions.ending import end_meant, what_ended
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.preview_many import STRETCH
from signedin.rules.account import Account, AccountId
from signedin.rules.bulk import KEYS, HowMany, Which
from signedin.rules.bulk_job import BulkEnding, State
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.event import Event, EventKind
from signedin.rules.operator import Operator, Role
from signedin.rules.revocation import EndReason, LogoutAllCounts
from signedin.store import access_keys, accounts, bulk_endings, bulk_rows, journal, outbox
from signedin.store.bulk_endings import Held
from signedin.store.bulk_rows import Meant

HEARD_AFTER = 50
"""Accounts that end before it is waited until all of them are over everywhere, and told so."""
MOST_AT_ONCE = 2000
"""Rows that end in one transaction; an account with more has several."""
EMPTY_STRETCHES, LOOKS_FOR = 20, 1.0
"""Stretches without anything to end, and seconds, that are passed before that is noted."""
RESTS = 1.0
"""For how long it rests after each account, as a share of what that took: whoever is checked meanwhile goes first."""
LETTER_EVERY = timedelta(seconds=1)
"""The letters to people are spread, so that no letter that somebody waits for stands behind thousands."""
_LETTER = "ended_by_operator"
Clock = Callable[[], datetime]


class Ahead(NamedTuple):
    """What comes next: these accounts, or, where there are none, the account up to which there is nothing."""

    people: tuple[AccountId, ...]
    last: int
    is_over: bool = False


async def go_on_with_all(means: Means, who: str, clock: Clock) -> None:
    """Go on with whatever should go on and is left alone, one after the other; one that cannot holds up no other.

    Raises: what the first of them raised, once all were tried.
    """
    problems: list[Exception] = []
    for ending_id in await means.database.read(bulk_endings.left_alone, clock()):
        try:
            await go_on(means, ending_id, who, clock)
        except Exception as problem:  # noqa: BLE001  # it is raised below
            problems.append(problem)
    if problems:
        raise problems[0]


async def go_on(
    means: Means, ending_id: str, who: str, clock: Clock, told: Callable[[HowMany], object] = lambda _: None
) -> bool:
    """Go on with one until it is finished or stopped, or somebody else has taken it; false where somebody else does.

    `who` names this process and nobody else. `told` is called with what is over everywhere, after each few accounts.

    Raises:
        Unavailable, DatabaseProblem: it cannot go on now; what has ended has ended.
    """
    if not await means.database.write(bulk_endings.claim, ending_id, who, clock()):
        return False
    try:
        while (ahead := await means.database.read(_look_ahead, ending_id, who)) is not None:
            if not await _stretch_ended(means, ending_id, who, ahead, clock, told):
                break
    finally:
        with suppress(DatabaseProblem, Unavailable):
            await means.database.write(bulk_endings.release, ending_id, who)
    return True


async def _stretch_ended(
    means: Means, ending_id: str, who: str, ahead: Ahead, clock: Clock, told: Callable[[HowMany], object]
) -> bool:
    """End what is ahead and let it be told; false when it is over, or this process's no more."""
    for at in range(0, len(ahead.people), HEARD_AFTER):
        for account_id in ahead.people[at : at + HEARD_AFTER]:
            if not await _account_ended(means, ending_id, who, account_id, clock):
                return False
        await _heard(means, ending_id, who, told)
    if not ahead.is_over:
        return await means.database.write(_pass_to, ending_id, who, ahead.last, clock())
    await heard_everywhere(means)
    await means.database.write(_finish, ending_id, who, clock())
    await _tell(means, ending_id, told)
    return False


async def _account_ended(means: Means, ending_id: str, who: str, account_id: AccountId, clock: Clock) -> bool:
    """End what one account has of it, all of it; false where it is this process's no more."""
    while True:
        began = monotonic()
        rows, is_whole = await means.database.write(_end_account, means, ending_id, who, account_id, clock())
        for row in rows or ():
            means.recent.forget(account_id, row.row_id)
        await asyncio.sleep((monotonic() - began) * RESTS)
        if rows is None or is_whole:
            return rows is not None


async def _heard(means: Means, ending_id: str, who: str, told: Callable[[HowMany], object]) -> None:
    """Wait until what has ended so far is over everywhere, and say so."""
    held = await means.database.read(bulk_endings.look, ending_id, who)
    await heard_everywhere(means)
    if held is not None:
        await means.database.write(bulk_endings.tell, ending_id, who, held.ended)
        await _tell(means, ending_id, told)


async def _tell(means: Means, ending_id: str, told: Callable[[HowMany], object]) -> None:
    ending = await means.database.read(bulk_endings.find, ending_id)
    if ending is not None:
        told(ending.ended)


def _look_ahead(conn: sa.Connection, ending_id: str, who: str) -> Ahead | None:
    """The next accounts with anything to end; `None` where it is this process's no more."""
    held = bulk_endings.look(conn, ending_id, who)
    if held is None:
        return None
    after, until = held.after, monotonic() + LOOKS_FOR
    for number in range(EMPTY_STRETCHES):
        if number and monotonic() > until:
            break
        last = bulk_rows.stretch(conn, after, STRETCH)
        if last is None:
            return Ahead((), after, is_over=True)
        if found := bulk_rows.count(conn, held.ending.which, after, last):
            return Ahead(tuple(found), last)
        after = last
    return Ahead((), after)


def _pass_to(conn: sa.Connection, ending_id: str, who: str, last: int, now: datetime) -> bool:
    """Note that there is nothing more up to that account."""
    held = bulk_endings.hold(conn, ending_id, who)
    if held is not None and held.after < last:
        bulk_endings.move(conn, held, last, HowMany.none(), now)
    return held is not None


def _end_account(
    conn: sa.Connection, means: Means, ending_id: str, who: str, account_id: AccountId, now: datetime
) -> tuple[list[Meant] | None, bool]:
    """One account in one transaction, with the note that it goes on after it: what ended, and whether that is all.

    What ended is `None` where it is this process's no more, or has been done.
    """
    held = bulk_endings.hold(conn, ending_id, who)
    if held is None or held.after >= account_id:
        return None, True
    accounts.hold(conn, account_id)
    account = accounts.find(conn, account_id)
    rows, is_whole = _meant(conn, means, held.ending.which, account_id) if account else ([], True)
    counts = HowMany.of_rows(row.kind for row in rows)
    now_ended = counts if is_whole else counts.of_nobody()  # the account is counted when it is at its end
    bulk_endings.move(conn, held, account_id if is_whole else account_id - 1, now_ended, now)
    if account is not None and rows:
        _end(conn, held, account, rows, counts, now)
    return rows, is_whole


def _meant(conn: sa.Connection, means: Means, which: Which, whose: AccountId) -> tuple[list[Meant], bool]:
    """As much of an account as ends at once, and whether that is all; what was used since is passed over."""
    looked_at = MOST_AT_ONCE + 1
    while True:
        found = bulk_rows.of_account(conn, which, whose, looked_at)
        rows = [row for row in found if not _was_used(means, which, row)]
        if len(rows) > MOST_AT_ONCE or len(found) < looked_at:
            return rows[:MOST_AT_ONCE], len(rows) <= MOST_AT_ONCE
        looked_at *= 2


def _end(
    conn: sa.Connection, held: Held, account: Account, rows: list[Meant], counts: HowMany, now: datetime
) -> None:
    """The event, the letter, and the end of the rows."""
    ending = held.ending
    by: dict[str, object] = {"by": "operator"}
    by |= {"operator": str(ending.begun_by)} if ending.begun_by is not None else {}
    facts = by | {"ending": ending.id, "by_type": counts.by_app_type()}
    facts |= {"access_keys_ended": counts.access_keys}
    event = Event(EventKind.SESSIONS_ENDED, now, None, None, facts, {"reason": ending.reason})
    number = journal.record(conn, account.id, event)
    if ending.which.is_everyone:
        accounts.forget_browsers(conn, account.id)
    if account.id != ending.begun_by:  # who does it to themselves knows
        _write_to(conn, held, account, counts, now)
    ids = {kind: [row.row_id for row in rows if row.kind == kind] for kind in ("oauth", KEYS)}
    others = [row.row_id for row in rows if row.kind not in ids]
    end_meant(conn, account.id, (others, ids["oauth"], ids[KEYS]), EndReason.ENDED_BY_OPERATOR, now, number)


def _write_to(conn: sa.Connection, held: Held, account: Account, counts: HowMany, now: datetime) -> None:
    """Queue the letter that tells its owner, each a second after the one before, whichever ending that was of."""
    kept = access_keys.count(conn, account.id) - counts.access_keys
    fields = what_ended(account, LogoutAllCounts(counts.sessions, counts.consents, kept), now)
    fields |= {"keys_ended": str(counts.access_keys), "reason": held.ending.reason}
    before = outbox.last_due(conn, _LETTER)
    due_at = now if before is None else max(now, before + LETTER_EVERY)
    outbox.queue(conn, account.id, _LETTER, fields, now, due_at)


def _finish(conn: sa.Connection, ending_id: str, who: str, now: datetime) -> None:
    held = bulk_endings.hold(conn, ending_id, who)
    if held is None:
        return
    ending = held.ending
    bulk_endings.set_state(conn, ending, State.FINISHED, now)
    facts: dict[str, object] = {"ended": held.ended.told()}
    record(
        conn, ending, EventKind.BULK_ENDING_FINISHED, _begun_by(ending), facts, {"reason": ending.reason}, now
    )


def _begun_by(ending: BulkEnding) -> Operator | None:
    if ending.begun_by is None:
        return None
    return Operator(Role.OWNER, ending.begun_by_name, ending.begun_by)


def _was_used(means: Means, which: Which, row: Meant) -> bool:
    """Whether this process has seen it used since, and not written that yet."""
    if which.unused_since is None:
        return False
    seen = means.recent.latest(row.account_id, row.row_id)
    return seen is not None and seen >= which.unused_since
