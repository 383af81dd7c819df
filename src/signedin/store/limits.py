"""Attempts as they are counted: per account, address and browser, on disk, before the guess is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signedin.rules.attempts import (
    ACCOUNT,
    ADDRESS,
    BROWSER,
    FORGOTTEN_AFTER,
    LETTER,
    Patience,
    network_of,
)
from signedin.rules.moments import to_micros
from signedin.store.keyring import Keyring
from signedin.store.schema import Int64, Moment, insert, metadata

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("subject", sa.LargeBinary, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("blocked_until", Moment),
    sa.Index("ix_attempts_last_at", "last_at"),
)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is counted: a keyed digest, so that the table names nobody, and how patient one is with it.

    Success clears the count of who has shown to be the owner; of an address it only takes this attempt back,
    because a guesser may have an account of their own. What is not counted is only cleared.
    """

    digest: bytes
    patience: Patience
    is_cleared: bool = True
    is_counted: bool = True


Subjects = Sequence[Subject]


def subjects(keyring: Keyring, *, email: str, address: str, browser: str | None) -> Subjects:
    """What a sign-in attempt counts against; `browser` is the mark of one that this account knows, or `None`.

    A browser the account knows counts for itself alone: strangers who guess cannot lock its owner out
    (security 6.1.1). When the owner comes in by it, what strangers did to the account is forgotten.
    """
    account = _subject(keyring, "attempt-account", email, ACCOUNT)
    if browser:
        return [
            _subject(keyring, "attempt-browser", browser, BROWSER),
            replace(account, is_counted=False),
        ]
    network = _subject(keyring, "attempt-address", network_of(address), ADDRESS)
    return [account, replace(network, is_cleared=False)]


def registrations(keyring: Keyring, address: str) -> Subjects:
    """What a registration counts against: where it comes from; success takes nothing back."""
    return [_subject(keyring, "attempt-registration", network_of(address), ADDRESS)]


def devices(keyring: Keyring, address: str) -> Subjects:
    """What a device's code counts against that is asked for: where it comes from."""
    return [_subject(keyring, "attempt-new-device", network_of(address), ADDRESS)]


def registration_letters(keyring: Keyring, email: str) -> Subjects:
    """What a letter about a registration counts against: one a day for an address, whoever asks for more."""
    return [_subject(keyring, "letter-registration", email, LETTER)]


def step_up(keyring: Keyring, session_id: str) -> Subjects:
    """What a fresh proof counts against: the session that asks, and nobody else (D17)."""
    return [_subject(keyring, "attempt-step-up", session_id, BROWSER)]


def device_guesses(keyring: Keyring, session_id: str, address: str) -> Subjects:
    """What typing a device's code counts against: the session that types, and where it comes from (RFC 8628, 5.1)."""
    network = _subject(keyring, "attempt-device-address", network_of(address), ADDRESS)
    session = _subject(keyring, "attempt-device", session_id, BROWSER)
    return [replace(session, is_cleared=False), replace(network, is_cleared=False)]


def reserve(conn: sa.Connection, counted: Subjects, now: datetime) -> datetime | None:
    """Count an attempt against each subject before it is made; or say until when none may be made.

    A refused attempt counts against nobody: what was counted before the refusal is taken back. Each count is one
    statement that adds only where nothing blocks, so that guesses made at once cannot pass the limit together,
    whatever the database (security 6.3.1).
    """
    blocked_until = find_block(conn, counted, now)
    if blocked_until is not None:
        return blocked_until
    with conn.begin_nested() as counting:
        for subject in _in_order(counted):
            if subject.is_counted and conn.execute(_one_more(conn, subject, now)).first() is None:
                # Asked before anything is taken back: what blocks is held until then, so it still does.
                blocked_until = find_block(conn, counted, now)
                counting.rollback()
                return blocked_until
    return None


def _in_order(counted: Subjects) -> Subjects:
    """Always the same order, so that two who count the same subjects never wait for each other."""
    return sorted(counted, key=lambda each: each.digest)


def find_block(conn: sa.Connection, counted: Subjects, now: datetime) -> datetime | None:
    """Until when an attempt would be refused, or `None`."""
    digests = [subject.digest for subject in counted if subject.is_counted]
    where = attempts.c.subject.in_(digests) & (attempts.c.blocked_until > now)
    until: datetime | None = conn.scalar(
        sa.select(sa.func.max(attempts.c.blocked_until, type_=Moment)).where(where)
    )
    return until


def forgive(conn: sa.Connection, counted: Subjects) -> None:
    """The attempt was right: clear who has shown to be the owner, take it back from the others."""
    for subject in _in_order(counted):
        if subject.is_cleared:
            clear(conn, subject.digest)
        else:
            _take_back(conn, subject)


def take_back(conn: sa.Connection, counted: Subjects) -> None:
    """The attempt was not judged after all: it counts against nobody."""
    for subject in _in_order(counted):
        if subject.is_counted:
            _take_back(conn, subject)


def clear(conn: sa.Connection, digest: bytes) -> None:
    """Forget the attempts of one subject: its password was changed, or an operator helps."""
    conn.execute(attempts.delete().where(attempts.c.subject == digest))


def purge(conn: sa.Connection, before: datetime, limit: int = 500) -> int:
    """Forget the oldest counts of before that moment; returns how many."""
    old = (
        sa.select(attempts.c.subject)
        .where(attempts.c.last_at < before)
        .order_by(attempts.c.last_at)
        .limit(limit)
    )
    keys = list(conn.scalars(old))
    still_old = attempts.c.subject.in_(keys) & (attempts.c.last_at < before)  # nobody has tried meanwhile
    conn.execute(attempts.delete().where(still_old))
    return len(keys)


def _subject(keyring: Keyring, purpose: str, text: str, patience: Patience) -> Subject:
    return Subject(keyring.mac(purpose, text.encode("utf-8", "surrogatepass"))[:16], patience)


def _one_more(conn: sa.Connection, subject: Subject, now: datetime) -> sa.Executable:
    """The statement that counts one attempt: `Patience.after` in SQL, or no row where something blocks."""
    first = subject.patience.after(None, now)
    count = _still_counts(subject.patience, now) + 1
    values = {"count": count, "last_at": now, "blocked_until": _blocked_until(subject.patience, count, now)}
    added = insert(conn, attempts).values(
        subject=subject.digest, count=1, last_at=now, blocked_until=first.blocked_until
    )
    free = attempts.c.blocked_until.is_(None) | (attempts.c.blocked_until <= now)
    statement: sa.Executable = added.on_conflict_do_update(
        index_elements=["subject"], set_=values, where=free
    ).returning(attempts.c.count)
    return statement


def _still_counts(patience: Patience, now: datetime) -> sa.ColumnElement[int]:
    """`Patience.count_now` in SQL."""
    last_at = sa.type_coerce(attempts.c.last_at, Int64)
    quiet = to_micros(now) - last_at
    count: sa.ColumnElement[int] = attempts.c.count
    if patience.one_back is not None:
        count = count - quiet // (patience.one_back // _MICROSECOND)
    return sa.case(
        (quiet >= FORGOTTEN_AFTER // _MICROSECOND, 0),
        (quiet <= 0, attempts.c.count),
        (count < 0, 0),
        else_=count,
    )


def _blocked_until(patience: Patience, count: sa.ColumnElement[int], now: datetime) -> sa.ColumnElement[Any]:
    """`Patience.wait_after` in SQL: its few different waits, each with the count it begins at."""
    steps, at = [], patience.free
    while patience.wait_after(at) < patience.longest_wait:
        steps.append(at)
        at += 1
    steps.append(at)
    if patience.most is not None:
        steps.append(patience.most)
    waits = [(count >= step, sa.literal(now + patience.wait_after(step), Moment)) for step in reversed(steps)]
    return sa.case(*waits, else_=sa.null())


def _take_back(conn: sa.Connection, subject: Subject) -> None:
    """One attempt less; and no wait any more, if that attempt had brought it."""
    left = attempts.c.count - 1
    blocked_until = sa.case((left < subject.patience.free, sa.null()), else_=attempts.c.blocked_until)
    where = (attempts.c.subject == subject.digest) & (attempts.c.count > 0)
    conn.execute(attempts.update().where(where).values(count=left, blocked_until=blocked_until))
