"""A program's request: who asks, and whether a change may be asked for like this."""

from __future__ import annotations

from typing import Any

from litestar import Request

from signedin.actions.appoint import who_asks
from signedin.gate.arrival import Arrival
from signedin.gate.credentials import CLEAR_SITE_DATA, set_cookie
from signedin.gate.keep import Kept
from signedin.gate.same_site import came_from_ourselves
from signedin.rules import errors
from signedin.rules.operator import Deed
from signedin.rules.presence import Presence, Service
from signedin.rules.sent import header

Ask = Request[Any, Any, Any]
_OF_FORMS = frozenset({"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})


def arrival_of(ask: Ask) -> Arrival:
    """What the gate recognised of this request."""
    arrival: Arrival = ask.scope["signedin"]  # type: ignore[typeddict-item]  # put there by gate/middleware.py
    return arrival


def signed_in(ask: Ask) -> Presence:
    """Who asks.

    Raises:
        NotSignedIn: nobody; 401 with the reason (R4).
    """
    return arrival_of(ask).signed_in()


def with_scope(ask: Ask, scope: str) -> Presence:
    """Who asks: a person by a session, or by a key of theirs that holds the scope.

    Raises:
        NotSignedIn: nobody; 401 with the reason (R4).
        InsufficientPermission: the key does not hold it, or is no person's.
    """
    return arrival_of(ask).with_scope(scope)


async def operator_asks(ask: Ask, kept: Kept, deed: Deed) -> Presence | Service:
    """Who asks where operators do, if they may do that; asked again in the transaction that does it.

    Raises:
        NotSignedIn: nobody; 401 with the reason (R4).
        RoleNeeded, InsufficientPermission: without the role or the scope.
    """
    asking = arrival_of(ask).of_operators()
    await who_asks(kept.means, asking, deed)
    return asking


def changes_from_ourselves(ask: Ask, kept: Kept, *, is_logout: bool = False) -> None:
    """Refuse a change that a cookie signs and another site may have asked for (security CSRF-2, CSRF-3).

    A bearer header is put there by who holds the token, and by no other site. Logout is asked for from anywhere.

    Raises:
        CrossSite: it did not come from one of our own pages, or it is what a plain form can send.
    """
    if arrival_of(ask).is_bearer:
        return
    _ = arrival_of(ask).own_session() if is_logout else signed_in(ask)
    headers = ask.scope["headers"]
    kind = (header(headers, b"content-type") or "").partition(";")[0].strip().lower()
    if kind in _OF_FORMS or not came_from_ourselves(headers, kept.base_url):
        raise errors.CrossSite


def ended_here(kept: Kept) -> list[tuple[str, str]]:
    """The headers after which a browser that used the API has forgotten its session (D18)."""
    return [CLEAR_SITE_DATA, ("set-cookie", set_cookie(kept.names, kept.names.session, "", max_age=0))]
