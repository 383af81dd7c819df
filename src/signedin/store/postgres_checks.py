"""The session check on PostgreSQL when memory cannot answer, and who an ending waits for: one prepared statement each.

On held connections and the event-loop thread, always on the primary, and never for long: what does not answer in time is not known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from signedin.rules.client import Client
from signedin.rules.ending import Ending
from signedin.rules.lease import Node
from signedin.rules.living import Living, LivingKey, LivingServiceKey, LivingServiceToken, LivingToken
from signedin.rules.policy import Policy
from signedin.store.access_keys import KEY, SERVICE_KEY, key_from, service_key_from
from signedin.store.access_tokens import LIVING, OF_SERVICE, living_from, of_service_from
from signedin.store.checks import as_of, of_a_host
from signedin.store.clients import NAMED, client_named
from signedin.store.endings import MOST_AT_ONCE, Late, logged
from signedin.store.held import HeldLines, seconds_to_connect
from signedin.store.lineage import LINEAGE, known_at
from signedin.store.policies import OF_ACCOUNT, policies_from
from signedin.store.tombstones import ENDED

LINES, LINES_OF_ENDINGS = 4, 2
"""Connections: an ending that waits never stands in line behind checks."""

_LIVING = """
SELECT s.session_id, s.app_type, s.began_at, s.idle, s.overall_until, a.last_at, NULLIF(c.state, 'active'),
       CASE WHEN s.first_proof < c.epoch THEN coalesce(c.epoch_at, 0) END, s.first_proof,
       c.organisation_id IS NOT NULL
FROM sessions s
JOIN accounts c ON c.account_id = s.account_id
JOIN activity a ON a.account_id = s.account_id AND a.row_id = s.session_id
WHERE s.account_id = %s AND s.digest = %s
"""
_AS_OF, _OF_A_HOST = as_of(_LIVING), of_a_host(_LIVING)
_OF_A_HOST_AS_OF = of_a_host(_AS_OF)
_SINCE = f"""
SELECT seq, scope, account_id, digests, cut_off, {LINEAGE} FROM endings WHERE seq > %s ORDER BY seq LIMIT {MOST_AT_ONCE}
"""  # noqa: S608
_LATE = f"""
SELECT h.seq, {LINEAGE}, (SELECT value FROM facts WHERE name = 'lineage'),
       n.node_id, n.boot_id, n.renewals, n.applied
FROM endings_head h LEFT JOIN nodes n ON n.applied < coalesce(%s, h.seq)
"""  # noqa: S608  # made of our own words alone
_NEW_LINEAGE = """
INSERT INTO facts (name, value) VALUES ('lineage', %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value
RETURNING name
"""
_STRUCK_OFF = """
DELETE FROM nodes WHERE node_id IN (
  SELECT n.node_id FROM nodes n JOIN unnest(%s::text[], %s::text[], %s::bigint[]) AS s(node_id, boot_id, renewals)
    ON n.node_id = s.node_id AND n.boot_id = s.boot_id AND n.renewals = s.renewals
  FOR UPDATE OF n SKIP LOCKED)
RETURNING node_id
"""
_NUMBER = "SELECT number FROM accounts WHERE account_id = %s"
_TOKEN, _SERVICE_TOKEN = LIVING.format(whose="%s", digest="%s"), OF_SERVICE.format(digest="%s")
_KEY, _SERVICE_KEY = KEY.format(whose="%s", digest="%s"), SERVICE_KEY.format(digest="%s")
_CLIENT, _POLICIES = NAMED.format(client_id="%s"), OF_ACCOUNT.format(whose="%s")


class _Lines(NamedTuple):
    checks: HeldLines
    endings: HeldLines


class PostgresChecks:
    """A few connections that are held open for checks and for endings, on whichever event loop asks."""

    def __init__(self, url: sa.URL, connect: dict[str, str]) -> None:
        self._url, self._connect = url, connect
        self._known = known_at(url)
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, _Lines] = WeakKeyDictionary()

    async def living(self, account_id: int, digest: bytes, *, of_host: bool = False) -> Living | None:
        """The session with this digest, or a host's cookie with it, in the live table, whatever the clock says of it.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        row = await self._first(_OF_A_HOST if of_host else _LIVING, account_id, digest)
        return Living._make(row) if row else None

    async def living_as_of(
        self, account_id: int, digest: bytes, *, of_host: bool = False
    ) -> tuple[Living, int] | None:
        """The same, and the number of the latest ending that the answer reflects: both from one moment.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        row = await self._first(_OF_A_HOST_AS_OF if of_host else _AS_OF, account_id, digest)
        return (Living._make(row[:-1]), int(row[-1])) if row else None

    async def since(self, number: int) -> tuple[str, list[Ending]]:
        """The endings after a number, in their order, as many as one answer holds; and the lineage they are of.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        return logged(await self._held().endings.ask(_SINCE, (number,)))

    async def ended(self, account_id: int, digest: bytes) -> tuple[str, int, int | None] | None:
        """Why and when the session with this digest ended, and its idle period, while that is remembered.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        row: tuple[str, int, int | None] | None = await self._first(ENDED["postgresql"], account_id, digest)
        return row

    async def key(self, account_id: int, digest: bytes) -> LivingKey | None:
        """The access key with this digest, whatever the clock says of it.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        return key_from(await self._first(_KEY, account_id, digest))

    async def policies(self, account_id: int) -> list[Policy]:
        """What the organisations of an account want.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        return policies_from(await self._held().checks.ask(_POLICIES, (account_id,)))

    async def service_key(self, digest: bytes) -> LivingServiceKey | None:
        """The service key with this digest, also a revoked one.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        return service_key_from(await self._first(_SERVICE_KEY, digest))

    async def token(self, account_id: int, digest: bytes) -> LivingToken | None:
        """The access token with this digest that nothing has ended, whatever the clock says of it.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known; nobody may be let in on that.
        """
        return living_from(await self._first(_TOKEN, account_id, digest))

    async def service_token(self, digest: bytes) -> LivingServiceToken | None:
        """The same for what a service client has for itself; raises as `token`."""
        return of_service_from(await self._first(_SERVICE_TOKEN, digest))

    async def client(self, client_id: str) -> Client | None:
        """The client of that id, also one that is disabled; raises as `token`."""
        return client_named(await self._first(_CLIENT, client_id))

    async def number(self, account_id: int) -> int:
        """The number of the account's latest event.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        row = await self._first(_NUMBER, account_id)
        return int(row[0]) if row else 0

    async def late(self, seq: int | None = None) -> Late:
        """Who has not applied the latest ending yet, or the one asked about.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        lines = self._held().endings
        rows = await lines.ask(_LATE, (seq,))
        head, lineage, known = rows[0][:3]
        is_new = lineage != known or self._known.has_just_succeeded()
        nodes = [Node(*row[3:]) for row in rows if row[3] is not None]
        return Late(int(head), lineage, is_new, nodes, lines.made)

    async def know_lineage(self, lineage: str) -> None:
        """Note that every lease of before this lineage of the database has run out.

        Raises:
            DatabaseProblem, Unavailable: another ending will see to it.
        """
        await self._held().endings.ask(_NEW_LINEAGE, (lineage,))

    async def strike_off(self, silent: Sequence[Node], told_by: int) -> int:
        """Forget nodes that were waited for in vain and have not renewed since; returns how many.

        One statement that waits for nobody: whose row somebody holds is not silent, or is seen to by another ending.
        Not over another connection than those that told of them: the database may have crashed and lost a renewal.

        Raises:
            DatabaseProblem, Unavailable: it is not known; another ending will see to it.
        """
        columns = (
            [node.node_id for node in silent],
            [node.boot_id for node in silent],
            [node.renewals for node in silent],
        )
        return len(await self._held().endings.ask(_STRUCK_OFF, columns, told_by))

    async def close(self) -> None:
        """Let this loop's connections go."""
        for lines in self._lines.pop(asyncio.get_running_loop(), ()):
            await lines.close()

    async def _first(self, question: str, *values: object) -> Any:
        rows = await self._held().checks.ask(question, values)
        return rows[0] if rows else None

    def _held(self) -> _Lines:
        loop = asyncio.get_running_loop()
        lines = self._lines.get(loop)
        if lines is None:
            # An ending is done already: it waits until it is known to hold, also behind a host that is silent.
            besides = seconds_to_connect(self._url, self._connect)
            lines = self._lines[loop] = _Lines(
                HeldLines(self._url, self._connect, LINES),
                HeldLines(self._url, self._connect, LINES_OF_ENDINGS, besides=besides),
            )
        return lines
