"""What the processes of these tests do: they are started, told to go, and killed in the middle of it."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa

from databases import database_for
from people import ADELAIDE, BERLIN, CHROME_ON_MACOS, PASSWORD, SAN_FRANCISCO, settings_in
from signedin.actions import go_on_ending, operate, revoke, sweep
from signedin.actions.authenticate import authenticate
from signedin.actions.note_use import flush
from signedin.actions.revoke_key import revoke_any_key
from signedin.actions.sign_in import Ticks, Visit, begin, sign_in
from signedin.gate.user_agent import read_device
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.presence import Presence
from signedin.rules.session import AppType, SessionId
from signedin.server.means import close_means, open_means
from signedin.store import accounts
from signedin.store import sqlite as database

VISIT = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), "test")


@dataclass(frozen=True)
class SignedIn:
    """A session somebody holds the secret of."""

    account_id: int
    id: str
    token: str


@dataclass(frozen=True)
class Ending:
    """Something to end: `row_id` is the row it is about, `by` the session that asks."""

    kind: str
    account_id: int
    row_id: str
    by: str = ""
    email: str = ""


def utc_now():
    return datetime.now(UTC)


def opened(folder, *, upgrade=False):
    return open_means(settings_in(Path(folder), 8000), upgrade=upgrade)


def read(folder, statement):
    """What the database itself answers, asked by nobody's store."""
    where = database_for(Path(folder))
    lies_there = (
        sqlite3.connect(f"file:{where}?mode=ro", uri=True)
        if isinstance(where, Path)
        else psycopg.connect(where)
    )
    with closing(lies_there) as conn:
        return [tuple(row) for row in conn.execute(statement).fetchall()]


def sign_in_many(means, email, count):
    """An account with so many sessions, without the cost of passwords."""
    return means.database.write_now(_sign_in_many, means, email, count)


def _sign_in_many(conn, means, email, count):
    account = accounts.find_by_email(conn, email) or accounts.add(conn, email, "Ada", utc_now())
    return [signed_in(conn, means, account) for _ in range(count)]


def signed_in(conn, means, account):
    number = accounts.history_number(conn, account.id)
    begun = begin(conn, means, account, VISIT, Ticks(), number, utc_now())
    return SignedIn(int(account.id), begun.session.id, begun.token)


async def carry_out(means, ending):
    """Do it, and say what was answered: `done`, why it had ended, or that it is unknown."""
    account_id, now = AccountId(ending.account_id), utc_now()
    asking = Presence(account_id, SessionId(ending.by), AppType.WEB, now)
    try:
        match ending.kind:
            case "revoke":
                await revoke.revoke(means, asking, ending.row_id, now)
            case "log_out":
                own = Presence(account_id, SessionId(ending.row_id), AppType.WEB, now)
                await revoke.log_out(means, own, now)
            case "log_out_all":
                await revoke.log_out_all(means, asking, now)
            case "log_out_others":
                await revoke.log_out_all(means, asking, now, except_current=True)
            case _:
                await _carry_out_for_nobody(means, ending, now)
    except errors.SessionAlreadyEnded as refusal:
        return refusal.reason
    return "done"


async def _carry_out_for_nobody(means, ending, now):
    """What no session asks for."""
    match ending.kind:
        case "by_operator":
            await operate.end_one(means, ending.row_id, "test", now)
        case "disable":
            await operate.disable(means, ending.email, now)
        case "sign_in":
            await sign_in(means, ending.email, PASSWORD, VISIT, Ticks(remember=True), now)
        case "use":
            means.recent.note(AccountId(ending.account_id), ending.row_id, ADELAIDE, now)
            await flush(means.recent, means.database, means.keyring, means.places)
        case "revoke_key":
            await revoke_any_key(means, ending.row_id, now)
        case "sweep":
            await sweep.sweep(means, now)
        case "for_many":  # `by` says how long after now: the claims of those that were killed have run out
            then = timedelta(seconds=int(ending.by))
            await go_on_ending.go_on(means, ending.row_id, f"after {ending.by}", lambda: utc_now() + then)


def end_one_by_one(folder, endings, pipe):
    """Each ending in turn, told of as soon as it is acknowledged."""
    means = opened(folder)
    pipe.send("ready")
    pipe.recv()

    async def work():
        for ending in endings:
            pipe.send((ending, await carry_out(means, ending)))

    asyncio.run(work())
    close_means(means)
    pipe.close()


def die_at(folder, ending, point, pipe):
    """One ending, killed before its statement or commit number `point`; tells how many there were if it lived."""
    means = opened(folder)
    passed = 0

    def passing(*_):
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", passing)
    sa.event.listen(sa.Engine, "commit", passing)
    answer = asyncio.run(carry_out(means, ending))
    passing()
    pipe.send((answer, passed))
    pipe.close()


def keep_writing(folder, role, seed, pipe):
    """Write in one role until killed; small logs, so that they are tidied all the time."""
    database.CHECKPOINT_BYTES = 60_000
    chance = random.Random(seed)
    pipe.send("ready")
    pipe.recv()
    means = None
    while True:
        if means is None:
            means = opened(folder)
        done = asyncio.run(_ROLES[role](means, chance))
        pipe.send((role, done))
        if role == "closing" or chance.random() < 0.05:
            close_means(means)
            means = None


async def _begin_and_end(means, chance):
    email = f"writer{chance.randrange(6)}@example.org"
    begun = await means.database.write(_sign_in_many, means, email, 2)
    first, second = begun
    ending = Ending("revoke", first.account_id, first.id, second.id)
    await carry_out(means, ending)
    return [(ending, first.token, second)]


async def _note_uses(means, chance):
    everybody = await means.database.read(_some_rows, chance.randrange(40))
    for account_id, row_id in everybody:
        means.recent.note(account_id, row_id, chance.choice((BERLIN, ADELAIDE)), utc_now())
    return await flush(means.recent, means.database, means.keyring, means.places)


async def _log_out_all(means, chance):
    email = f"writer{chance.randrange(6)}@example.org"
    account = await means.database.read(accounts.find_by_email, email)
    if account is not None and chance.random() < 0.2:
        await carry_out(means, Ending("log_out_all", account.id, ""))
    await sweep.sweep(means, utc_now())


async def _tidy_the_log(means, chance):
    with means.database.writing(), means.database.engine.connect() as conn:
        conn.execution_options(isolation_level="AUTOCOMMIT")
        conn.exec_driver_sql(f"PRAGMA wal_checkpoint({chance.choice(('PASSIVE', 'RESTART', 'TRUNCATE'))})")


async def _come_and_go(means, chance):
    means.checks.number(chance.randrange(9))


_ROLES = {
    "sessions": _begin_and_end, "activity": _note_uses, "sweeping": _log_out_all, "tidying": _tidy_the_log,
    "closing": _come_and_go,
}  # fmt: skip


def _some_rows(conn, skip):
    return conn.execute(
        sa.text("SELECT account_id, row_id FROM activity LIMIT 40 OFFSET :n"), {"n": skip}
    ).all()


def check_without_end(folder, tokens, pipe):
    """Check every token in turn and keep the history; when asked about one, check that one next."""
    means = opened(folder)
    history = []

    def check(number):
        began = time.monotonic()
        found = authenticate(means, tokens[number], utc_now())
        history.append((number, began, isinstance(found, Presence)))
        return found

    pipe.send("ready")
    turn = 0
    while True:
        while not pipe.poll():
            turn = (turn + 1) % len(tokens)
            check(turn)
        asked = pipe.recv()
        if asked is None:
            break
        found = check(asked)
        pipe.send("in" if isinstance(found, Presence) else found.reason)
    pipe.send(history)
    close_means(means)


def revoke_when_told(folder, asking, pipe):
    """Revoke what one is told to, and answer with the moment at which the action returned."""
    means = opened(folder)
    presence = Presence(AccountId(asking.account_id), SessionId(asking.id), AppType.WEB, utc_now())
    pipe.send("ready")

    async def work():
        while (row_id := pipe.recv()) is not None:
            await revoke.revoke(means, presence, row_id, utc_now())
            pipe.send(time.monotonic())

    asyncio.run(work())
    close_means(means)


def note_then_wait(folder, session, pipe):
    """Note a use, and write it only when told to: by then the session may have ended elsewhere."""
    means = opened(folder)
    means.recent.note(AccountId(session.account_id), session.id, BERLIN, utc_now())
    pipe.send("noted")
    pipe.recv()
    written = asyncio.run(flush(means.recent, means.database, means.keyring, means.places))
    pipe.send(written)
    close_means(means)


def upgrade_and_close(folder, pipe):
    """Start as a server does, on a database that may not be there yet."""
    pipe.send("ready")
    pipe.recv()
    means = opened(folder, upgrade=True)
    sign_in_many(means, f"{os.getpid()}@example.org", 1)
    close_means(means)
    pipe.send("done")
