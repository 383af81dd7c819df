"""Attempts as they are counted: per account, address and browser, on disk, before the guess is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.attempts import ACCOUNT, ADDRESS, BROWSER, FORGOTTEN_AFTER, Patience
from signedin.store.keyring import Keyring
from signedin.store.schema import Moment, insert, metadata

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("subject", sa.LargeBinary, primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("last_at", Moment, nullable=False),
    sa.Column("blocked_until", Moment),
    sa.Index("ix_attempts_last_at", "last_at"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is counted: a keyed digest, so that the table names nobody, and how patient one is with it."""

    digest: bytes
    patience: Patience
    is_forgiven: bool = True


Subjects = Sequence[Subject]


def subjects(keyring: Keyring, *, email: str, address: str, browser: str | None) -> Subjects:
    """What a sign-in attempt counts against.

    A browser the account knows counts for itself alone: strangers who guess cannot lock its owner out.
    """
    if browser:
        return [Subject(keyring.mac("attempt-browser", browser.encode())[:16], BROWSER)]
    return [
        Subject(keyring.mac("attempt-account", email.encode())[:16], ACCOUNT),
        Subject(keyring.mac("attempt-address", address.encode())[:16], ADDRESS, is_forgiven=False),
    ]


def reserve(conn: sa.Connection, counted: Subjects, now: datetime) -> datetime | None:
    """Count an attempt against each subject before it is made; or say until when none may be made.

    In one write transaction, so that guesses made at once cannot pass the limit together.
    """
    digests = [subject.digest for subject in counted]
    where = attempts.c.subject.in_(digests) & (attempts.c.blocked_until > now)
    blocked: datetime | None = conn.scalar(
        sa.select(sa.func.max(attempts.c.blocked_until, type_=Moment)).where(where)
    )
    if blocked is not None:
        return blocked
    for subject in counted:
        _count(conn, subject, now)
    return None


def forgive(conn: sa.Connection, counted: Subjects) -> None:
    """Forget the attempts of who has shown to be the owner; the address keeps its count."""
    digests = [subject.digest for subject in counted if subject.is_forgiven]
    conn.execute(attempts.delete().where(attempts.c.subject.in_(digests)))


def purge(conn: sa.Connection, before: datetime, limit: int = 500) -> int:
    """Forget the oldest counts of before that moment; returns how many."""
    old = (
        sa.select(attempts.c.subject)
        .where(attempts.c.last_at < before)
        .order_by(attempts.c.last_at)
        .limit(limit)
    )
    keys = list(conn.scalars(old))
    conn.execute(attempts.delete().where(attempts.c.subject.in_(keys)))
    return len(keys)


def _count(conn: sa.Connection, subject: Subject, now: datetime) -> None:
    known = conn.execute(sa.select(attempts).where(attempts.c.subject == subject.digest)).one_or_none()
    fresh = known is None or now - known.last_at > FORGOTTEN_AFTER
    count = 1 if fresh or known is None else known.tries + 1
    wait = subject.patience.wait_after(count)
    values = {"tries": count, "last_at": now, "blocked_until": now + wait if wait else None}
    conn.execute(
        insert(conn, attempts)
        .values(subject=subject.digest, **values)
        .on_conflict_do_update(index_elements=["subject"], set_=values)
    )
