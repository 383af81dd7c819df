"""Who a credential signs in: by one read of the file on SQLite, from memory or the database on PostgreSQL.

What cannot be known is never taken for nobody, and never for somebody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, NamedTuple

from signedin.actions.ask import Lasting, ask, ask_lasting, is_the_same_everywhere
from signedin.actions.authenticate import authenticate, met_again
from signedin.actions.authenticate_key import authenticate_key, is_key
from signedin.actions.authenticate_token import authenticate_token, is_token
from signedin.actions.means import Means
from signedin.rules.account import AccountId
from signedin.rules.known import Known, KnownSessions
from signedin.rules.living import Living
from signedin.rules.moments import to_micros
from signedin.rules.presence import Absence, Presence, Service
from signedin.rules.secret import (
    BEARER_KINDS,
    SESSION_KINDS,
    Kind,
    digest_of,
    is_of_a_host,
    way_of,
    why_unreadable,
)
from signedin.rules.sent import PROVED
from signedin.rules.ticket import HERE

_ALL_KINDS = SESSION_KINDS | BEARER_KINDS


class _Question(NamedTuple):
    """What the database is asked about."""

    account_id: AccountId
    digest: bytes
    of_host: bool


class _Flight:
    """A question under way, and the one that those who came later wait for."""

    def __init__(self, question: Coroutine[Any, Any, Presence | Absence]) -> None:
        self.task = asyncio.ensure_future(question)
        self.following: _Flight | None = None


class Recogniser:
    """Recognises whoever asks; `known` is what this process may answer for from memory (PostgreSQL).

    Each event loop has one of its own: who asks waits for the questions of others on it.
    """

    def __init__(self, means: Means, known: KnownSessions | None = None) -> None:
        self._means = means
        self._known = known
        self._flights: dict[bytes, _Flight] = {}
        self.asked = 0

    def at_once(self, digest: bytes, now: datetime) -> Presence | None:
        """Whom this process has met by that digest and who is signed in now; `None` means: look at what was sent.

        Raises:
            DatabaseProblem: it cannot be known.
        """
        if self._means.lines is None:
            return met_again(self._means, digest, now)
        return None if self._known is None else self._known.find(digest, to_micros(now))

    def without_waiting(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS, host: str = HERE
    ) -> Presence | Absence | None:
        """Who the credential signs in now, as far as it can be said without waiting; `None` means: `recognise`.

        `host` is the one that a host's cookie came to, where it is not ours.

        Raises:
            DatabaseProblem: it cannot be known.
        """
        if self._means.lines is None:
            return authenticate(self._means, credential, now, kinds, host)
        if not credential:
            return Absence("missing")
        digest = digest_of(credential, kinds, host)
        if digest is None:
            return Absence(why_unreadable(credential, kinds))
        return self.at_once(digest, now)

    async def recognise(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS, host: str = HERE
    ) -> Presence | Absence:
        """Who the credential signs in now.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        found = self.without_waiting(credential, now, kinds, host)
        if found is not None:
            return found
        credential = credential or ""
        digest = digest_of(credential, kinds, host)
        account_id = way_of(credential, self._means.keyring.way_keys)
        if digest is None or account_id is None:
            return Absence(why_unreadable(credential, kinds))
        question = _Question(AccountId(account_id), digest, is_of_a_host(credential))
        return await self._asked_once(question, now)

    async def whoever(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind]
    ) -> Presence | Service | Absence:
        """Who shows this now: a session, or in a bearer header also a key or an app's token for this service.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        if kinds is BEARER_KINDS and credential is not None and is_key(credential):
            return await authenticate_key(self._means, credential, now)
        if kinds is BEARER_KINDS and credential is not None and is_token(credential):
            found = await authenticate_token(self._means, credential.removeprefix(PROVED), now)
            is_ours = isinstance(found, Absence) or found.is_for_us
            return found if is_ours else Absence("wrong_kind")
        return await self.recognise(credential, now, kinds)

    async def recognise_lasting(
        self, credential: str | None, now: datetime, kinds: frozenset[Kind] = SESSION_KINDS, host: str = HERE
    ) -> tuple[Presence | Absence, Lasting | None]:
        """Who the credential signs in now, asked of the database, and how long a client library may go by it.

        Raises:
            DatabaseProblem, Unavailable: it cannot be known.
        """
        if not credential:
            return Absence("missing"), None
        digest = digest_of(credential, kinds, host)
        account_id = None if digest is None else way_of(credential, self._means.keyring.way_keys)
        if digest is None or account_id is None:
            return Absence(why_unreadable(credential, kinds)), None
        self.asked += 1
        of_host = is_of_a_host(credential)
        return await ask_lasting(self._means, AccountId(account_id), digest, now, of_host=of_host)

    def used(self, credential: str | None, now: datetime, host: str = HERE) -> None:
        """A use was written: the session does not seem to expire in this memory any more.

        Not one that was merely seen: what has to be written first is told by what is on disk (D28).
        """
        digest = digest_of(credential or "", _ALL_KINDS, host) if self._known is not None else None
        if self._known is not None and digest is not None:
            self._known.used(digest, to_micros(now))

    async def _asked_once(self, question: _Question, now: datetime) -> Presence | Absence:
        """Many requests with one credential ask the database once: never by a question that began before them.

        Who comes while one is under way waits for the next, which begins when that is over: an answer to an older
        question may be from before an ending that has returned meanwhile.
        """
        flight = self._flights.get(question.digest)
        if flight is None:
            flight = self._flights[question.digest] = _Flight(self._fly(question, now))
            return await asyncio.shield(flight.task)
        if flight.following is None:
            flight.following = _Flight(self._fly_after(flight, question, now))
        return await asyncio.shield(flight.following.task)

    async def _fly_after(self, before: _Flight, question: _Question, now: datetime) -> Presence | Absence:
        await asyncio.wait([before.task])
        if before.following is not None:
            self._flights[question.digest] = before.following
        return await self._fly(question, now)

    async def _fly(self, question: _Question, now: datetime) -> Presence | Absence:
        mine = self._flights.get(question.digest)
        try:
            return await self._ask(question, now)
        finally:
            if mine is None or mine.following is None:
                self._flights.pop(question.digest, None)

    async def _ask(self, question: _Question, now: datetime) -> Presence | Absence:
        known = self._known
        asked = None if known is None else known.asking()
        self.asked += 1
        account_id, digest, of_host = question
        found, living = await ask(self._means, account_id, digest, now, of_host=of_host)
        if known is None or asked is None or living is None or not is_the_same_everywhere(found):
            return found
        if isinstance(found, Presence):
            known.learned(digest, _known(account_id, living), asked)
        return found


def _known(account_id: AccountId, living: Living) -> Known:
    return Known(
        account_id, living.began_at, living.idle, living.overall_until, living.last_at, living.first_proof,
        living.session_id, living.app_type,
    )  # fmt: skip
