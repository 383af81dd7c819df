"""Puts the presence on every request: pure ASGI, in front of every door.

`scope["signedin"]` holds an `Arrival`. A use is noted once the answer is known to be good (D15), and written
before the answer where the session would otherwise end within minutes (D28).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from signedin.actions.means import Means
from signedin.actions.note_use import flush
from signedin.gate.client_address import Networks, client_address
from signedin.gate.credentials import CookieNames, cookies, why_unread
from signedin.gate.guessing import Guessing
from signedin.gate.recognise import Recogniser
from signedin.rules.errors import (
    COOKIES_UNREAD,
    CookiesUnreadable,
    DatabaseProblem,
    NotSignedIn,
    Refused,
    TooManyRequests,
    Unavailable,
)
from signedin.rules.presence import Absence, Presence

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Scope, Receive, Send, Refused], Awaitable[None]]


@dataclass(slots=True)
class Arrival:
    """A request as it arrived: who asks, from where, with which cookies, and when.

    A door says `is_quiet` of what is nobody's activity (D15): streams, and the list that a page reads again by
    itself. Nothing that a client sends is believed about it anywhere else.
    """

    recognised: Presence | None
    absence: Absence | None
    address: str
    cookies: dict[str, str] = field(repr=False)
    now: datetime
    credential: str | None = field(default=None, repr=False)
    is_quiet: bool = False
    problem: Refused | None = None
    slowed_until: datetime | None = None

    @property
    def presence(self) -> Presence | None:
        """Who asks, or `None` for nobody; raised once, so that the page which tells of it is made for nobody.

        Raises:
            DatabaseProblem: it cannot be known, which is never taken for nobody.
        """
        problem, self.problem = self.problem, None
        if problem is not None:
            raise problem
        return self.recognised

    def signed_in(self) -> Presence:
        """Who asks, where somebody has to.

        Raises:
            NotSignedIn: nobody, with the reason (R4).
            CookiesUnreadable: nobody, because of the cookies.
            TooManyRequests: nobody, and many unknown secrets came from there.
            DatabaseProblem: it cannot be known.
        """
        presence = self.presence
        if presence is not None:
            return presence
        if self.slowed_until is not None:
            raise TooManyRequests(self.slowed_until)
        self.refuse_unread_cookies()
        raise NotSignedIn(self.absence.reason if self.absence else "missing")

    def refuse_unread_cookies(self) -> None:
        """Say so, where nobody can be recognised because of the cookies.

        Raises:
            CookiesUnreadable: there are too many of them, or one of ours came twice.
        """
        if self.absence is not None and self.absence.reason in COOKIES_UNREAD:
            raise CookiesUnreadable(self.absence.reason)


class Gate:
    """The ASGI middleware that recognises who is asking.

    `refuse` answers in the place of a page whose use could not be written in time.
    """

    def __init__(
        self,
        app: App,
        means: Means,
        recogniser: Recogniser,
        names: CookieNames,
        trusted: Networks,
        clock: Callable[[], datetime],
        refuse: Refuse | None = None,
        guessing: Guessing | None = None,
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._recogniser = recogniser
        self._means = means
        self._names = names
        self._trusted = trusted
        self._clock = clock
        self._guessing = guessing or Guessing()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise, pass on, note the use."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrival = await self._recognise(scope)
        scope["signedin"] = arrival
        is_refused = False

        async def noting(message: Message) -> None:
            nonlocal is_refused
            if is_refused:
                return
            if message["type"] == "http.response.start" and message["status"] < 400:
                try:
                    await self._note(arrival)
                except (DatabaseProblem, Unavailable) as problem:
                    if self._refuse is None:
                        raise
                    is_refused = True
                    await self._refuse(scope, receive, send, problem)
                    return
            await send(message)

        await self._app(scope, receive, noting if arrival.recognised is not None else send)

    async def _recognise(self, scope: Scope) -> Arrival:
        now, headers = self._clock(), scope["headers"]
        sent = cookies(headers)
        credential = sent.get(self._names.session)
        found, problem = await self._found(credential, now)
        peer = scope.get("client")
        address = client_address(peer[0] if peer else None, headers, self._trusted)
        presence = found if isinstance(found, Presence) else None
        absence = found if isinstance(found, Absence) else None
        if absence is not None:
            unread = why_unread(headers, sent, self._names)
            absence = Absence(unread) if unread else absence
        arrival = Arrival(presence, absence, address, sent, now, credential, problem=problem)
        if absence is not None and absence.reason == "unknown":
            arrival.slowed_until = self._guessing.noticed(address, credential or "", now)
        return arrival

    async def _found(
        self, credential: str | None, now: datetime
    ) -> tuple[Presence | Absence | None, Refused | None]:
        try:
            return await self._recogniser.recognise(credential, now), None
        except (DatabaseProblem, Unavailable) as problem:
            return None, problem

    async def _note(self, arrival: Arrival) -> None:
        presence = arrival.recognised
        if presence is None or presence.current_id is None or arrival.is_quiet:
            return
        means = self._means
        means.recent.note(presence.account_id, presence.current_id, arrival.address, arrival.now)
        self._recogniser.used(arrival.credential, arrival.now)
        if presence.expires_soon:
            await flush(means.recent, means.database, means.keyring, means.places)
