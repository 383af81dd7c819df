"""The check as it is described: it is answered before any route is looked for (`gate/check.py`)."""

from __future__ import annotations

from typing import Any

from signedin.api.call import Call, Caller, Described
from signedin.rules.feed import (
    ADDRESS_HEADER,
    EPOCH_HEADER,
    GOOD_FOR_HEADER,
    KEY_HEADER,
    QUIET_HEADER,
    SEQ_HEADER,
    ServiceKeyRefused,
)

_LASTING = tuple(name.title() for name in (SEQ_HEADER, EPOCH_HEADER, GOOD_FOR_HEADER))
_HEADERS = ("Signedin-Account", "Signedin-Session", "Signedin-App-Type", "Signedin-Scopes", *_LASTING)
_TOLD = (
    "Who asks, for a proxy or a client library that has to know whether to let them in (docs/in-front.md)."
)


def _sent(name: str, sentence: str, **schema: Any) -> dict[str, Any]:
    """A header that an app sends which asks about its person."""
    return {
        "name": name.title(),
        "in": "header",
        "description": sentence,
        "schema": {"type": "string", **schema},
    }


CHECK = Described(
    "GET", "/v1/check",
    Call(
        Caller.CHECKED, query=("app_type", "scope", "resource", "host"), headers=_HEADERS, refuses=(ServiceKeyRefused,),
    ),
    _TOLD, "check.check",
    (
        _sent(KEY_HEADER, "Of a client library: a service key with the scope `sessions:check` (docs/feed.md). "
              "A proxy takes a client's own away."),
        _sent(ADDRESS_HEADER, "With a service key: where the person is.", examples=["203.0.113.9"]),
        _sent(QUIET_HEADER, "With a service key: this is nobody's activity.", examples=["1"]),
    ),
)  # fmt: skip
