"""The check as it is described: it is answered before any route is looked for (`gate/check.py`)."""

from __future__ import annotations

from signedin.api.call import Call, Caller, Described

_HEADERS = ("Signedin-Account", "Signedin-Session", "Signedin-App-Type", "Signedin-Scopes")
_TOLD = (
    "Who asks, for a proxy or a client library that has to know whether to let them in (docs/in-front.md)."
)
CHECK = Described(
    "GET", "/v1/check",
    Call(Caller.CHECKED, query=("app_type", "scope", "resource"), headers=_HEADERS),
    _TOLD, "check.check",
)  # fmt: skip
