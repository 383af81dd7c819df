"""What clients must be told of endings, in the outbox: queued by the ending, claimed fairly, kept for a day or so.

A client is told when the session of a browser ends in which it was given tokens, when what it was given ends with its
row of the list, and when it is disabled (OpenID Connect Back-Channel Logout 1.0).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.client import Client, ClientKind
from signedin.rules.logout_token import GIVEN_UP_AFTER, pause_after
from signedin.store.grants import grants
from signedin.store.outbox import LOGOUT, Message, outbox
from signedin.store.services import NOBODY

AT_ONCE, RECEIVERS = 10, 20
"""What one process tells one client in a row, and how many clients at a time: one that is slow holds up no other."""
CLAIMED_FOR = timedelta(minutes=1)
"""Longer than it takes to tell so many; when the process is killed meanwhile, another tells them after it."""
BATCH = 200


class Given(NamedTuple):
    """A grant that an ending touches, and its client.

    `row_id` is its row, `sid` the browser's session it was given in, `scopes` as they are stored.
    """

    grant_id: str
    row_id: str | None
    client_id: str
    sid: str
    kind: str | None
    registered: str | None
    disabled_at: datetime | None
    scopes: str


class Waiting(NamedTuple):
    """How much there is to be told, how much of it was tried in vain, and to how many clients."""

    every: int
    tried: int
    clients: int


def tell(
    conn: sa.Connection,
    account_id: AccountId,
    touched: Iterable[Given],
    ended: Collection[str],
    now: datetime,
) -> None:
    """Queue that the clients hear of it, each once for a session, in the transaction of the ending.

    Of a consent that ends, a client that need not know the session is told that all of the person's are over with it.
    """
    told = dict.fromkeys(
        (account_id, each.client_id, "" if _is_all(each, ended) else each.sid)
        for each in touched
        if each.disabled_at is None and _hears(each.registered)[0]
    )
    queue(conn, told, now)


def tell_of_all(conn: sa.Connection, client: Client, now: datetime) -> None:
    """Queue that a client which is disabled hears of everybody who gave it something; who that is, is found later."""
    if client.back_channel_uri:
        conn.execute(outbox.delete().where(_of_all(client.id)))
        after = {"after": json.dumps([-1, ""])}
        conn.execute(outbox.insert(), _row(NOBODY, client.id, client.id, after, now))


def tell_more(conn: sa.Connection, client_id: str) -> bool:
    """Queue the next of all that a client must be told; false when there is no more."""
    of_all = sa.select(outbox.c.fields, outbox.c.queued_at).where(_of_all(client_id))
    found = conn.execute(of_all.with_for_update()).one_or_none()
    if found is None:
        return False
    rows = conn.execute(_given_to(client_id, *json.loads(found.fields["after"]))).all()
    told = dict.fromkeys((AccountId(row.account_id), client_id, row.sid) for row in rows)
    queue(conn, told, found.queued_at)
    if not rows:
        conn.execute(outbox.delete().where(_of_all(client_id)))
        return False
    after = {"after": json.dumps([rows[-1].account_id, rows[-1].grant_id])}
    conn.execute(outbox.update().where(_of_all(client_id)).values(fields=after))
    return True


def queue(conn: sa.Connection, told: Iterable[tuple[AccountId, str, str]], now: datetime) -> None:
    """Queue what clients are told: of whom, which client, and which session of a browser, or nothing for all."""
    rows = [
        _row(account_id, secrets.token_hex(12), client_id, {"sid": sid}, now)
        for account_id, client_id, sid in told
    ]
    if rows:
        conn.execute(outbox.insert(), rows)


def is_due(conn: sa.Connection, now: datetime, busy: Collection[str]) -> bool:
    """Whether there is anything to tell now, to a client that nobody here is telling anything."""
    return conn.execute(sa.select(outbox.c.message_id).where(_due(now, busy)).limit(1)).first() is not None


def claim(conn: sa.Connection, now: datetime, busy: Collection[str]) -> list[Message]:
    """Take what is to be told now, of each client the oldest: no other process tells it, until the claim has run out."""
    turn = sa.func.row_number().over(
        partition_by=outbox.c.kind, order_by=(outbox.c.due_at, outbox.c.message_id)
    )
    due = sa.select(outbox, turn.label("turn")).where(_due(now, busy)).subquery()
    found = sa.select(due).where(due.c.turn <= AT_ONCE).order_by(due.c.turn, due.c.due_at)
    rows = conn.execute(found.limit(AT_ONCE * RECEIVERS)).all()
    chosen = list(dict.fromkeys(row.kind for row in rows))[: max(RECEIVERS - len(busy), 0)]
    messages = [
        Message(AccountId(row.account_id), row.message_id, row.kind, row.fields, row.queued_at, row.attempts)
        for row in rows
        if row.kind in chosen
    ]
    return [each for each in messages if _claimed(conn, each, now)]


def put_off(conn: sa.Connection, client_id: str, now: datetime) -> int:
    """Tell a client later all that it would be told now, for it does not answer; returns how much it is told no more.

    All of that counts as tried, so that nothing waits for longer than a day or two, and the pause is that of what has
    been tried most often.
    """
    mine = (outbox.c.kind == LOGOUT + client_id) & (outbox.c.message_id != client_id)
    due = mine & (outbox.c.due_at <= now + CLAIMED_FOR)
    most = conn.scalar(sa.select(sa.func.max(outbox.c.attempts)).where(due)) or 0
    given_up = conn.execute(outbox.delete().where(due, outbox.c.attempts >= GIVEN_UP_AFTER - 1)).rowcount
    later = {"due_at": now + pause_after(most + 1), "attempts": outbox.c.attempts + 1}
    conn.execute(outbox.update().where(due).values(later))
    return given_up


def waiting(conn: sa.Connection, most: int | None = None) -> Waiting:
    """What waits; no more than `most` of it is counted."""
    tried = sa.case((outbox.c.attempts > 0, outbox.c.kind)).label("tried")
    told = sa.select(outbox.c.kind, tried).where(outbox.c.kind.startswith(LOGOUT)).limit(most).subquery()
    counts = sa.select(sa.func.count(), sa.func.count(told.c.tried), sa.func.count(sa.distinct(told.c.tried)))
    return Waiting(*conn.execute(counts.select_from(told)).one())


def receiver_of(message: Message) -> str:
    """The id of the client that is to be told."""
    return message.kind.removeprefix(LOGOUT)


def is_of_all(message: Message) -> bool:
    """Whether it stands for all that a client must be told, which is found when its turn comes."""
    return "after" in message.fields


def _is_all(each: Given, ended: Collection[str]) -> bool:
    is_consent = each.kind != ClientKind.FIRST_PARTY and each.row_id in ended
    return is_consent and each.sid not in ended and not _hears(each.registered)[1]


@lru_cache(maxsize=256)
def _hears(registered: str | None) -> tuple[bool, bool]:
    """Whether a client wants to hear of endings, and whether each has to name a session."""
    said = json.loads(registered or "{}")
    return bool(said.get("back_channel_uri")), bool(said.get("needs_sid"))


def _given_to(client_id: str, account_id: int, grant_id: str) -> sa.Select[*tuple[object, ...]]:
    later = (grants.c.account_id == account_id) & (grants.c.grant_id > grant_id)
    key = sa.select(grants.c.account_id, grants.c.grant_id, grants.c.sid)
    found = key.where(grants.c.client_id == client_id, (grants.c.account_id > account_id) | later)
    return found.order_by(grants.c.account_id, grants.c.grant_id).limit(BATCH)


def _row(
    account_id: AccountId, message_id: str, client_id: str, fields: dict[str, str], now: datetime
) -> dict[str, object]:
    return {"account_id": account_id, "message_id": message_id, "kind": LOGOUT + client_id, "fields": fields,
            "queued_at": now, "due_at": now, "attempts": 0}  # fmt: skip


def _due(now: datetime, busy: Collection[str]) -> sa.ColumnElement[bool]:
    others = outbox.c.kind.not_in([LOGOUT + each for each in busy])
    return (outbox.c.due_at <= now) & outbox.c.kind.startswith(LOGOUT) & others


def _claimed(conn: sa.Connection, message: Message, now: datetime) -> bool:
    still_due = _it(message) & (outbox.c.due_at <= now)
    return conn.execute(outbox.update().where(still_due).values(due_at=now + CLAIMED_FOR)).rowcount == 1


def _it(message: Message) -> sa.ColumnElement[bool]:
    return (outbox.c.account_id == message.account_id) & (outbox.c.message_id == message.id)


def _of_all(client_id: str) -> sa.ColumnElement[bool]:
    return (outbox.c.account_id == NOBODY) & (outbox.c.message_id == client_id)
