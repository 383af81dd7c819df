"""One-time tickets: from one host to another, once, within a minute, and only where they were made for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote

from signedin.rules.session import SessionId

LASTS = timedelta(seconds=60)
HERE = ""
"""How our own host is named: the place of Settings > Sessions."""
OF_APPS = "/.signedin/"
"""Where another host passes on to us: to set out from, and to come back to with a ticket."""

_NEXT = re.compile("(?:^|&)next=(.*)", re.DOTALL)
_AS_IT_CAME = re.compile(r"\?|^(?!.*%3f).*%2f", re.IGNORECASE)
"""What nobody has escaped has a query, or a slash as an escape where others stand as they are."""
_NO_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket is for: a session, one host, and where it was asked for there, that very browser.

    `mark` is the digest of a cookie that the browser got at that host as it set out: a ticket that is found in a log,
    or put into another person's browser, opens nothing. At our own host there is none.
    """

    session_id: SessionId
    host: str
    mark: bytes = field(repr=False)
    until: datetime

    def is_good(self, host: str, mark: bytes, now: datetime) -> bool:
        """Whether it opens that host for that browser now."""
        return host == self.host and mark == self.mark and now < self.until


def app_hosts(addresses: Iterable[str]) -> dict[str, str]:
    """The addresses of apps on other hosts, by the host as a browser names it.

    >>> app_hosts(["https://shop.example.net"])
    {'shop.example.net': 'https://shop.example.net'}
    """
    return {address.partition("://")[2]: address for address in addresses}


def is_own_path(text: str) -> bool:
    """Whether it is a path of the host one is at: never another host, scheme or control character.

    >>> is_own_path("/sign-in"), is_own_path("//evil.example"), is_own_path("https://evil.example")
    (True, False, False)
    """
    is_path = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= 2000
    return is_path and all("!" <= ch <= "~" and ch != "\\" for ch in text)


def all_of_next(query: bytes) -> str:
    """All that stands behind `next=`, the last field of ours: a proxy writes an address there as it came.

    >>> all_of_next(b"host=a&next=/orders?page=2&sort=up")
    '/orders?page=2&sort=up'
    """
    found = _NEXT.search(query.decode("latin-1"))
    return found[1] if found else ""


def page_wanted(query: bytes) -> str:
    """The page of the host one is at that was wanted, or nothing: never another host (`is_own_path`).

    Our own pages and middleware escape it once, all but its slashes; a proxy cannot, and writes it as it came. Where
    it cannot be told which it was, it is read as escaped.

    >>> page_wanted(b"next=/orders%3Fpage=2"), page_wanted(b"next=/orders?q=a%26b&sort=up"), page_wanted(b"next=/a%20b")
    ('/orders?page=2', '/orders?q=a%26b&sort=up', '/a%20b')
    """
    came = all_of_next(query)
    read = unquote(came)
    if is_own_path(came) and not _leads_away(read) and (_AS_IT_CAME.search(came) or not _is_address(read)):
        return came
    return read if _is_address(read) else ""


def _is_address(read: str) -> bool:
    return is_own_path(read) and not _NO_ESCAPE.search(read)


def _leads_away(read: str) -> bool:
    return read.startswith(("//", "/\\"))


def page_of_app(text: str) -> str:
    """The page of another host's app to come back to, or its first one.

    >>> page_of_app("/orders?page=2&x=1"), page_of_app("//evil.example"), page_of_app("/.signedin/start")
    ('/orders?page=2&x=1', '/', '/')
    """
    return text if is_own_path(text) and not text.startswith(OF_APPS) else "/"
