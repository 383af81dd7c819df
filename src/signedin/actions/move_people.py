"""The people of an existing app move in with the hashes of their passwords: each whole, or not at all.

Everybody is judged before anybody is written, and who is here already stays as they are, so it may be done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.move_in import MovedIn, move_in
from signedin.rules.account import Account, AccountState
from signedin.rules.event import Event, EventKind
from signedin.rules.moving_in import Person, Turned, Unusable
from signedin.rules.old_hash import Family, OldHash, costlier, read_hash, why_refused
from signedin.store import accounts, journal, lookup, old_hashes, outside


class _Seen:
    """What of the file was judged before: nobody comes twice, and the hashes together may not cost too much."""

    def __init__(self, costliest: old_hashes.Costliest) -> None:
        self.names: set[object] = set()
        self.costliest: dict[Family, OldHash] = dict(costliest)


async def move_people(
    means: Means, people: Sequence[Person | Turned], now: datetime, *, is_trial: bool, skip_refused: bool
) -> MovedIn:
    """Let them move in with the hashes of their passwords, which all together may not cost too much."""
    seen = _Seen(await means.database.read(old_hashes.found))
    return await move_in(
        means,
        people,
        lambda conn, one: _judged(conn, means, one, seen),
        lambda conn, some: _add_all(conn, means, some, now),
        is_trial=is_trial,
        skip_refused=skip_refused,
    )


def _judged(conn: sa.Connection, means: Means, one: Person, seen: _Seen) -> bool:
    for name in [one.email, *one.outside] if one.email else one.outside:
        if name in seen.names:
            raise Unusable("twice", "This is in the file twice.", "email" if name == one.email else "id")
        seen.names.add(name)
    if _is_here(conn, one):
        return True
    _judge_hash(means, one, seen)
    return False


def _is_here(conn: sa.Connection, one: Person) -> bool:
    if any(outside.find(conn, each) is not None for each in one.outside):
        return True
    if not one.email or accounts.find_by_email(conn, one.email) is None:
        return False
    if one.outside:
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
    facts: dict[str, object] = {"by": "operator", "moved_in": one.outside[0].service if one.outside else True}
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
    """A new account; nobody else writes here meanwhile, so each id is still free."""
    if one.email:
        account = accounts.add(conn, one.email, one.name, one.created_at)
        lookup.enter(conn, account)
    else:
        made = outside.add(conn, one.outside[0], "", one.name, one.created_at)
        assert made is not None
        account = made
    for each in one.outside if one.email else one.outside[1:]:
        outside.lead(conn, each, account.id)
    return account
