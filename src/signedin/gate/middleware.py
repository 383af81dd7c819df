"""Puts the presence on every request: pure ASGI, in front of every door.

`scope["signedin"]` holds an `Arrival`. A use is noted once the answer is known to be good (D15), and written
before the answer where the session would otherwise end within minutes (D28).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from signedin.actions.authenticate_key import note_key
from signedin.actions.end_over import end_over
from signedin.actions.means import Means
from signedin.actions.note_use import write_first
from signedin.gate.arrival import Arrival
from signedin.gate.client_address import Networks, client_address
from signedin.gate.credentials import why_unread
from signedin.gate.dpop import proved_key
from signedin.gate.guessing import Guessing
from signedin.gate.recognise import Recogniser
from signedin.rules.errors import DatabaseProblem, Refused, Unavailable
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.policy import OutsideNetworks, admits
from signedin.rules.presence import Absence, Presence, Service
from signedin.rules.secret import SESSION_KINDS, Kind
from signedin.rules.sent import PROVED, CookieNames, agent_of, cookies, header, sent_credential
from signedin.rules.session import AppType

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Scope, Receive, Send, Exception], Awaitable[None]]
"""Answers with a refusal, or with what is said of a bug."""
FOR_PROGRAMS = "/v1/"
"""Where a bearer header is looked at; pages are for cookies alone, so that no token opens one."""
OF_OPERATORS = ("/admin/", "/v1/admin/")
"""Where an operator's own cookie is looked at, and that of a person's session is not (D5, D18)."""
_LOOKING = frozenset({"GET", "HEAD"})


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
        base_url: str = "",
    ) -> None:
        self._app = app
        self._refuse = refuse
        self._recogniser = recogniser
        self._means = means
        self._names = names
        self._operators_names = replace(names, session=names.admin)
        self._trusted = trusted
        self._clock = clock
        self._guessing = guessing or Guessing()
        self._base_url = base_url

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
                    await self._note(arrival, agent_of(scope["headers"]))
                except (DatabaseProblem, Unavailable) as problem:
                    if self._refuse is None:
                        raise
                    is_refused = True
                    await self._refuse(scope, receive, send, problem)
                    return
            await send(message)

        is_somebody = arrival.recognised is not None or arrival.service is not None
        await self._app(scope, receive, noting if is_somebody else send)

    async def _recognise(self, scope: Scope) -> Arrival:
        now, headers = self._clock(), scope["headers"]
        sent, for_operators = cookies(headers), is_for_operators(scope["path"])
        names = self._operators_names if for_operators else self._names
        credential, kinds = sent.get(names.session), SESSION_KINDS
        if scope["path"].startswith(FOR_PROGRAMS):
            credential, kinds = sent_credential(headers, names)
            if kinds is SESSION_KINDS and self._is_read_from_elsewhere(scope):
                credential = None
        peer = scope.get("client")
        address = client_address(peer[0] if peer else None, headers, self._trusted)
        found, problem = await self._found(credential, kinds, now)
        if kinds is SESSION_KINDS and isinstance(found, Presence):
            found = _at_its_door(found, credential or "", for_operators=for_operators)
        if isinstance(found, Presence) and found.client_id is not None:
            found, problem = await self._bound(found, credential or "", scope, now)
        elsewhere = found if isinstance(found, Presence) and not admits(found.networks, address) else None
        if elsewhere is not None:
            found = Absence(OutsideNetworks.code)
        absence = found if isinstance(found, Absence) else None
        if absence is not None:
            unread = why_unread(headers, sent, names)
            await end_over(self._means, absence, now)
            absence = Absence(unread) if unread else absence
        arrival = Arrival(
            found if isinstance(found, Presence) else None, absence, address, sent, now, credential, problem=problem,
            service=found if isinstance(found, Service) else None, kinds=kinds,
            elsewhere=elsewhere,
        )  # fmt: skip
        if absence is not None and absence.reason == "unknown":
            arrival.slowed_until = self._guessing.noticed(address, credential or "", now)
        return arrival

    def _is_read_from_elsewhere(self, scope: Scope) -> bool:
        """Whether a page of another origin looks: its browser's cookies count for nobody (what changes is refused later)."""
        origin = header(scope["headers"], b"origin")
        return scope["method"] in _LOOKING and origin is not None and origin != self._base_url

    async def _found(
        self, credential: str | None, kinds: frozenset[Kind], now: datetime
    ) -> tuple[Presence | Service | Absence | None, Refused | None]:
        try:
            return await self._recogniser.whoever(credential, now, kinds), None
        except (DatabaseProblem, Unavailable) as problem:
            return None, problem

    async def _bound(
        self, found: Presence, credential: str, scope: Scope, now: datetime
    ) -> tuple[Presence | Absence | None, Refused | None]:
        """Whoever shows an app's token, if they have also shown the key that it is bound to (RFC 9449, section 7)."""
        if not found.key_thumbprint or not credential.startswith(PROVED):
            is_as_made = not found.key_thumbprint and not credential.startswith(PROVED)
            return (found if is_as_made else Absence("wrong_kind")), None
        url, token = self._base_url + scope["path"], credential.removeprefix(PROVED)
        try:
            key = await proved_key(
                self._means, scope["headers"], scope["method"], url, now, access_token=token
            )
        except OAuthRefused:
            return Absence("malformed"), None
        except (DatabaseProblem, Unavailable) as problem:
            return None, problem
        return (found if key == found.key_thumbprint else Absence("wrong_kind")), None

    async def _note(self, arrival: Arrival, agent: str) -> None:
        means, presence = self._means, arrival.recognised
        if arrival.is_quiet:
            return
        note_key(means, arrival.service or presence, arrival.address, arrival.now)
        if presence is None:
            return
        if presence.current_id is not None:
            means.recent.note(presence.account_id, presence.current_id, arrival.address, arrival.now, agent)
        if presence.expires_soon:
            await write_first(
                means.recent,
                means.database,
                means.keyring,
                means.places,
                presence.account_id,
                presence.used_id,
            )
            self._recogniser.used(arrival.credential, arrival.now)


def is_for_operators(path: str) -> bool:
    """Whether the Admin application is there, or the calls of operators."""
    return path == "/admin" or path.startswith(OF_OPERATORS)


def _at_its_door(found: Presence, credential: str, *, for_operators: bool) -> Presence | Absence:
    """A browser's session opens the doors of its own application only, whichever cookie it was put into (D5).

    What a ticket has brought is a session that an app began, and none of an operator.
    """
    began_at_ours = credential.startswith(_OF_A_BROWSER)
    if for_operators != (began_at_ours and found.app_type is AppType.ADMIN):
        return Absence("wrong_app_type")
    return found


_OF_A_BROWSER = f"sgn_{Kind.SES}_"
