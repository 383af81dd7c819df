"""Sweeping: what has expired is moved away later, in ordered batches; a check never waits for it (R68, R71)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.audit import anchor
from signedin.actions.ending import end_expired
from signedin.actions.means import Means
from signedin.actions.tidy import tidy
from signedin.rules.account import AccountId
from signedin.rules.attempts import FORGOTTEN_AFTER
from signedin.rules.lifetime import GRACE
from signedin.store import (
    access_tokens,
    accounts,
    asked,
    consents,
    cut_offs,
    device_codes,
    endings,
    given,
    installation,
    limits,
    lookup,
    old_grants,
    old_hashes,
    policies,
    session_rows,
    sessions,
    tickets,
    tombstones,
    used_once,
)
from signedin.store.tombstones import TOMBSTONES_KEPT

BATCH = 300
JOB = "sweep"
TOLD_FOR = timedelta(hours=1)
ENDINGS_KEPT = timedelta(hours=1)
"""How long an ending is told; a process that was silent for longer starts with an empty memory."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did."""

    expired: int
    tidied: int
    tombstones_forgotten: int


async def sweep(means: Means, now: datetime) -> Swept:
    """Move expired sessions to the tombstones, tidy after Logout All Devices, forget old tombstones.

    The ends of all journals are anchored too, so that a cut one shows; accounts and apps of code of before become findable.
    """
    tidied = 0
    while waiting := await means.database.read(cut_offs.untidied, 200):
        for account_id in waiting:
            tidied += await tidy(means, account_id, now)
    expired = 0
    while waiting := await means.database.read(_expired, now):
        swept = [await means.database.write(_sweep_account, account_id, now) for account_id in waiting]
        expired += sum(swept)
        if not any(swept):
            break  # used again in the meantime
    forgotten = 0
    while batch := await means.database.write(tombstones.purge_tombstones, now - TOMBSTONES_KEPT, BATCH):
        forgotten += batch
    while await means.database.write(endings.forget, now - ENDINGS_KEPT, BATCH):
        pass
    while await means.database.write(limits.purge, now - FORGOTTEN_AFTER, BATCH):
        pass
    await means.database.write(old_hashes.forget_unused)
    await _enter_more(means)
    while await means.database.write(tickets.purge, now, BATCH):
        pass
    await _purge_of_clients(means, now)
    await anchor(means, now)
    await means.database.write(installation.job_ran, JOB, now)
    return Swept(expired, tidied, forgotten)


async def _enter_more(means: Means) -> None:
    """Let accounts and connected apps of code of before be found."""
    for enter_more in (lookup.enter_more, lookup.enter_more_clients):
        while await means.database.write(enter_more, BATCH):
            pass


async def _purge_of_clients(means: Means, now: datetime) -> None:
    """Forget what clients and their people left lying: each is told for an hour more why it is over."""
    then = now - TOLD_FOR
    for purge, before in (
        (access_tokens.purge, then), (device_codes.purge, then), (given.purge_unredeemed, then),
        (old_grants.purge, then), (asked.purge, now), (used_once.purge, now),
    ):  # fmt: skip
        while await means.database.write(purge, before, BATCH):
            pass


def _expired(conn: sa.Connection, now: datetime) -> list[AccountId]:
    """The accounts of a batch of what has expired beyond doubt, each once."""
    before = now - 2 * GRACE
    found = sessions.expired(conn, before, BATCH) + consents.expired(conn, before, BATCH)
    found += policies.over(conn, before, BATCH)
    return list(dict.fromkeys(found))


def _sweep_account(conn: sa.Connection, account_id: AccountId, now: datetime) -> int:
    """One account, one transaction; what was used meanwhile stays."""
    accounts.hold(conn, account_id)
    rows = [row for row in session_rows.of(conn, account_id)[0] if not row.is_alive_at(now - 2 * GRACE)][
        :BATCH
    ]
    for row in rows:
        end_expired(conn, row, now)
    return len(rows)
