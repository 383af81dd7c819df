"""How an authorization request is answered: the client's own address, with what it is told (RFC 6749, 4.1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def answer_address(redirect_uri: str, told: Mapping[str, str]) -> str:
    """The redirect address with what the client is told; its own query stays (RFC 6749, section 3.1.2).

    >>> answer_address("https://app.example.org/back?x=1", {"code": "a b", "state": ""})
    'https://app.example.org/back?x=1&code=a%20b'
    """
    query = urlencode({name: value for name, value in told.items() if value}, quote_via=quote)
    if redirect_uri.endswith(("?", "&")):
        return redirect_uri + query
    return f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{query}"


def host_of(redirect_uri: str) -> str:
    """What a consent is remembered for: the host, of a loopback address with no port, of an app's own scheme the scheme.

    >>> host_of("https://app.example.org:8443/back"), host_of("http://127.0.0.1:51004/"), host_of("org.example.app:/x")
    ('app.example.org:8443', '127.0.0.1', 'org.example.app:')
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:"
    return (parts.hostname or "") if parts.hostname in LOOPBACK else parts.netloc


def is_assured(redirect_uri: str) -> bool:
    """Whether only who holds the host gets what is sent there: not an address that any app of a machine may take."""
    return redirect_uri.startswith("https://")


def form_target(redirect_uri: str) -> str:
    """The redirect address as Content-Security-Policy names it in `form-action`: that very origin, or that scheme.

    A policy cannot name an IPv6 address; http is as near as it comes.

    >>> form_target("https://app.example.org/back?x=1"), form_target("org.example.app:/back")
    ('https://app.example.org', 'org.example.app:')
    >>> form_target("http://127.0.0.1:51004/back"), form_target("http://[::1]:51004/back")
    ('http://127.0.0.1:51004', 'http:')
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}:"
    return "http:" if parts.netloc.startswith("[") else f"{parts.scheme}://{parts.netloc}"
