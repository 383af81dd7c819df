"""Signedin within the process of the app that it guards: its own pages, and who it is, straight from the gate.

app = Signedin(shop, Within())          by the settings in the environment, as `signedin serve` reads them

No key, no lease of a client library and no call to anybody: on SQLite each request is one read of the file, on
PostgreSQL memory answers under the lease of a server's own process.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlencode

from signedin.client import NotAllowed, NotSignedIn, Open, SignedIn, Unavailable
from signedin.client.asking import Credential, Question, credential_of
from signedin.gate.asking_app import OWN_APP
from signedin.gate.by_scope import opened_by
from signedin.gate.check import PATH, Check
from signedin.gate.check_query import OF_SESSIONS
from signedin.gate.middleware import App
from signedin.rules.errors import DatabaseProblem
from signedin.rules.errors import Unavailable as NotKnown
from signedin.rules.policy import OutsideNetworks, admits
from signedin.rules.presence import Absence, Presence, Service
from signedin.rules.secret import BEARER_KINDS, SESSION_KINDS
from signedin.rules.sent import CookieNames, sent_credential
from signedin.rules.session import AppType
from signedin.server import jobs
from signedin.server.app import build
from signedin.server.means import utc_now
from signedin.server.server import Clock, Server
from signedin.server.settings import Settings, load

LOOK_EVERY = 0.4
"""Seconds between looks at what is open under sessions: what has ended is closed within a second (P5)."""
OURS = re.compile(
    r"/(sign-in|sign-in/room|sign-out|register|setup|invite|ticket|to-app|language|privacy|settings|settings/.*"
    r"|help/active-sessions|static/.*|health/.*|v1/.*"
    r"|oauth/(authorize|consent|device_authorization|end_session|introspect|jwks|logout|par|revoke|token|userinfo)"
    r"|[.]well-known/(openid-configuration|oauth-authorization-server)|device|device/decide|logos/.*)"
)
"""The paths of Signedin's own pages and calls; everything else is the app's, also a description of its API."""
_Headers = list[tuple[bytes, bytes]]


class Within:
    """Stands where `signedin.client.Client` stands for an app elsewhere. It begins with the app's lifespan.

    It is asked on the event loop that it began on, and on no other thread: notes of use are not made for two.

    Raises:
        ValueError: an app type is none of a session's.
    """

    def __init__(
        self, settings: Settings | None = None, app_types: Iterable[str] = ("web",), clock: Clock = utc_now
    ) -> None:
        self._settings, self._clock = settings, clock
        self._app_types = frozenset(map(AppType, app_types))
        if not self._app_types or not self._app_types <= OF_SESSIONS:
            raise ValueError("app_types names at least one type of session, like web")
        self._server: Server | None = None
        self._living: AsyncExitStack | None = None
        self._opened: set[Open] = set()

    async def start(self) -> None:
        """Open the database, and let run what runs by itself."""
        settings = load() if self._settings is None else self._settings
        server = build(settings, self._clock)
        server.closes_itself = True
        self._names = CookieNames.for_base_url(settings.base_url)
        self._living = AsyncExitStack()
        await self._living.enter_async_context(jobs.running(server))
        looking = asyncio.create_task(self._look())
        self._living.callback(looking.cancel)
        self._server = server

    async def close(self) -> None:
        """Write what was noted, and let go of everything."""
        self._server, living = None, self._living
        if living is not None:
            self._living = None
            await living.aclose()

    def pages(self, path: str) -> App | None:
        """What answers there, where that is one of Signedin's own pages or calls."""
        return self._check if self._server is not None and OURS.fullmatch(path) else None

    def known(self, headers: _Headers, address: str = "", agent: str = "") -> SignedIn | None:
        """Somebody, where that can be said without waiting; this is their activity, from that address (D15, D16)."""
        server = self._begun
        credential, kinds = sent_credential(headers, self._names)
        now = server.clock()
        try:
            found = server.recogniser.without_waiting(credential, now, kinds)
        except DatabaseProblem:
            return None
        if not isinstance(found, Presence) or found.current_id is None or found.expires_soon:
            return None
        if found.networks:
            return None  # whether it comes from one of them, the check decides: nothing is noted before
        if found.app_type is None or found.app_type not in self._app_types:
            return None
        server.means.recent.note(found.account_id, found.current_id, address, now, agent)
        return SignedIn(str(found.account_id), found.current_id, found.app_type.value)

    async def check(
        self, headers: _Headers, *, address: str = "", agent: str = "", scope: str = ""
    ) -> SignedIn | NotSignedIn:
        """What `/v1/check` says of these headers.

        Raises:
            Unavailable: it cannot be known.
        """
        query = {"app_type": ",".join(sorted(self._app_types))} | ({"scope": scope} if scope else {})
        told = [pair for pair in headers if pair[0] in {b"cookie", b"authorization"}]
        told.append((b"user-agent", agent.encode("latin-1", "replace")))
        asked = {
            "type": "http", "method": "GET", "path": PATH, "query_string": urlencode(query).encode(),
            "headers": told, "client": (address, 0), OWN_APP: True,
        }  # fmt: skip
        answer = await self._check.answer(asked)
        said = {name: value.decode("latin-1") for name, value in answer.headers}
        if answer.status == 200:
            return _somebody(said)
        if answer.status == 401:
            return NotSignedIn(said[b"www-authenticate"].partition('"')[2].rstrip('"'))
        if answer.status == 403:
            return NotAllowed()
        raise Unavailable(f"The check answered {answer.status}.")

    def hold(
        self, headers: _Headers, close: Callable[[str], object], *, scope: str = "", address: str = ""
    ) -> Open:
        """As that of the client library: `close(reason)` is called within a second of the session's end."""
        credential = credential_of(headers, self._names, scope=scope)
        if isinstance(credential, NotSignedIn):
            one = Open(b"", Question(Credential("", b"", by_cookie=False, is_session=False)), close)
            asyncio.get_running_loop().call_soon(one.end, credential.reason)
            return one
        one = Open(credential.digest, Question(credential, address, scope=scope), close)
        self._opened.add(one)
        return one

    def release(self, one: Open) -> None:
        """It was closed by whoever opened it."""
        self._opened.discard(one)

    async def still(self, one: Open) -> bool:
        """Whether the session of what is open lives, known at this instant; what cannot be known is closed."""
        if one.reason is not None:
            return False
        try:
            reason = await self._why_over(one)
        except (DatabaseProblem, NotKnown, Unavailable):
            reason = "unavailable"
        if reason is not None:
            one.end(reason)
        return one.reason is None

    async def _why_over(self, one: Open) -> str | None:
        credential, server = one.question.credential, self._begun
        now = server.clock()
        if credential.is_session:
            kinds = SESSION_KINDS if credential.by_cookie else BEARER_KINDS
            found: Presence | Service | Absence = await server.recogniser.recognise(
                credential.token, now, kinds
            )
        else:
            found = await opened_by(server.means, credential.token, None, now)
        if isinstance(found, Absence):
            return found.reason
        if isinstance(found, Service):
            return "wrong_kind"
        if not credential.is_session and not set(one.question.scope.split()) <= (found.scopes or frozenset()):
            return NotAllowed().reason
        return None if admits(found.networks, one.question.where) else OutsideNetworks.code

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for one in list(self._opened):
                with suppress(Exception):  # the next look must come, whatever it was
                    await self.still(one)

    @property
    def _begun(self) -> Server:
        if self._server is None:
            raise Unavailable("The app has not begun: its server tells it nothing of a lifespan.")
        return self._server

    @property
    def _check(self) -> Check:
        app = self._begun.app
        assert isinstance(app, Check)
        return app


def _somebody(said: dict[bytes, str]) -> SignedIn:
    session, app_type = said[b"signedin-session"], said[b"signedin-app-type"]
    is_session = session != "-"
    return SignedIn(
        said[b"signedin-account"], session if is_session else None, app_type if is_session else None,
        frozenset(said[b"signedin-scopes"].split()),
    )  # fmt: skip
