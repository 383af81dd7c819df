"""Sweeping: what has expired is moved away later, in ordered batches; a check never waits for it (R68, R71)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.audit import anchor
from signedin.actions.means import Means
from signedin.actions.note_use import GRACE
from signedin.actions.revoke import tidy
from signedin.rules.attempts import FORGOTTEN_AFTER
from signedin.rules.event import Event, EventKind
from signedin.rules.lifetime import why_expired
from signedin.store import accounts, installation, journal, limits, sessions, tombstones
from signedin.store.tombstones import TOMBSTONES_KEPT

BATCH = 300
JOB = "sweep"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    expired: int
    tidied: int
    tombstones_forgotten: int


async def sweep(means: Means, now: datetime) -> Swept:
    """Move expired sessions to the tombstones, tidy after Logout All Devices, forget old tombstones.

    The ends of all journals are anchored too, so that a cut one shows.
    """
    tidied = 0
    while waiting := await means.database.read(accounts.untidied, 200):
        for account_id in waiting:
            tidied += await tidy(means, account_id, now)
    expired = 0
    while batch := await means.database.write(_sweep_batch, now):
        expired += batch
    forgotten = 0
    while batch := await means.database.write(tombstones.purge_tombstones, now - TOMBSTONES_KEPT, BATCH):
        forgotten += batch
    while await means.database.write(limits.purge, now - FORGOTTEN_AFTER, BATCH):
        pass
    await anchor(means, now)
    await means.database.write(installation.job_ran, JOB, now)
    return Swept(expired, tidied, forgotten)


def _sweep_batch(conn: sa.Connection, now: datetime) -> int:
    swept = 0
    for session in sessions.expired(conn, now - 2 * GRACE, BATCH):
        reason = why_expired(session.last_at, session.idle, session.overall_until, now)
        if reason is None:
            continue
        event = Event(EventKind.SESSION_EXPIRED, now, session.id, None, {"reason": reason.value})
        number = journal.record(conn, session.account_id, event)
        swept += sessions.end(conn, session.account_id, [session.id], reason, session.expires_at, number)
    return swept
