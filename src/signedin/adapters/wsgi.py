"""What the adapters for Django and Flask share: who may pass by a WSGI request, and what all others are told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from signedin.adapters.open_paths import OpenPaths
from signedin.adapters.where import where
from signedin.adapters.wsgi_open import Piece, Sent, awaited_under_session, under_session
from signedin.client import NotSignedIn, SignedIn, SyncClient, Unavailable
from signedin.rules import errors
from signedin.rules.problem import MEDIA_TYPE, problem

Environ = MutableMapping[str, Any]
Token = Callable[[SyncClient, str], str | None]
"""Gives the token that the app keeps for a browser: it is told the client, and where the person is."""
_SENT = (("HTTP_COOKIE", b"cookie"), ("HTTP_AUTHORIZATION", b"authorization"))
_OURS = "HTTP_SIGNEDIN"
RETRY_AFTER = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """What whoever may not pass is told: a problem for programs, the way to the sign-in page for people."""

    status: int
    headers: dict[str, str]
    body: str = ""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who makes the request, what has said so, and where they are."""

    who: SignedIn
    sent: Sent = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True)
class Guard:
    """Decides about every request of an app.

    `open_paths` are open to everybody, and nothing is asked about them: a path as it is routed, or everything below
    one that ends in `/*`. `proxies` says how many proxies of one's own stand in front and report the address they
    were asked from in X-Forwarded-For. `sign_in` is where people sign in, on the same host.
    """

    client: SyncClient
    open_paths: Iterable[str] = ()
    proxies: int = 0
    sign_in: str = "/sign-in"
    _open: OpenPaths = field(init=False)

    def __post_init__(self) -> None:
        """Read the open paths once.

        Raises:
            ValueError: one of them is no path.
        """
        object.__setattr__(self, "_open", OpenPaths(self.open_paths))

    def decide(self, environ: Environ, token: Token | None = None) -> Admitted | Refusal | None:
        """Who makes the request, or what to answer instead; `None` where everybody may pass.

        `token` gives a session's that the app keeps for this browser, asked for where it sends none. What the client
        sent under our names is taken away first, so that nothing behind this can take it for an answer (D12).
        """
        for name in [name for name in environ if name.startswith(_OURS)]:
            del environ[name]
        if self._open.has(environ.get("PATH_INFO") or "/"):
            return None
        try:
            found = self._found(environ, token)
        except Unavailable:
            return _not_known()
        return found if isinstance(found, Admitted) else self._nobody(environ, found.reason)

    def stream(self, environ: Environ, admitted: Admitted, body: Iterable[Piece]) -> Iterator[Piece]:
        """A body that is sent piece by piece, for as long as the session lives that was admitted (R49)."""
        return under_session(self.client, admitted.sent, admitted.address, body, environ)

    def stream_of_a_loop(
        self, _environ: Environ, admitted: Admitted, body: AsyncIterable[Piece]
    ) -> AsyncIterator[Piece]:
        """The same of a body that is awaited (Django on an event loop); it ends before its next piece."""
        return awaited_under_session(self.client, admitted.sent, admitted.address, body)

    def _found(self, environ: Environ, token: Token | None) -> Admitted | NotSignedIn:
        address, sent = self.address(environ), _sent(environ)
        found = self._checked(environ, sent, address)
        if token is None or found != NotSignedIn("missing"):
            return found
        kept = token(self.client, address)
        return self._checked(
            environ, [(b"authorization", f"Bearer {kept}".encode())] if kept else [], address
        )

    def _checked(self, environ: Environ, sent: Sent, address: str) -> Admitted | NotSignedIn:
        agent = str(environ.get("HTTP_USER_AGENT") or "")
        found = self.client.check(sent, address=address, agent=agent)
        return found if isinstance(found, NotSignedIn) else Admitted(found, sent, address)

    def address(self, environ: Environ) -> str:
        """Where the person is, as far as one's own proxies say."""
        peer, said = environ.get("REMOTE_ADDR"), environ.get("HTTP_X_FORWARDED_FOR")
        return where(str(peer or ""), str(said or ""), self.proxies)

    def _nobody(self, environ: Environ, reason: str) -> Refusal:
        if environ.get("HTTP_SEC_FETCH_MODE") == "navigate":
            return Refusal(303, {"Location": f"{self.sign_in}?next={_wanted(environ)}"} | _NO_STORE)
        body = _problem(401, errors.NotSignedIn(reason), reason=reason)
        return Refusal(401, {"WWW-Authenticate": f'Session error="{reason}"'} | _PROBLEM, body)


_NO_STORE = {"Cache-Control": "no-store"}
_PROBLEM = {"Content-Type": MEDIA_TYPE} | _NO_STORE


def _sent(environ: Environ) -> Sent:
    return [(name, str(environ[key]).encode("latin-1", "replace")) for key, name in _SENT if key in environ]


def _not_known() -> Refusal:
    """503: nobody is let in, and nobody is signed out."""
    return Refusal(503, {"Retry-After": str(RETRY_AFTER)} | _PROBLEM, _problem(503, errors.Unavailable()))


def _problem(status: int, refused: errors.Refused, **more: str) -> str:
    return json.dumps(problem(status, refused.code, refused.sentence, refused.hint, **more))


def _wanted(environ: Environ) -> str:
    """The page that was asked for, to come back to: a path alone, never a host that the client has named."""
    path = str(environ.get("SCRIPT_NAME") or "") + str(environ.get("PATH_INFO") or "/")
    asked = quote(path.encode("latin-1", "replace"), safe="/")
    query = str(environ.get("QUERY_STRING") or "")
    return quote(f"{asked}?{query}" if query else asked, safe="/")
