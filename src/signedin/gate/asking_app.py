"""A client library asks `/v1/check`: by which key, about whom, and what it is told beyond yes or no (docs/feed.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from signedin.actions.ask import Lasting
from signedin.actions.authenticate_key import authenticate_key
from signedin.actions.means import Means
from signedin.rules.feed import (
    ADDRESS_HEADER,
    EPOCH_HEADER,
    GOOD_FOR_HEADER,
    KEY_HEADER,
    QUIET_HEADER,
    SEQ_HEADER,
    ServiceKeyRefused,
)
from signedin.rules.location import normalise_address
from signedin.rules.presence import Service
from signedin.rules.sent import Headers, header
from signedin.rules.session import AppType

SERVICE_KEY, PERSONS_ADDRESS, QUIET = KEY_HEADER.encode(), ADDRESS_HEADER.encode(), QUIET_HEADER.encode()
OF_AN_APP = frozenset({SERVICE_KEY, PERSONS_ADDRESS, QUIET})
"""The headers in which an app tells of itself and its person."""
SCOPE = "sessions:check"
OWN_APP = "signedin.own_app"
"""Stands in the scope of a check that an app in this process makes (server/within.py): no client can write there."""


async def refuse_without_right(
    means: Means, headers: Headers, app_types: Iterable[AppType], now: datetime
) -> None:
    """Refuse whoever asks without a living service key that may check sessions of these app types.

    Raises:
        ServiceKeyRefused: so it is. Never 401, which says that the *person* is not signed in.
        DatabaseProblem, Unavailable: it cannot be known.
    """
    found = await authenticate_key(means, header(headers, SERVICE_KEY) or "", now)
    if (
        not isinstance(found, Service)
        or SCOPE not in found.scopes
        or not found.app_types.issuperset(app_types)
    ):
        raise ServiceKeyRefused(scope=SCOPE)


def is_own_app(scope: Mapping[str, Any]) -> bool:
    """Whether one's own app asks, in this process or by its service key, which was looked at before."""
    return bool(scope.get(OWN_APP)) or header(scope["headers"], SERVICE_KEY) is not None


def persons_address(headers: Headers) -> str:
    """Where the person is, as their app says who has shown its key; empty when it says nothing that is an address."""
    return normalise_address(header(headers, PERSONS_ADDRESS) or "") or ""


def said_lasting(lasting: Lasting | None, *, is_quiet: bool) -> list[tuple[bytes, bytes]]:
    """What a client library needs to answer from memory: what was asked quietly counts as no use of now."""
    if lasting is None:
        return []
    said = {
        SEQ_HEADER: lasting.seq,
        EPOCH_HEADER: lasting.first_proof,
        GOOD_FOR_HEADER: lasting.good_unused_for if is_quiet else lasting.good_for,
    }
    return [(name.encode(), b"%d" % value) for name, value in said.items()]
