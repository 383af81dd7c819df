"""What a request sends to be recognised by: cookies by exact name, a bearer token, and nothing that is doubtful.

Read alike by the service and by client libraries in other apps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from signedin.rules.secret import BEARER_KINDS, HOST_KINDS, LENGTH, SESSION_KINDS, Kind

LONGEST_COOKIE_HEADER = 16_384
DUPLICATED = "\0duplicated"
"""Stands for a cookie that came twice: nothing that can be read as a token."""
OURS = "sgn_"
"""How every token of ours begins."""
PROVED = "DPoP "
"""Stands before a token that came with the promise of a proof of its key (RFC 9449, section 7.1)."""
_SESSION = f"{OURS}{Kind.SES}_".encode()
_BLANKS = " \t"
"""All that browsers leave out around a name: what else looks like a blank may be another's `__Host-` in disguise."""

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names of our cookies: with the `__Host-` prefix, or plain on loopback http (D18).

    `host` and `start` are those that another host has for its own app: who is signed in, and who has set out there.
    `admin` is that of an operator's session: the door decides which it reads (D5).
    """

    session: str
    browser: str
    form: str
    flash: str
    is_secure: bool
    host: str = ""
    start: str = ""
    admin: str = ""

    @classmethod
    def for_base_url(cls, base_url: str) -> CookieNames:
        """The names that fit the base URL."""
        secure = base_url.startswith("https://")
        prefix = "__Host-" if secure else ""
        session, browser, form, flash, host, start, admin = (
            f"{prefix}signedin{suffix}"
            for suffix in ("", "-browser", "-form", "-notice", "-host", "-start", "-admin")
        )
        return cls(session, browser, form, flash, secure, host, start, admin)


def header(headers: Headers, name: bytes) -> str | None:
    """The first header of that name, or `None`."""
    return next((value.decode("latin-1") for key, value in headers if key == name), None)


def agent_of(headers: Headers) -> str:
    """What the program that asks calls itself; on the path of every request."""
    for name, value in headers:
        if name == b"user-agent":
            return value.decode("latin-1")
    return ""


def cookies(headers: Headers) -> dict[str, str]:
    """The cookies of a request by exact name; one that came twice reads as nothing (security C5).

    >>> cookies([(b"cookie", b"a=1; b=2; a=3")]) == {"a": DUPLICATED, "b": "2"}
    True
    """
    found: dict[str, str] = {}
    lines = cookie_lines(headers)
    if are_too_long(lines):
        return found
    for line in lines:
        for pair in line.decode("latin-1").split(";"):
            name, equals, value = pair.strip(_BLANKS).partition("=")
            if equals:
                found[name] = DUPLICATED if name in found else value
    return found


def sent_credential(headers: Headers, names: CookieNames) -> tuple[str | None, frozenset[Kind]]:
    """What signs in with a request from a program or a proxy, and the kinds of token it may be there.

    A session's cookie, or a bearer token where there is none. One of each of ours is a doubt, and reads as nothing;
    an app's own Authorization header beside the cookie is none of ours.
    """
    by_cookie, by_header = cookies(headers).get(names.session), bearer(headers)
    if by_cookie is None:
        return by_header, BEARER_KINDS if by_header is not None else SESSION_KINDS
    if by_header is not None and by_header.removeprefix(PROVED).startswith(OURS):
        return DUPLICATED, SESSION_KINDS
    return by_cookie, SESSION_KINDS


def digest_at_once(headers: object, sought: bytes) -> bytes | None:
    """The digest of the session's cookie where it stands as browsers send it; `None` means: look closely.

    On the path of every request, so written for speed. `sought` is the cookie's name with its equals sign. Nothing is
    taken that `sent_credential` would not take: one Cookie header, the name in it once, no Authorization beside it,
    and no name of a header that is written in another case.
    """
    if type(headers) is not list:
        return None
    line = None
    for name, value in headers:
        if name == b"cookie":
            if line is not None:
                return None
            line = value
        elif name == b"authorization" or not name.islower():
            return None
    if type(line) is not bytes or len(line) > LONGEST_COOKIE_HEADER:
        return None
    before, found, after = line.partition(sought)
    if not found or sought in after or (before and before[-2:] != b"; "):
        return None  # not there, or not there once
    if len(after) != LENGTH and after[LENGTH : LENGTH + 1] != b";":
        return None
    token = after[:LENGTH]
    return sha256(token).digest() if token.startswith(_SESSION) and token.isascii() else None


def sent_to_host(headers: Headers, names: CookieNames) -> tuple[str | None, frozenset[Kind]]:
    """The same where another host's app is guarded: that host's own cookie, and never that of a session."""
    credential, kinds = sent_credential(headers, replace(names, session=names.host))
    return credential, HOST_KINDS if kinds is SESSION_KINDS else kinds


def bearer(headers: Headers) -> str | None:
    """The bearer token of a request; `DUPLICATED` when Authorization came twice and one of them may be ours.

    One that a proof has to come with is told apart, and nothing that a session signs in with.

    >>> bearer([(b"authorization", b"Bearer sgn_app_1")]), bearer([(b"authorization", b"Basic YTpi")])
    ('sgn_app_1', None)
    """
    lines = [value.decode("latin-1") for key, value in headers if key == b"authorization"]
    if len(lines) != 1:
        return DUPLICATED if any(OURS in line for line in lines) else None
    scheme, _, token = lines[0].partition(" ")
    if scheme.lower() == "dpop":
        return PROVED + token.strip(_BLANKS)
    return token.strip(_BLANKS) if scheme.lower() == "bearer" else None


def cookies_are_too_many(headers: Headers) -> bool:
    """Whether there are so many cookies that none is read."""
    return are_too_long(cookie_lines(headers))


def cookie_lines(headers: Headers) -> list[bytes]:
    """Every Cookie header of a request."""
    return [value for key, value in headers if key == b"cookie"]


def are_too_long(lines: list[bytes]) -> bool:
    """Whether these are so long that none is read."""
    return sum(map(len, lines)) > LONGEST_COOKIE_HEADER
