"""The name of the cookie that sessions come in: the service's own, which need not be that of the address it is asked at.

An app may reach the service by an inner address, `http://127.0.0.1:8000`, while browsers hold the cookie of the
address that people use. So the service tells the name; until it has, whatever may be the cookie is asked about.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from signedin.client.answers import NotSignedIn
from signedin.client.asking import Credential, GivenHeaders, credential_of, pairs_of
from signedin.rules.secret import digest
from signedin.rules.sent import OURS, PROVED, CookieNames, bearer, header

_EITHER = (CookieNames.for_base_url("https://"), CookieNames.for_base_url("http://"))
_A_NAME = re.compile(r"[0-9A-Za-z_.-]{1,100}")
log = logging.getLogger("signedin.client")


class SessionCookie:
    """Which cookie is sought: the one that the app has named, or else the one that the service tells.

    `sought` is its name with its equals sign, for who looks for it at once.
    """

    def __init__(self, base_url: str, given: str | None = None) -> None:
        self._is_given = self._is_known = given is not None
        self._is_warned = False
        self.names = CookieNames.for_base_url(base_url)
        self._seek(given or self.names.session)

    def told(self, name: object) -> None:
        """The service has told the name; one of before names tells none, and then its address has to say it."""
        if isinstance(name, str) and _A_NAME.fullmatch(name) and name != self.names.session:
            if not self._is_given:
                self._seek(name)
            elif not self._is_warned:
                self._is_warned = True
                log.warning("sessions are sought in %s; the service's are in %s", self.names.session, name)
        self._is_known = True

    def credential(self, headers: GivenHeaders, scope: str = "") -> Credential | NotSignedIn:
        """What signs in with these headers, read exactly as the service reads them; what it cannot be costs no question."""
        if self._is_known:
            return credential_of(headers, self.names, scope=scope)
        return _whichever(headers, scope)

    def _seek(self, name: str) -> None:
        self.names = replace(self.names, session=name)
        self.sought = f"{name}=".encode()


def _whichever(headers: GivenHeaders, scope: str) -> Credential | NotSignedIn:
    """What signs in by either name: shown to the service as it came, which takes what is its own.

    More than one of ours is neither told apart nor remembered here.
    """
    pairs = list(pairs_of(headers))
    cookies = [pair for pair in pairs if pair[0] == b"cookie"]
    rest = [pair for pair in pairs if pair[0] != b"cookie"]
    found = {names.session: credential_of(cookies, names) for names in _EITHER}
    by_header = credential_of(rest, _EITHER[0], scope=scope)
    by_cookie = {name: each for name, each in found.items() if isinstance(each, Credential)}
    if not by_cookie:
        if isinstance(by_header, Credential):
            return by_header
        refused = [each for each in (*found.values(), by_header) if isinstance(each, NotSignedIn)]
        return next((each for each in refused if each.reason != "missing"), by_header)
    shown = [("cookie", "; ".join(f"{name}={each.token}" for name, each in by_cookie.items()))]
    if (bearer(rest) or "").removeprefix(PROVED).startswith(OURS):
        shown.append(("authorization", header(rest, b"authorization") or ""))
    elif len(by_cookie) == 1:
        [one] = by_cookie.values()
        return one._replace(shown=tuple(shown))
    return Credential("", digest(repr(shown)), by_cookie=False, is_session=False, shown=tuple(shown))
