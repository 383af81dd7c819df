"""The same answer for nginx, Caddy, Traefik, Envoy: the hot path, `GET /v1/check`.

Pure ASGI, in front of the framework. 200 with who it is; 401 for what is known to be bad; 503 for what cannot be
known; and whatever goes wrong here is nobody's way in (D12).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from signedin.actions.authenticate_key import note_key
from signedin.actions.authenticate_token import is_token
from signedin.actions.end_over import end_over
from signedin.actions.means import Means
from signedin.actions.note_use import write_first
from signedin.gate.asking_app import (
    OF_AN_APP,
    OWN_APP,
    QUIET,
    SERVICE_KEY,
    is_own_app,
    persons_address,
    refuse_without_right,
    said_lasting,
)
from signedin.gate.by_scope import is_by_scope, opened_by
from signedin.gate.check_answer import (
    NOT_THIS_WAY,
    Answer,
    LetIn,
    known_to_be_bad,
    let_in,
    mistaken,
    no_right,
    unavailable,
    unfit,
    without_scope,
)
from signedin.gate.check_query import Asked, asked_by, names_for
from signedin.gate.client_address import FORWARDED_FOR, Networks, forwarded_line, reader
from signedin.gate.guessing import Guessing
from signedin.gate.hosts import Hosts
from signedin.gate.middleware import App, Receive, Scope, Send
from signedin.gate.recognise import Recogniser
from signedin.gate.security_headers import always
from signedin.rules.errors import DatabaseProblem, InsufficientPermission, InvalidInput, Refused, Unavailable
from signedin.rules.policy import OutsideNetworks, admits
from signedin.rules.presence import Absence, Presence, Service
from signedin.rules.secret import BEARER_KINDS, Kind
from signedin.rules.sent import CookieNames, agent_of, cookies_are_too_many, digest_at_once, header
from signedin.rules.ticket import HERE

PATH = "/v1/check"
OF_A_PERSON = f"sgn_{Kind.KEY}_"
TELL_EVERY = timedelta(seconds=10)
_READ = frozenset({b"cookie", b"authorization", b"user-agent", FORWARDED_FOR, *OF_AN_APP})
"""The headers that are read here: the others are passed over once."""

log = structlog.get_logger("signedin.security")


class Check:
    """The ASGI callable in front of everything: it answers `/v1/check` itself and passes on the rest.

    `guessing` is shared with the gate, so that secrets tried here and there are counted together.
    """

    def __init__(
        self, app: App, means: Means, recogniser: Recogniser, names: CookieNames, trusted: Networks,
        clock: Callable[[], datetime], guessing: Guessing, hosts: Hosts,
    ) -> None:  # fmt: skip
        self._app = app
        self._means = means
        self._recogniser = recogniser
        self._names = names
        self._sought = f"{names.session}=".encode()
        self._let_in = LetIn()
        self._address_of = reader(trusted)
        self._clock = clock
        self._guessing = guessing
        self._hosts = hosts
        self._always = (*always(is_secure=names.is_secure), (b"cache-control", b"no-store"))
        self._tell_from: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a check, or pass on."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self._app(scope, receive, send)
            return
        status, headers, body = await self.answer(scope)
        every = [*self._always, *headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": every})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})

    async def answer(self, scope: Scope) -> Answer:
        """What a check is answered, whatever goes wrong; also for an app in this process (server/within.py)."""
        try:
            return await self._answered(scope)
        except (DatabaseProblem, Unavailable) as unknown:
            return self._not_known(unknown)
        except Exception as error:  # a bug here opens nothing, and ends nobody's session either
            log.error("a check failed", reference=secrets.token_hex(6), exc_info=error)
            return unavailable()

    async def _answered(self, scope: Scope) -> Answer:
        if scope["method"] not in {"GET", "HEAD"}:
            return NOT_THIS_WAY
        try:
            asked = asked_by(scope["query_string"])
        except InvalidInput as mistake:
            return mistaken(mistake)
        return self._at_once(scope, asked) or await self._looked_at_closely(scope, asked)

    def _at_once(self, scope: Scope, asked: Asked) -> Answer | None:
        """Yes to a session as a browser shows it, through any proxies, once it was met; `None` means: look closely.

        On the path of every request, so written for speed. Nobody is let in here who would not be by the closer look.
        """
        headers = scope["headers"]
        digest = digest_at_once(headers, self._sought) if asked.host == HERE else None
        if digest is None:
            return None
        told = dict(headers)
        if len(told) != len(headers) or SERVICE_KEY in told:
            return None
        now = self._clock()
        found = self._recogniser.at_once(digest, now)
        if found is None or found.expires_soon or found.app_type not in asked.app_types:
            return None
        if found.current_id is None:
            return None
        peer = scope.get("client")
        address = self._address_of(peer[0] if peer else None, told.get(FORWARDED_FOR, b""))
        agent = told.get(b"user-agent", b"").decode("latin-1")
        self._means.recent.note(found.account_id, found.current_id, address, now, agent)
        return self._let_in.told(found, found.current_id)

    async def _looked_at_closely(self, scope: Scope, asked: Asked) -> Answer:
        headers = [pair for pair in scope["headers"] if pair[0] in _READ]
        scope = {"headers": headers, "client": scope.get("client"), OWN_APP: OWN_APP in scope}
        try:
            credential, kinds = self._hosts.sent(headers, asked.host, names_for(asked, headers, self._names))
        except InvalidInput as mistake:
            return mistaken(mistake)
        now = self._clock()
        if header(headers, SERVICE_KEY) is not None:
            return await self._for_service(scope, asked, credential, kinds, now)
        if kinds is BEARER_KINDS and credential is not None and is_by_scope(credential):
            return await self._by_key(scope, credential, asked, now)
        # Nothing waits from here to the answer, unless the database of a server elsewhere has to be asked.
        found = self._recogniser.without_waiting(credential, now, kinds, asked.host)
        if found is None:
            found = await self._recogniser.recognise(credential, now, kinds, asked.host)
        if isinstance(found, Absence):
            return await self._nobody(found, scope, credential, now)
        if no := self._unfit(found, asked, scope):
            return no
        self._note(found, scope, now)
        if found.expires_soon:
            await self._write_first(found, credential, now, asked.host)
            again = await self._recogniser.recognise(credential, self._clock(), kinds, asked.host)
            if isinstance(again, Absence):  # ended while the note was written
                return known_to_be_bad(again.reason)
        return let_in(found)

    async def _for_service(
        self, scope: Scope, asked: Asked, credential: str | None, kinds: frozenset[Kind], now: datetime
    ) -> Answer:
        """A client library asks: it also learns how long it may go by the answer, and tells where its person is."""
        try:
            await refuse_without_right(self._means, scope["headers"], asked.app_types, now)
        except InsufficientPermission as refusal:
            return no_right(refusal)
        if kinds is BEARER_KINDS and credential is not None and is_by_scope(credential):
            return await self._by_key(scope, credential, asked, now)
        host = asked.host
        found, lasting = await self._recogniser.recognise_lasting(credential, now, kinds, host)
        is_quiet = header(scope["headers"], QUIET) is not None
        if isinstance(found, Presence) and not is_quiet and not self._unfit(found, asked, scope):
            self._note(found, scope, now)
            if found.expires_soon:
                await self._write_first(found, credential, now, host)
                now = self._clock()
                found, lasting = await self._recogniser.recognise_lasting(credential, now, kinds, host)
        if isinstance(found, Absence):
            return await self._nobody(found, scope, credential, now)
        if no := self._unfit(found, asked, scope):
            return no
        answer = let_in(found)
        return answer._replace(headers=(*answer.headers, *said_lasting(lasting, is_quiet=is_quiet)))

    async def _by_key(self, scope: Scope, credential: str, asked: Asked, now: datetime) -> Answer:
        """A key or an app's token opens only what names a scope that it holds (D12); a service key opens nothing."""
        needed = asked.scopes
        if not needed or not (credential.startswith(OF_A_PERSON) or is_token(credential)):
            return known_to_be_bad("wrong_kind")
        found = await opened_by(self._means, credential, asked.resource, now)
        if isinstance(found, Absence):
            return await self._nobody(found, scope, credential, now)
        if isinstance(found, Service) or not needed <= (found.scopes or frozenset()):
            return without_scope(" ".join(sorted(needed)))
        if not admits(found.networks, self._address(scope)):
            return known_to_be_bad(OutsideNetworks.code)
        note_key(self._means, found, self._address(scope), now)
        if found.expires_soon:
            await self._write_first(found, credential, now, asked.host)
        return let_in(found._replace(subject="") if is_own_app(scope) else found)  # decision 0024

    def _unfit(self, found: Presence, asked: Asked, scope: Scope) -> Answer | None:
        return unfit(found, asked.app_types, lambda: self._address(scope))

    async def _nobody(self, found: Absence, scope: Scope, credential: str | None, now: datetime) -> Answer:
        await end_over(self._means, found, now)
        if found.reason == "unknown" and (address := self._address(scope)):
            self._guessing.noticed(address, credential or "", now)
        is_bent = found.reason == "missing" and cookies_are_too_many(scope["headers"])
        return known_to_be_bad("malformed" if is_bent else found.reason)

    def _note(self, found: Presence, scope: Scope, now: datetime) -> None:
        """A check is the activity of the person whose request is checked, from where and with what they are (D15, D16)."""
        if (used := found.current_id) is not None:
            address, agent = self._address(scope), agent_of(scope["headers"])
            self._means.recent.note(found.account_id, used, address, now, agent)

    async def _write_first(self, found: Presence, credential: str | None, now: datetime, host: str) -> None:
        means = self._means
        await write_first(
            means.recent, means.database, means.keyring, means.places, found.account_id, found.used_id
        )
        self._recogniser.used(credential, now, host)

    def _address(self, scope: Scope) -> str:
        """Whose request it is: through trusted proxies, or as a service that has shown its key says."""
        if header(scope["headers"], SERVICE_KEY) is not None:
            return persons_address(scope["headers"])
        peer = scope.get("client")
        return self._address_of(peer[0] if peer else None, forwarded_line(scope["headers"]))

    def _not_known(self, unknown: Refused) -> Answer:
        """503, told in the log every few seconds, however many ask."""
        now = self._clock()
        if self._tell_from is None or now >= self._tell_from:
            self._tell_from = now + TELL_EVERY
            log.error("checks cannot be answered", code=unknown.code, sentence=unknown.sentence)
        return unavailable()
