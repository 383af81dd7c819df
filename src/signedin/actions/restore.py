"""What a restore ends: whatever was signed in at the backup may have been ended since, and must not come back."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.store import (
    access_keys,
    accounts,
    bulk_endings,
    endings,
    given,
    installation,
    journal,
    outbox,
    services,
)
from signedin.store.anchors import AnchorsById
from signedin.store.database import Database
from signedin.store.journal import Head

PAGE = 500


@dataclass(frozen=True, slots=True)
class Restored:
    """What was found in a backup and what of it was ended.

    `went_on` are the addresses of accounts whose history goes on after the backup: what changed there is lost.
    """

    accounts: int
    access_keys_ended: int
    went_on: list[str] = field(default_factory=list)


def end_what_may_have_ended(
    database: Database, anchored: AnchorsById, now: datetime, *, keep_keys: bool,
    tell: Callable[[int, int], object] = lambda *_: None,
) -> Restored:  # fmt: skip
    """End all that is signed in, in a database that nobody uses yet, account by account.

    Also forgotten are known browsers, invitations, letters and requests of apps that wait: they may have been used,
    withdrawn, answered or sent since; endings for many that went on are stopped, as they may have been since.
    `anchored` says how far each history went when it was last noted outside the database.
    """
    total, done, after = database.read_now(accounts.count), 0, 0
    went_on: list[str] = []
    while page := database.read_now(journal.heads, after, PAGE):
        went_on += [head.email for head in page if _went_on(head, anchored)]
        database.write_now(_end_accounts, page, now)
        done, after = done + len(page), page[-1].account_id
        tell(done, total)
    keys = database.write_now(_forget_the_rest, now, keep_keys=keep_keys)
    return Restored(done, keys, went_on)


def _went_on(head: Head, anchored: AnchorsById) -> bool:
    anchor = anchored.get(head.account_id)
    return anchor is not None and anchor.number > head.number


def _end_accounts(conn: sa.Connection, page: list[Head], now: datetime) -> None:
    for head in page:
        account_id = AccountId(head.account_id)
        facts: dict[str, object] = {"by": "operator", "because": "restored"}
        number = journal.record(conn, account_id, Event(EventKind.LOGGED_OUT_EVERYWHERE, now, facts=facts))
        accounts.set_epoch(conn, account_id, number, now)
        accounts.forget_browsers(conn, account_id)


def _forget_the_rest(conn: sa.Connection, now: datetime, *, keep_keys: bool) -> int:
    installation.forget_invitations(conn)
    outbox.forget_all(conn)
    given.forget_what_waits(conn)
    bulk_endings.stop_all(conn, now)
    _succeed(conn)
    return 0 if keep_keys else access_keys.end_all(conn) + services.revoke_all(conn, now)


def _succeed(conn: sa.Connection) -> None:
    """Let client libraries start anew, and the first ending wait for the leases that the replaced file had lent.

    Numbers of endings go back with a backup, as they do with a fail-over of PostgreSQL, which is seen by itself.
    After `pg_restore` it is not: but there nobody's lease runs any more, and whoever is not known joins anew.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(endings.nodes.delete())
    else:
        installation.succeeded(conn, secrets.token_hex(8))
        endings.join(conn, "before", secrets.token_hex(8), "whoever held a lease before the restore")
