"""The other hosts whose apps are guarded: how a browser sets out from one, and comes back to it with a ticket.

Only two paths of ours are there at such a host, `/.signedin/start` and `/.signedin/enter`: none of our pages, and no
call. What comes under a name that is not listed is not met here.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qs, quote, unquote

from signedin.actions.enter_host import take_ticket
from signedin.actions.means import Means
from signedin.gate.check_query import not_listed
from signedin.gate.credentials import set_cookie
from signedin.gate.middleware import App, Receive, Scope, Send
from signedin.rules.errors import DatabaseProblem, LinkExpired, Unavailable
from signedin.rules.secret import Kind
from signedin.rules.sent import CookieNames, Headers, cookies, header, sent_credential, sent_to_host
from signedin.rules.ticket import HERE, OF_APPS, all_of_next, app_hosts, page_of_app

START, ENTER, ASK = OF_APPS + "start", OF_APPS + "enter", "/to-app"
ON_THE_WAY = 600
"""Seconds that a browser has to sign in before it comes back."""
_MARK = 43
Pairs = list[tuple[bytes, bytes]]


class Hosts:
    """ASGI middleware that answers for the listed hosts, and passes on what came to our own."""

    def __init__(
        self, app: App, means: Means, base_url: str, addresses: Iterable[str], clock: Callable[[], datetime]
    ) -> None:
        self._app = app
        self._means = means
        self._base_url = base_url
        self._names = {
            host: CookieNames.for_base_url(address) for host, address in app_hosts(addresses).items()
        }
        self._clock = clock

    def sent(self, headers: Headers, host: str, ours: CookieNames) -> tuple[str | None, frozenset[Kind]]:
        """What signs in with a request that is checked for that host.

        Raises:
            InvalidInput: no such host is listed, so nobody is let in there.
        """
        if host == HERE:
            return sent_credential(headers, ours)
        names = self._names.get(host)
        if names is None:
            raise not_listed()
        return sent_to_host(headers, names)

    def is_another(self, host: str) -> bool:
        """Whether that is the host of a guarded app, where nothing of ours is."""
        return host.lower() in self._names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at another host, or pass on."""
        host = (header(scope["headers"], b"host") or "").lower() if scope["type"] == "http" else ""
        names = self._names.get(host)
        if names is None:
            await self._app(scope, receive, send)
            return
        status, headers = await self._answered(scope, host, names)
        every = [*headers, (b"referrer-policy", b"no-referrer"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": every})
        await send({"type": "http.response.body", "body": b""})

    async def _answered(self, scope: Scope, host: str, names: CookieNames) -> tuple[int, Pairs]:
        if scope["path"] not in (START, ENTER):
            return 404, []
        if scope["method"] != "GET":
            return 405, [(b"allow", b"GET, HEAD")]
        if scope["path"] == START:
            return self._set_out(scope, host, names)
        return await self._come_back(scope, host, names)

    def _set_out(self, scope: Scope, host: str, names: CookieNames) -> tuple[int, Pairs]:
        """To our own host, which asks who it is; a mark in this browser's cookie is what the ticket is bound to."""
        mark = cookies(scope["headers"]).get(names.start, "")
        if not _is_mark(mark):
            mark = secrets.token_urlsafe(32)
        wanted = page_of_app(_as_it_came(all_of_next(scope["query_string"])))
        state = sha256(mark.encode()).hexdigest()
        where = f"{self._base_url}{ASK}?host={quote(host)}&state={state}&next={quote(wanted, safe='/')}"
        return _see_other(where, set_cookie(names, names.start, mark, max_age=ON_THE_WAY))

    async def _come_back(self, scope: Scope, host: str, names: CookieNames) -> tuple[int, Pairs]:
        """Back with a ticket: it is taken, and the browser goes on to its page with this host's cookie."""
        fields = parse_qs(scope["query_string"].decode("latin-1"))
        mark = cookies(scope["headers"]).get(names.start, "")
        try:
            # Without a mark the ticket opens nothing, and is used up like in any other wrong place.
            bound = sha256(mark.encode("latin-1")).digest() if _is_mark(mark) else b""
            given = fields.get("ticket", [""])[0]
            entered = await take_ticket(self._means, given, host, bound, self._clock())
        except LinkExpired:
            return _see_other(self._base_url + ASK)  # there it is said in a page
        except (DatabaseProblem, Unavailable):
            return 503, [(b"retry-after", b"2"), (b"cache-control", b"no-store")]
        lasts = None if entered.lasts is None else int(entered.lasts.total_seconds())
        cookie = set_cookie(names, names.host, entered.token, max_age=lasts)
        return _see_other(page_of_app(fields.get("next", ["/"])[0]), cookie)


def _is_mark(text: str) -> bool:
    return len(text) == _MARK and text.isascii()


def _as_it_came(text: str) -> str:
    """A proxy writes an address as it came; of what begins otherwise, every slash is an escape."""
    return text if text.startswith("/") else unquote(text)


def _see_other(where: str, *set_cookies: str) -> tuple[int, Pairs]:
    told = [(b"set-cookie", each.encode()) for each in set_cookies]
    return 303, [(b"location", where.encode("latin-1")), (b"cache-control", b"no-store"), *told]
