"""A request as it arrived at the gate: who asks, and what of it opens which door."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from signedin.rules.errors import (
    COOKIES_UNREAD,
    CookiesUnreadable,
    Refused,
    TooManyRequests,
)
from signedin.rules.policy import not_signed_in
from signedin.rules.presence import Absence, Presence, Service
from signedin.rules.scope import not_by_this_key
from signedin.rules.secret import BEARER_KINDS, SESSION_KINDS, Kind


@dataclass(slots=True)
class Arrival:
    """A request as it arrived: who asks, from where, with which cookies, and when.

    `recognised` is a person, by a session or a key of theirs; `service` an app, by a service key. `kinds` are
    those that what they showed may be of, for where it came.

    `elsewhere` is somebody who is signed in but asks from outside the networks of an organisation: nobody here, who
    may log out all the same, because ending what is one's own needs no permission of place.

    `wants_languages` are those that an app has asked for, whose request leads to the page (`ui_locales`).

    A door says `is_quiet` of what is nobody's activity (D15): streams, and the list that a page reads again by
    itself. Nothing that a client sends is believed about it anywhere else.
    """

    recognised: Presence | None
    absence: Absence | None
    address: str
    cookies: dict[str, str] = field(repr=False)
    now: datetime
    credential: str | None = field(default=None, repr=False)
    is_quiet: bool = False
    problem: Refused | None = None
    slowed_until: datetime | None = None
    service: Service | None = None
    kinds: frozenset[Kind] = SESSION_KINDS
    wants_languages: str = ""
    elsewhere: Presence | None = None

    @property
    def is_bearer(self) -> bool:
        """Whether it came in a header of its own, which no other site can make a browser send."""
        return self.kinds is BEARER_KINDS

    @property
    def presence(self) -> Presence | None:
        """Who asks, or `None` for nobody; raised once, so that the page which tells of it is made for nobody.

        Raises:
            DatabaseProblem: it cannot be known, which is never taken for nobody.
        """
        problem, self.problem = self.problem, None
        if problem is not None:
            raise problem
        return self.recognised

    def signed_in(self) -> Presence:
        """Who asks, where a person's session has to: no key opens this door.

        Raises:
            NotSignedIn, CookiesUnreadable, TooManyRequests, DatabaseProblem: as `with_scope`.
            InsufficientPermission: a key asks.
        """
        presence = self._somebody()
        if presence.scopes is not None:
            raise not_by_this_key()
        return presence

    @property
    def leaving(self) -> Presence | None:
        """Whose session in this browser Logout ends, wherever it is asked from; raises as `presence`."""
        return self.presence or self.elsewhere

    def own_session(self) -> Presence:
        """Who logs out by a session, or by the token of one's own app, which has one (D3), wherever they are.

        Raises: as `signed_in`.
        """
        presence = self.leaving or self._somebody()
        if presence.scopes is not None and presence.current_id is None:
            raise not_by_this_key()
        return presence

    def with_scope(self, scope: str) -> Presence:
        """Who asks, where a person has to: by a session, or by a key that holds the scope.

        Raises:
            NotSignedIn: nobody, with the reason (R4).
            CookiesUnreadable: nobody, because of the cookies.
            TooManyRequests: nobody, and many unknown secrets came from there.
            DatabaseProblem: it cannot be known.
            InsufficientPermission: a key without the scope, or one that is no person's.
        """
        presence = self._somebody()
        if presence.scopes is not None and scope not in presence.scopes:
            raise not_by_this_key(scope)
        return presence

    def service_with(self, scope: str) -> Service:
        """Which app asks by a service key that holds the scope.

        Raises: as `with_scope`; a person is refused with InsufficientPermission.
        """
        if self.service is None:
            self._somebody()
            raise not_by_this_key(scope)
        if scope not in self.service.scopes:
            raise not_by_this_key(scope)
        return self.service

    def of_operators(self) -> Presence | Service:
        """Who asks where operators do: a person, whose role the action asks for, or an app by a service key.

        Raises: as `with_scope`.
        """
        return self.service if self.service is not None else self._somebody()

    def _somebody(self) -> Presence:
        presence = self.presence
        if presence is not None:
            return presence
        if self.service is not None:
            raise not_by_this_key()
        if self.slowed_until is not None:
            raise TooManyRequests(self.slowed_until)
        self.refuse_unread_cookies()
        raise not_signed_in(self.absence.reason if self.absence else "missing")

    def refuse_unread_cookies(self) -> None:
        """Say so, where nobody can be recognised because of the cookies.

        Raises:
            CookiesUnreadable: there are too many of them, or one of ours came twice.
        """
        if self.absence is not None and self.absence.reason in COOKIES_UNREAD:
            raise CookiesUnreadable(self.absence.reason)
