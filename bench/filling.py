"""A database full of believable accounts: a few are made by the real actions, the others are copies of those."""

from __future__ import annotations

import random
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from signedin.actions.means import Means, Registration
from signedin.actions.note_use import CHUNK, _use_maker
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.secret import Kind, digest, make_session_id, make_token
from signedin.server.demo_places import DEMO_ADDRESSES, DEMO_PLACES_FILE
from signedin.server.demo_rows import CHROME_MAC, CHROME_WIN, FIREFOX_UBUNTU, FIREFOX_WIN, SAFARI_IPHONE
from signedin.server.means import close_means, open_means
from signedin.server.settings import Settings, load
from signedin.store import accounts, activity, journal
from signedin.store.sqlite import SqliteDatabase, open_raw

PASSWORD = "four unrelated words make it"
AGENTS = (CHROME_MAC, CHROME_WIN, FIREFOX_UBUNTU, FIREFOX_WIN, SAFARI_IPHONE)
PLACES = [address for place in DEMO_ADDRESSES.values() for address in place]
PATTERNS = 3
"""Accounts that are made by the real actions, each with `PATTERN_SESSIONS` sessions, for the others to copy."""
PATTERN_SESSIONS = 8
BATCH = 20_000


def path_of(means: Means) -> Path:
    """The file of a SQLite database."""
    assert isinstance(means.database, SqliteDatabase)
    return means.database.path


@dataclass
class Filled:
    """The accounts of a database and the secrets of their sessions, account by account."""

    prefix: str
    accounts: list[AccountId] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def spread(self, count: int) -> list[str]:
        """Tokens from all over the file, each at most once where there are enough."""
        chance = random.Random(7)
        if count <= len(self.tokens):
            return chance.sample(self.tokens, count)
        return chance.choices(self.tokens, k=count)


def settings_in(folder: Path, port: int = 8000, **values: Any) -> Settings:
    """Settings for an installation of its own under `folder`, behind a proxy on loopback."""
    base = load({"SIGNEDIN_TRUSTED_PROXIES": "127.0.0.0/8"}, folder / "none.toml")
    chosen: dict[str, Any] = {
        "database_url": folder / "signedin.db", "secret_file": folder / "secret.json",
        "mail_dir": folder / "mail", "geo_db": DEMO_PLACES_FILE, "base_url": f"http://localhost:{port}",
        "registration": Registration.OPEN, "calls_a_minute": 999_999,
    }  # fmt: skip
    return replace(base, **(chosen | values))


@contextmanager
def opened(folder: Path) -> Iterator[Means]:
    """An installation in this process, as the server opens it."""
    means = open_means(settings_in(folder))
    try:
        yield means
    finally:
        close_means(means)


def fill(
    means: Means, people: int, sessions_each: int, *, with_history: bool = True, prefix: str = "person"
) -> Filled:
    """Add that many accounts with that many sessions each, in the order of chance in which they would come."""
    now = datetime.now(UTC)
    patterns = means.database.read_now(_patterns)
    patterns = patterns or [means.database.write_now(_pattern, means, now) for _ in range(PATTERNS)]
    filled = Filled(prefix)
    with means.database.writing():
        conn = open_raw(path_of(means), "OFF")
        conn.execute("PRAGMA cache_size=-262144")
        conn.row_factory = sqlite3.Row
        try:
            kept = [_Pattern.read(conn, account_id) for account_id in patterns]
            hashed = means.hasher.hash_now(PASSWORD)
            for start in range(0, people, max(1, BATCH // sessions_each)):
                count = min(people - start, max(1, BATCH // sessions_each))
                copies = _Copies(means, kept, hashed, filled, with_history=with_history)
                for _ in range(count):
                    copies.add(sessions_each)
                copies.write(conn)
                conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            conn.close()
    return filled


def _patterns(conn: sa.Connection) -> list[AccountId]:
    """The patterns that the file holds already."""
    found = sa.select(accounts.accounts.c.account_id).where(accounts.accounts.c.email.startswith("pattern-"))
    return [AccountId(account_id) for account_id in conn.scalars(found)]


def _pattern(conn: sa.Connection, means: Means, now: datetime) -> AccountId:
    chance = random.Random(7)
    email = f"pattern-{secrets.token_hex(4)}@example.org"
    account = accounts.add(conn, email, "A Person", now - timedelta(days=90))
    journal.record(conn, account.id, Event(EventKind.ACCOUNT_CREATED, now - timedelta(days=90)))
    for _ in range(PATTERN_SESSIONS):
        agent, address = chance.choice(AGENTS), chance.choice(PLACES)
        began_at = now - timedelta(days=chance.uniform(1, 29))
        visit = Visit(address, agent, read_device(agent, {}), ruleset())
        begun = begin(conn, means, account, visit, Ticks(), 1, began_at)
        use_of = _use_maker(means.keyring, means.places, means.recent.told)
        for hours in range(1, int((now - began_at).total_seconds() // 3600), 47):
            at = began_at + timedelta(hours=hours)
            activity.note(conn, [use_of(((int(account.id), begun.session.id), at, 3, address, ""))])
    return account.id


@dataclass(frozen=True)
class _Pattern:
    """The rows of one account as they are in the file."""

    person: dict[str, list[dict[str, Any]]]
    sessions: list[dict[str, dict[str, Any]]]

    @classmethod
    def read(cls, conn: sqlite3.Connection, account_id: AccountId) -> _Pattern:
        def rows(table: str) -> list[dict[str, Any]]:
            found = conn.execute(f"SELECT * FROM {table} WHERE account_id = ?", (account_id,))
            return [dict(row) for row in found]

        person = {table: rows(table) for table in ("accounts", "addresses", "familiar_places")}
        used = {row["row_id"]: row for row in rows("activity")}
        told = {row["subject"]: row for row in rows("journal")}
        personal = {row["number"]: row for row in rows("journal_personal")}
        sessions = [
            {"sessions": row, "activity": used[row["session_id"]], "journal": told[row["session_id"]],
             "journal_personal": personal[told[row["session_id"]]["number"]]}
            for row in rows("sessions")
        ]  # fmt: skip
        return cls(person, sessions)


class _Copies:
    """Copies that wait to be written: rows by table."""

    def __init__(
        self, means: Means, patterns: list[_Pattern], hashed: str, filled: Filled, *, with_history: bool
    ) -> None:
        self._means, self._patterns, self._hashed, self._filled = means, patterns, hashed, filled
        self._with_history = with_history
        self._rows: dict[str, list[dict[str, Any]]] = {}

    def add(self, sessions: int) -> None:
        """Copy an account under a new id and address, with that many sessions."""
        number = len(self._filled.accounts)
        pattern = self._patterns[number % len(self._patterns)]
        account_id, email = secrets.randbits(62) | (1 << 40), f"{self._filled.prefix}-{number}@example.org"
        mine = {"account_id": account_id}
        for table, rows in pattern.person.items():
            for row in rows:
                own = mine | ({"email": email} if "email" in row else {})
                self._put(table, row | own | ({"number": sessions + 1} if "number" in row else {}))
        self._put("passwords", mine | {"hash": self._hashed, "changed_at": 0})
        for at in range(sessions):
            self._session(mine, pattern.sessions[at % len(pattern.sessions)], at + 2)
        self._filled.accounts.append(AccountId(account_id))
        self._filled.emails.append(email)

    def _session(self, mine: dict[str, Any], like: dict[str, dict[str, Any]], number: int) -> None:
        keys = self._means.keyring.way_keys
        token, row_id = (
            make_token(Kind.SES, mine["account_id"], keys),
            make_session_id(mine["account_id"], keys),
        )
        began, used = (
            self._sealed_anew(like[table], mine["account_id"]) for table in ("sessions", "activity")
        )
        self._put("sessions", began | mine | {"session_id": row_id, "digest": digest(token)})
        self._put("activity", used | mine | {"row_id": row_id})
        if self._with_history:
            self._put("journal", like["journal"] | mine | {"number": number, "subject": row_id})
            self._put("journal_personal", like["journal_personal"] | mine | {"number": number})
        self._filled.tokens.append(token)

    def _sealed_anew(self, row: dict[str, Any], account_id: int) -> dict[str, Any]:
        """The row with its address encrypted for the account that it will belong to."""
        keyring = self._means.keyring
        address = keyring.decrypt("address", row["account_id"], row["address"])
        assert address is not None
        return row | {"address": keyring.encrypt("address", account_id, address)}

    def _put(self, table: str, row: dict[str, Any]) -> None:
        self._rows.setdefault(table, []).append(row)

    def write(self, conn: sqlite3.Connection) -> None:
        """Write them in one transaction, in the order of chance: pages fill as they would in real life."""
        conn.execute("BEGIN IMMEDIATE")
        for table, rows in self._rows.items():
            random.shuffle(rows)
            names = list(rows[0])
            marks = ", ".join(f":{name}" for name in names)
            conn.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
        conn.execute("COMMIT")


def note_all(means: Means, now: datetime) -> int:
    """Write a use of every session, in chunks like the flush does."""
    use_of = _use_maker(means.keyring, means.places, means.recent.told)
    keys = [(int(account_id), row_id) for account_id, row_id in _ids(means)]
    for start in range(0, len(keys), CHUNK):
        chunk = [(key, now, 1, PLACES[0], "") for key in keys[start : start + CHUNK]]
        means.database.note_now(activity.note, [use_of(note) for note in chunk])
    return len(keys)


def _ids(means: Means) -> list[tuple[int, str]]:
    conn = open_raw(path_of(means))
    try:
        return conn.execute("SELECT account_id, session_id FROM sessions").fetchall()
    finally:
        conn.close()
