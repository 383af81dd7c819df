"""Who a credential signs in: by one read of the file on SQLite, from memory or the database on PostgreSQL.

What cannot be known is never taken for nobody, and never for somebody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from signedin.actions.ask import Lasting, ask, ask_lasting
from signedin.actions.authenticate import authenticate
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.known import Known, KnownSessions
from signedin.rules.living import Living
from signedin.rules.moments import to_micros
from signedin.rules.presence import Absence, Presence
from signedin.rules.secret import BEARER_KINDS, SESSION_KINDS, Kind, digest_of, way_of, why_unreadable

_ALL_KINDS = SESSION_KINDS | BEARER_KINDS


class _Flight:
    """A question under way, and the one that those who came later wait for."""

    def __init__(self, question: Coroutine[Any, Any, Presence | Absence]) -> None:
        self.task = asyncio.ensure_future(question)
        self.following: _Flight | None = None


class Recogniser:
    """Recognises whoever asks; `known` is what this process may answer for from memory (PostgreSQL)."""

    def __init__(self, means: Means, known: KnownSessions | None = None) -> None:
        self._means = means
        self._known = known
        self._flights: dict[bytes, _Flight] = {}
        self.asked = 0

    def at_once(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS
    ) -> Presence | Absence | None:
        """Who the credential signs in now, as far as it can be said without waiting; `None` means: `recognise`.

        Raises:
            DatabaseProblem: it cannot be known.
        """
        if self._means.lines is None:
            return authenticate(self._means, credential, now, kinds)
        if not credential:
            return Absence("missing")
        digest = digest_of(credential, kinds)
        if digest is None:
            return Absence(why_unreadable(credential, kinds))
        return None if self._known is None else self._known.find(digest, to_micros(now))

    async def recognise(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS
    ) -> Presence | Absence:
        """Who the credential signs in now.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        found = self.at_once(credential, now, kinds)
        if found is not None:
            return found
        credential = credential or ""
        digest = digest_of(credential, kinds)
        account_id = way_of(credential, self._means.keyring.way_keys)
        if digest is None or account_id is None:
            return Absence(why_unreadable(credential, kinds))
        return await self._asked_once(AccountId(account_id), digest, now)

    async def recognise_lasting(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS
    ) -> tuple[Presence | Absence, Lasting | None]:
        """Who the credential signs in now, asked of the database, and how long a client library may go by it.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        if not credential:
            return Absence("missing"), None
        digest = digest_of(credential, kinds)
        account_id = None if digest is None else way_of(credential, self._means.keyring.way_keys)
        if digest is None or account_id is None:
            return Absence(why_unreadable(credential, kinds)), None
        self.asked += 1
        return await ask_lasting(self._means, AccountId(account_id), digest, now)

    def used(self, credential: str | None, now: datetime) -> None:
        """Note a use that was seen here, so that the session does not seem to expire in this memory."""
        digest = digest_of(credential or "", _ALL_KINDS) if self._known is not None else None
        if self._known is not None and digest is not None:
            self._known.used(digest, to_micros(now))

    async def _asked_once(self, account_id: AccountId, digest: bytes, now: datetime) -> Presence | Absence:
        """Many requests with one credential ask the database once: never by a question that began before them.

        Who comes while one is under way waits for the next, which begins when that is over: an answer to an older
        question may be from before an ending that has returned meanwhile.
        """
        flight = self._flights.get(digest)
        if flight is None:
            flight = self._flights[digest] = _Flight(self._fly(account_id, digest, now))
            return await asyncio.shield(flight.task)
        if flight.following is None:
            flight.following = _Flight(self._fly_after(flight, account_id, digest, now))
        return await asyncio.shield(flight.following.task)

    async def _fly_after(
        self, before: _Flight, account_id: AccountId, digest: bytes, now: datetime
    ) -> Presence | Absence:
        await asyncio.wait([before.task])
        if before.following is not None:
            self._flights[digest] = before.following
        return await self._fly(account_id, digest, now)

    async def _fly(self, account_id: AccountId, digest: bytes, now: datetime) -> Presence | Absence:
        mine = self._flights.get(digest)
        try:
            return await self._ask(account_id, digest, now)
        finally:
            if mine is None or mine.following is None:
                self._flights.pop(digest, None)

    async def _ask(self, account_id: AccountId, digest: bytes, now: datetime) -> Presence | Absence:
        known = self._known
        asked = None if known is None else known.asking()
        self.asked += 1
        found, living = await ask(self._means, account_id, digest, now)
        if known is not None and asked is not None and living is not None and isinstance(found, Presence):
            known.learned(digest, _known(account_id, living), asked)
        return found


def _known(account_id: AccountId, living: Living) -> Known:
    return Known(
        account_id, living.began_at, living.idle, living.overall_until, living.last_at, living.first_proof,
        living.session_id, living.app_type,
    )  # fmt: skip
