"""The people of an existing app move in with the hashes of their passwords: each whole, or not at all.

Everybody is judged before anybody is written, and who is here already stays as they are, so it may be done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.account import Account, AccountState
from signedin.rules.event import Event, EventKind
from signedin.rules.moving_in import Person, Turned, Unusable
from signedin.rules.old_hash import Family, OldHash, costlier, read_hash, why_refused
from signedin.store import accounts, journal, old_hashes, outside

AT_ONCE = 200
"""So many in one transaction: the server writes in between."""


@dataclass(slots=True)
class MovedIn:
    """What became of the lines: how many were added, or would be; who was here already; which are refused, and why."""

    added: int = 0
    already: int = 0
    refused: list[Turned] = field(default_factory=list)
    is_written: bool = False


class _Seen:
    """What of the file was judged before: nobody comes twice, and the hashes together may not cost too much."""

    def __init__(self, costliest: old_hashes.Costliest) -> None:
        self.names: set[object] = set()
        self.costliest: dict[Family, OldHash] = dict(costliest)


async def move_people(
    means: Means, people: Sequence[Person | Turned], now: datetime, *, is_trial: bool, skip_refused: bool
) -> MovedIn:
    """Let them move in. Where any line is refused nobody does, unless those are to be skipped; a trial writes nothing."""
    moved, coming = MovedIn(), list[Person]()
    seen = _Seen(await means.database.read(old_hashes.found))
    for at in range(0, len(people), AT_ONCE):
        some = people[at : at + AT_ONCE]
        for one, verdict in await means.database.read(_judge_all, means, some, seen):
            if isinstance(verdict, Turned):
                moved.refused.append(verdict)
            elif verdict:
                moved.already += 1
            elif isinstance(one, Person):
                coming.append(one)
    moved.added = len(coming)
    if is_trial or (moved.refused and not skip_refused):
        return moved
    for at in range(0, len(coming), AT_ONCE):
        batch = coming[at : at + AT_ONCE]
        added = await means.database.write(_add_all, means, batch, now)
        moved.added, moved.already = moved.added - len(batch) + added, moved.already + len(batch) - added
    moved.is_written = True
    return moved


def _judge_all(
    conn: sa.Connection, means: Means, people: Sequence[Person | Turned], seen: _Seen
) -> list[tuple[Person | Turned, Turned | bool]]:
    return [(one, one if isinstance(one, Turned) else _judged(conn, means, one, seen)) for one in people]


def _judged(conn: sa.Connection, means: Means, one: Person, seen: _Seen) -> Turned | bool:
    """Why they are refused, or whether they are here already."""
    try:
        for name in {one.email, one.outside} - {"", None}:
            if name in seen.names:
                raise Unusable(
                    "twice", "This is in the file twice.", "id" if name is one.outside else "email"
                )
            seen.names.add(name)
        if _is_here(conn, one):
            return True
        _judge_hash(means, one, seen)
    except Unusable as problem:
        return problem.at(one.line)
    return False


def _is_here(conn: sa.Connection, one: Person) -> bool:
    if one.outside is not None and outside.find(conn, one.outside) is not None:
        return True
    if not one.email or accounts.find_by_email(conn, one.email) is None:
        return False
    if one.outside is not None:
        # Whoever registered with that address here has not shown to be the same person there.
        raise Unusable(
            "email_taken", "An account here, that is not known by this id, signs in by this address.", "email"
        )
    return True


def _judge_hash(means: Means, one: Person, seen: _Seen) -> None:
    if not one.password_hash or means.hasher.is_ours(one.password_hash):
        return
    old = read_hash(one.password_hash)
    problem = why_refused(old, seen.costliest)
    if old is None or problem is not None:
        assert problem is not None
        raise Unusable(problem.code, problem.sentence, "password_hash")
    seen.costliest[old.family] = costlier(old, seen.costliest.get(old.family))


def _add_all(conn: sa.Connection, means: Means, people: Sequence[Person], now: datetime) -> int:
    """Add those who are not here by now; returns how many."""
    added = 0
    for one in people:
        if not _is_here(conn, one):
            _add(conn, means, one, now)
            added += 1
    return added


def _add(conn: sa.Connection, means: Means, one: Person, now: datetime) -> None:
    account = _account(conn, one)
    facts: dict[str, object] = {"by": "operator", "moved_in": one.outside.service if one.outside else True}
    if one.password_hash:
        accounts.set_password(conn, account.id, one.password_hash, now)
        old = None if means.hasher.is_ours(one.password_hash) else read_hash(one.password_hash)
        if old is not None:
            old_hashes.keep(conn, account.id, one.password_hash, old)
    journal.record(
        conn, account.id, Event(EventKind.ACCOUNT_CREATED, now, facts=facts, personal={"name": one.name})
    )
    if one.state is AccountState.DISABLED:
        journal.record(conn, account.id, Event(EventKind.ACCOUNT_DISABLED, now, facts=facts))
        accounts.set_state(conn, account.id, AccountState.DISABLED)


def _account(conn: sa.Connection, one: Person) -> Account:
    if not one.email:
        assert one.outside is not None
        made = outside.add(conn, one.outside, "", one.name, one.created_at)
        assert made is not None, "nobody else writes here meanwhile"
        return made
    account = accounts.add(conn, one.email, one.name, one.created_at)
    if one.outside is not None:
        outside.lead(conn, one.outside, account.id)
    return account
