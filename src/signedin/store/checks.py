"""The session check on SQLite: one prepared point read, on the event-loop thread.

No memory, no lease: a read that starts after a commit sees it, in whatever process of the host it runs, so an
acknowledged ending holds everywhere (promise P1).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

from signedin.rules.client import Client
from signedin.rules.ending import Ending
from signedin.rules.lease import Node
from signedin.rules.living import Living, LivingKey, LivingServiceKey, LivingServiceToken, LivingToken
from signedin.rules.policy import Policy
from signedin.store.access_keys import KEY, SERVICE_KEY, key_from, service_key_from
from signedin.store.access_tokens import LIVING, OF_SERVICE, living_from, of_service_from
from signedin.store.clients import NAMED, client_named
from signedin.store.endings import MOST_AT_ONCE, Late, logged
from signedin.store.policies import OF_ACCOUNT, policies_from
from signedin.store.problems import problem_of, told_clearly
from signedin.store.sqlite import another_file, missing, open_raw
from signedin.store.tombstones import ENDED

CACHE_KIB = 32_768
"""Pages kept in memory while nobody writes; SQLite itself drops them at any commit, so nothing stale is read."""

LOOK_EVERY = 1.0
"""Seconds between looks whether the file is still the one in its place."""

_LIVES_ON = """
SELECT 1
FROM sessions s
JOIN accounts c ON c.account_id = s.account_id
WHERE s.account_id = ? AND s.digest = ?
  AND c.state = 'active' AND c.organisation_id IS NULL AND s.first_proof >= c.epoch AND s.overall_until > ? AND s.idle >= ?
"""
_LIVING = """
SELECT s.session_id, s.app_type, s.began_at, s.idle, s.overall_until, a.last_at,
       NULLIF(c.state, 'active'), CASE WHEN s.first_proof < c.epoch THEN IFNULL(c.epoch_at, 0) END,
       s.first_proof, c.organisation_id IS NOT NULL
FROM sessions s
JOIN accounts c ON c.account_id = s.account_id
JOIN activity a ON a.account_id = s.account_id AND a.row_id = s.session_id
WHERE s.account_id = ? AND s.digest = ?
"""


def as_of(living: str) -> str:
    """The same question, which also tells the number of the latest ending that its answer reflects."""
    return living.replace("\nFROM sessions s", ", (SELECT seq FROM endings_head)\nFROM sessions s")


def of_a_host(living: str) -> str:
    """The same question about the session whose child a host's cookie is."""
    cookies = "FROM host_cookies h\nJOIN sessions s ON s.account_id = h.account_id AND s.session_id = h.session_id\n"
    by_cookie = living.replace("FROM sessions s\n", cookies)
    return by_cookie.replace("WHERE s.account_id", "WHERE h.account_id").replace(
        "AND s.digest", "AND h.digest"
    )


_AS_OF, _OF_A_HOST = as_of(_LIVING), of_a_host(_LIVING)
_OF_A_HOST_AS_OF = of_a_host(_AS_OF)
_LATE = """
SELECT h.seq, n.node_id, n.boot_id, n.renewals, n.applied
FROM endings_head h LEFT JOIN nodes n ON n.applied < ifnull(?, h.seq)
"""
_NODE = """
SELECT h.seq, ifnull((SELECT value FROM facts WHERE name = 'lineage'), ''), n.boot_id, n.applied
FROM endings_head h LEFT JOIN nodes n ON n.node_id = ?
"""
_NUMBER = "SELECT number FROM accounts WHERE account_id = ?"
_SINCE = f"""
SELECT seq, scope, account_id, digests, cut_off, ifnull((SELECT value FROM facts WHERE name = 'lineage'), '')
FROM endings WHERE seq > ? ORDER BY seq LIMIT {MOST_AT_ONCE}
"""  # noqa: S608  # made of our own words alone
_TOKEN, _SERVICE_TOKEN = LIVING.format(whose="?", digest="?"), OF_SERVICE.format(digest="?")
_KEY, _SERVICE_KEY = KEY.format(whose="?", digest="?"), SERVICE_KEY.format(digest="?")
_CLIENT, _POLICIES = NAMED.format(client_id="?"), OF_ACCOUNT.format(whose="?")


class Checks:
    """A connection of its own for the point reads of checks; it never writes. Whatever thread asks, one asks at a time.

    Two that asked at once would read each other's rows, or the snapshot of the one that began first, in which
    what has ended meanwhile still lives; and CPython's sqlite3 may crash.
    """

    def __init__(self, path: Path) -> None:
        with told_clearly():
            self._conn = open_raw(path, timeout=0.25)
            self._conn.execute("PRAGMA query_only=ON")
            self._conn.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        self._ask = self._conn.cursor().execute
        self._asking = Lock()
        self._path, self._file, self._look_at = path, _identity(path), monotonic() + LOOK_EVERY

    def lives_on(self, account_id: int, digest: bytes, overall_after: int, idle_at_least: int) -> bool:
        """Whether a session with this digest lives, its overall limit is later and its idle period that long.

        In microseconds. One column and no more, because each one costs. `False` says nothing of why.

        Raises:
            DatabaseProblem: it cannot be read; nobody may be let in on that.
        """
        return self._first(_LIVES_ON, (account_id, digest, overall_after, idle_at_least)) is not None

    def living(self, account_id: int, digest: bytes, *, of_host: bool = False) -> Living | None:
        """The session with this digest, or a host's cookie with it, in the live table, whatever the clock says of it.

        Raises:
            DatabaseProblem: it cannot be read; nobody may be let in on that.
        """
        row = self._first(_OF_A_HOST if of_host else _LIVING, (account_id, digest))
        return None if row is None else Living._make(row)

    def living_as_of(
        self, account_id: int, digest: bytes, *, of_host: bool = False
    ) -> tuple[Living, int] | None:
        """The same, and the number of the latest ending that the answer reflects: both from one moment.

        Raises:
            DatabaseProblem: it cannot be read; nobody may be let in on that.
        """
        row = self._first(_OF_A_HOST_AS_OF if of_host else _AS_OF, (account_id, digest))
        return None if row is None else (Living._make(row[:-1]), int(row[-1]))

    def ended(self, account_id: int, digest: bytes) -> tuple[str, int, int | None] | None:
        """Why and when the session with this digest ended, and its idle period, while that is remembered.

        Raises:
            DatabaseProblem: it cannot be read.
        """
        row = self._first(ENDED["sqlite"], (account_id, digest))
        return None if row is None else (row[0], row[1], row[2])

    def key(self, account_id: int, digest: bytes) -> LivingKey | None:
        """The access key with this digest, whatever the clock says of it; raises as `living`."""
        return key_from(self._first(_KEY, (account_id, digest)))

    def policies(self, account_id: int) -> list[Policy]:
        """What the organisations of an account want; raises as `living`."""
        return policies_from(self._every(_POLICIES, (account_id,)))

    def service_key(self, digest: bytes) -> LivingServiceKey | None:
        """The service key with this digest, also a revoked one; raises as `living`."""
        return service_key_from(self._first(_SERVICE_KEY, (digest,)))

    def token(self, account_id: int, digest: bytes) -> LivingToken | None:
        """The access token with this digest that nothing has ended, whatever the clock says of it.

        Raises:
            DatabaseProblem: it cannot be read; nobody may be let in on that.
        """
        return living_from(self._first(_TOKEN, (account_id, digest)))

    def service_token(self, digest: bytes) -> LivingServiceToken | None:
        """The same for what a service client has for itself; raises as `token`."""
        return of_service_from(self._first(_SERVICE_TOKEN, (digest,)))

    def client(self, client_id: str) -> Client | None:
        """The client of that id, also one that is disabled; raises as `token`."""
        return client_named(self._first(_CLIENT, (client_id,)))

    def number(self, account_id: int) -> int:
        """The number of the account's latest event.

        Raises:
            DatabaseProblem: it cannot be read.
        """
        row = self._first(_NUMBER, (account_id,))
        return 0 if row is None else int(row[0])

    def late(self, seq: int | None = None) -> Late:
        """Which client libraries have not applied the latest ending yet, or the one asked about.

        Raises:
            DatabaseProblem: it cannot be read.
        """
        rows = self._every(_LATE, (seq,))
        return Late(rows[0][0], "", False, [Node(*row[1:]) for row in rows if row[1] is not None])

    def node(self, node_id: str) -> tuple[int, str, str | None, int]:
        """The number of the latest ending, the lineage of the file, and what a node is known by and has applied.

        Raises:
            DatabaseProblem: it cannot be read.
        """
        [(head, lineage, boot_id, applied)] = self._every(_NODE, (node_id,))
        return head, lineage, boot_id, applied or 0

    def since(self, number: int) -> tuple[str, list[Ending]]:
        """The endings after a number, in their order, as many as one answer holds; and the lineage they are of.

        Raises:
            DatabaseProblem: it cannot be read.
        """
        return logged(self._every(_SINCE, (number,)))

    def version(self) -> int:
        """Changes whenever another connection has committed (PRAGMA data_version)."""
        with self._asking:
            return int(self._ask("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection; hold the write lock around it (the last closing tidies the log)."""
        with self._asking:
            self._conn.close()

    def _first(self, statement: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        """The one row there can be: after it the statement is at its end, so that no old snapshot stays open."""
        if monotonic() >= self._look_at:
            self._refuse_another_file()
        try:
            with self._asking:
                row: tuple[Any, ...] | None = self._ask(statement, values).fetchone()
        except sqlite3.Error as error:
            raise problem_of(error) from error
        return row

    def _every(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if monotonic() >= self._look_at:
            self._refuse_another_file()
        try:
            with self._asking:
                return self._ask(statement, values).fetchall()
        except sqlite3.Error as error:
            raise problem_of(error) from error

    def _refuse_another_file(self) -> None:
        """Refuse to read on in a file that has left its place: what ends in the new one is not seen there."""
        if _identity(self._path) != self._file:
            raise another_file()
        self._look_at = monotonic() + LOOK_EVERY


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        raise missing() from None
    return found.st_dev, found.st_ino
