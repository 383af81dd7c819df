"""A program's request: who asks, and whether a change may be asked for like this."""

from __future__ import annotations

from typing import Any

from litestar import Request

from signedin.gate.keep import Kept
from signedin.gate.middleware import Arrival
from signedin.gate.same_site import came_from_ourselves
from signedin.rules import errors
from signedin.rules.presence import Presence

Ask = Request[Any, Any, Any]


def arrival_of(ask: Ask) -> Arrival:
    """What the gate recognised of this request."""
    arrival: Arrival = ask.scope["signedin"]  # type: ignore[typeddict-item]  # put there by gate/middleware.py
    return arrival


def signed_in(ask: Ask) -> Presence:
    """Who asks.

    Raises:
        NotSignedIn: nobody; 401 with the reason (R4).
    """
    arrival = arrival_of(ask)
    if arrival.presence is None:
        raise errors.NotSignedIn(arrival.absence.reason if arrival.absence else "missing")
    return arrival.presence


def changes_from_ourselves(ask: Ask, kept: Kept) -> None:
    """Refuse a change that a cookie signs and another site may have asked for (security CSRF-2).

    Raises:
        CrossSite: it did not come from one of our own pages.
    """
    signed_in(ask)
    if not came_from_ourselves(ask.scope["headers"], kept.base_url):
        raise errors.CrossSite
