"""What is asked of the service about one request, and what its answer says."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from signedin.client.address import Address
from signedin.client.answers import EVERYTHING, KeyRefused, NotAllowed, NotSignedIn, SignedIn, Unavailable
from signedin.client.exchange import Answer, question
from signedin.rules.account import AccountId
from signedin.rules.agent import plain_agent
from signedin.rules.errors import InsufficientPermission
from signedin.rules.feed import (
    ADDRESS_HEADER,
    AGENT_HEADER,
    EPOCH_HEADER,
    GOOD_FOR_HEADER,
    KEY_HEADER,
    QUIET_HEADER,
    SEQ_HEADER,
)
from signedin.rules.known import Known
from signedin.rules.location import normalise_address
from signedin.rules.secret import SESSION_KINDS, Kind, digest, digest_of, why_unreadable
from signedin.rules.sent import OURS, CookieNames, Headers, cookies_are_too_many, sent_credential

LONGEST_TOKEN = 200
NEVER_IDLE = 10**15
SECOND = 1_000_000
GivenHeaders = Mapping[str, str] | Iterable[tuple[bytes, bytes]] | Iterable[tuple[str, str]]


class Credential(NamedTuple):
    """What signs in with a request: the token as it came, and how; `digest` is the key it is remembered by.

    `shown` are the headers that it is asked about with, where they are not the usual ones.
    """

    token: str
    digest: bytes
    by_cookie: bool
    is_session: bool
    shown: tuple[tuple[str, str], ...] = ()


class Question(NamedTuple):
    """One question: with whose credential, from where, for what; a quiet one is nobody's activity (D15)."""

    credential: Credential
    address: str = ""
    agent: str = ""
    scope: str = ""
    is_quiet: bool = False

    @property
    def where(self) -> str:
        """The address as it is told to the service, in the one way to write it; nothing where it is none."""
        return (normalise_address(self.address) or "") if self.address else ""

    @property
    def flight_key(self) -> bytes:
        """What is the same for all who can share one answer: networks of an organisation let in by the address."""
        rest = ("?" if self.is_quiet else "", self.where, self.scope)
        return self.credential.digest + "\0".join(rest).encode()


class Told(NamedTuple):
    """Somebody, as the service said, and what it said of how long that lasts: `seq` is missing when it does not."""

    who: SignedIn
    seq: int | None
    known: Known | None
    good_for: int = 0


def credential_of(headers: GivenHeaders, names: CookieNames, *, scope: str = "") -> Credential | NotSignedIn:
    """What signs in with these headers, read exactly as the service reads them; what it cannot be costs no question."""
    pairs = pairs_of(headers)
    token, kinds = sent_credential(pairs, names)
    if token is None:
        return NotSignedIn("malformed" if cookies_are_too_many(pairs) else "missing")
    found = digest_of(token, kinds)
    if found is not None:
        return Credential(token, found, kinds is SESSION_KINDS, is_session=True)
    if scope and kinds is not SESSION_KINDS and _may_be_a_key(token):
        return Credential(token, digest(token), by_cookie=False, is_session=False)
    is_key = token.startswith((f"{OURS}{Kind.KEY}_", f"{OURS}{Kind.SVC}_"))
    return NotSignedIn("wrong_kind" if is_key else why_unreadable(token, kinds))


def check(
    address: Address, key: str, names: CookieNames, app_types: tuple[str, ...], asked: Question
) -> bytes:
    """The question whether somebody is signed in: the credential goes in a header, and never in an address."""
    query = {"app_type": ",".join(app_types)} | ({"scope": asked.scope} if asked.scope else {})
    token, by_cookie = asked.credential.token, asked.credential.by_cookie
    usual = ("cookie", f"{names.session}={token}") if by_cookie else ("authorization", f"Bearer {token}")
    said = [("host", address.named), (KEY_HEADER, key), *(asked.credential.shown or (usual,))]
    if where := asked.where:
        said.append((ADDRESS_HEADER, where))
    if agent := plain_agent(asked.agent):
        said.append((AGENT_HEADER, agent))
    if asked.is_quiet:
        said.append((QUIET_HEADER, "1"))
    return question("GET", f"{address.prefix}/v1/check?{urlencode(query)}", said)


def told(answer: Answer, asked_at: int) -> Told | NotSignedIn:
    """What the answer to a check says; `asked_at` in microseconds by the clock of whoever remembers it.

    Raises:
        Unavailable: nothing that could be relied on; KeyRefused when it is the service key.
    """
    if answer.status == 401:
        return NotSignedIn(_reason(answer))
    if answer.status == 403:
        if _field(answer, "code") == InsufficientPermission.code:
            return NotAllowed()
        raise KeyRefused("The service does not let this service key check these sessions.")
    if answer.status != 200:
        raise Unavailable(f"The service answered {answer.status}.")
    try:
        return _told(answer.headers, asked_at)
    except (KeyError, ValueError):
        raise Unavailable("What answered is no Signedin service.") from None


def _told(headers: Mapping[str, str], asked_at: int) -> Told:
    account, session = headers["signedin-account"], headers["signedin-session"]
    app_type, scopes = headers["signedin-app-type"], headers["signedin-scopes"]
    is_session = session != "-"
    held = EVERYTHING if scopes == "*" else frozenset(scopes.split())
    who = SignedIn(account, session if is_session else None, app_type if app_type != "-" else None, held)
    if not (is_session and SEQ_HEADER in headers):
        return Told(who, None, None)
    good_for = int(headers[GOOD_FOR_HEADER])
    known = Known(
        AccountId(int(account)), 0, NEVER_IDLE, asked_at + good_for * SECOND, asked_at, int(headers[EPOCH_HEADER]),
        session, app_type,
    )  # fmt: skip
    return Told(who, int(headers[SEQ_HEADER]), known, good_for)


def _reason(answer: Answer) -> str:
    reason = _field(answer, "reason")
    if reason is None:
        raise Unavailable("What answered is no Signedin service.")  # a proxy's own 401, say
    return reason


def _field(answer: Answer, name: str) -> str | None:
    """What a problem says there, where it is one of the service's."""
    try:
        return str(json.loads(answer.body)[name])
    except (ValueError, KeyError, TypeError):
        return None


def _may_be_a_key(token: str) -> bool:
    bare = token.removeprefix(OURS).replace("_", "")
    return token.startswith(OURS) and len(token) <= LONGEST_TOKEN and bare.isascii() and bare.isalnum()


def pairs_of(headers: GivenHeaders) -> Headers:
    """Headers as ASGI has them: names in lower case, bytes."""
    if isinstance(headers, Mapping):
        return [_pair(name, value) for name, value in headers.items()]
    return [_pair(name, value) for name, value in headers]


def _pair(name: str | bytes, value: str | bytes) -> tuple[bytes, bytes]:
    return (
        (name if isinstance(name, bytes) else name.encode("latin-1", "replace")).lower(),
        value if isinstance(value, bytes) else value.encode("latin-1", "replace"),
    )
