"""For ASGI: a middleware around an app of any framework, and `scope["signedin"]` in it.

app = Signedin(app, Client("https://app.example.org", os.environ["SIGNEDIN_KEY"]), open_paths=["/health"])
app = Signedin(app, Within())       where Signedin itself is served by the same process (server/within.py)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from signedin.adapters.asgi_life import live
from signedin.adapters.asgi_open import Recognises, Socket, Stream
from signedin.adapters.asgi_refusals import (
    FOREIGN,
    NOT_KNOWN,
    App,
    Receive,
    Refusal,
    Scope,
    Send,
    nobody,
    not_allowed,
)
from signedin.adapters.open_paths import OpenPaths
from signedin.adapters.where import where
from signedin.client import NotAllowed, NotSignedIn, SignedIn, Unavailable
from signedin.rules.sent import agent_of, header

_OURS = b"signedin"
_OVER_TLS = frozenset({"wss", "https"})


class Signedin:
    """Lets in whoever is signed in, as `scope["signedin"]`, which is also `request.state.signedin`.

    Around the whole app, so that nothing of it is done for anybody else. `open_paths` are open to everybody, and
    nothing is asked about them: a path, or everything below one that ends in `/*`; `scope["signedin"]` is `None`
    there. `proxies` says how many proxies of one's own stand in front and report in X-Forwarded-For whom they were
    asked by. `sign_in` is where people sign in, on the same host. `scope` is what a personal access key has to hold
    to be let in, or be told 403; a session passes without. `origins` are the pages of other hosts that may open a WebSocket here.

    WebSockets and streams that were opened under a session are closed when it ends, and nothing is sent on them or
    taken from them afterwards (R49, P5).

    Raises:
        ValueError: a path or an origin is none.
    """

    def __init__(
        self, app: App, client: Recognises, *, open_paths: Iterable[str] = (), proxies: int = 0,
        sign_in: str = "/sign-in", scope: str = "", origins: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self._app = app
        self._client = client
        self._pages: Callable[[str], App | None] = getattr(client, "pages", _none)
        self._open = OpenPaths(open_paths)
        self._proxies = proxies
        self._sign_in = sign_in
        self._needed = scope
        self._origins = frozenset(map(_origin, origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or refuse.

        Raises:
            ValueError: it is neither a request nor a WebSocket, so it cannot be known whose it is.
        """
        if scope["type"] == "lifespan":
            await live(self._app, self._client, scope, receive, send)
            return
        if scope["type"] not in {"http", "websocket"}:
            raise ValueError(f"nobody is let in by {scope['type']}")
        pages = self._pages(scope["path"]) if scope["type"] == "http" else None
        if pages is not None:
            await pages(scope, receive, send)
            return
        headers = scope["headers"] if type(scope["headers"]) is list else list(scope["headers"])
        bare = without_ours(headers)
        if self._open.has(path_of(scope)):
            await self._app(_told(scope, bare, None), receive, send)
            return
        address = self._address(scope, headers)
        found = await self._decide(scope, headers, address)
        if isinstance(found, Refusal):
            await found.send(scope, receive, send)
            return
        kind = Socket if scope["type"] == "websocket" else Stream
        await kind(self._client, headers, self._needed, address).run(
            self._app, _told(scope, bare, found), receive, send
        )

    async def _decide(
        self, scope: Scope, headers: list[tuple[bytes, bytes]], address: str
    ) -> SignedIn | Refusal:
        if scope["type"] == "websocket" and self._is_foreign(scope, headers):
            return FOREIGN
        agent, needed = agent_of(headers), self._needed
        found: SignedIn | NotSignedIn | None
        try:
            found = None if needed else self._client.known(headers, address, agent)
            if found is None:
                found = await self._client.check(headers, address=address, agent=agent, scope=needed)
        except Unavailable:
            return NOT_KNOWN
        if isinstance(found, NotAllowed):
            return not_allowed(needed)
        return found if isinstance(found, SignedIn) else nobody(scope, headers, found.reason, self._sign_in)

    def _address(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> str:
        peer = scope.get("client")
        said = b",".join([value for name, value in headers if name == b"x-forwarded-for"]).decode("latin-1")
        return where(str(peer[0]) if peer else "", said, self._proxies)

    def _is_foreign(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> bool:
        """Whether a page of another origin opens the WebSocket: browsers send the cookie along, and say the origin.

        A page that came without TLS is another's wherever the WebSocket is known to have come with it. Where a proxy
        ends TLS without a word that is not known, and then only the host is compared.
        """
        origin = header(headers, b"origin")
        if origin is None or origin in self._origins:
            return False
        page = urlsplit(origin)
        if page.scheme not in {"http", "https"} or page.netloc != (header(headers, b"host") or ""):
            return True
        reported = (header(headers, b"x-forwarded-proto") or "").rpartition(",")[2].strip().lower()
        return page.scheme == "http" and not {scope.get("scheme"), reported}.isdisjoint(_OVER_TLS)


def without_ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers without those under our name, whoever sent them: nothing behind this takes them for an answer (D12)."""
    for name, _ in headers:
        if name.startswith(_OURS):
            break
    else:
        return headers
    return [(name, value) for name, value in headers if not name.startswith(_OURS)]


def path_of(scope: Scope) -> str:
    """The path as the app routes it: without what it is mounted under."""
    path, under = str(scope["path"]), str(scope.get("root_path") or "")
    return path.removeprefix(under) if under and path.startswith(f"{under}/") else path


def _told(scope: Scope, headers: list[tuple[bytes, bytes]], who: SignedIn | None) -> dict[str, Any]:
    state = {**(scope.get("state") or {}), "signedin": who}
    return {**scope, "headers": headers, "state": state, "signedin": who}


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if not parts.netloc or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"{text!r} is no origin, like https://shop.example.org")
    return text


def _none(_: str) -> App | None:
    return None
