"""One address, one spelling: what is spelled otherwise is no address of ours.

The framework takes `//v1/x` and `/v1/x/` for `/v1/x`; whoever counts calls, looks at a credential or lets an origin in
compares the path. So that all of them see the same, nothing behind this sees a path that is spelled otherwise.
"""

from __future__ import annotations

import re
from posixpath import normpath

from signedin.gate.middleware import App, Receive, Scope, Send

NO_CALL, NO_PAGE = "/v1/no-such-call", "/no-such-page"
"""Where it is passed on to instead: nothing is there, and that is said to a program or to people."""
_SPELLED = re.compile(r"/|(?:/(?!\.{1,2}(?:/|\Z))[^/\\\x00]+)+")
_SLASH_IN_DISGUISE = re.compile(rb"%(?:2f|5c|00)", re.IGNORECASE)
_OF_PROGRAMS = frozenset({"v1", "health"})


class Spelling:
    """ASGI middleware in front of everything but the check, which answers to its own path alone."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; what is spelled otherwise, as something that is not there."""
        if scope["type"] == "http" and not _is_spelled_right(scope):
            nowhere = _nowhere(scope["path"])
            scope = {**scope, "path": nowhere, "raw_path": nowhere.encode()}
        await self._app(scope, receive, send)


def _is_spelled_right(scope: Scope) -> bool:
    """No empty part, none of dots alone, no slash at the end, no backslash or NUL, no slash as an escape."""
    raw = (scope.get("raw_path") or b"").partition(b"?")[0]
    return _SPELLED.fullmatch(scope["path"]) is not None and not _SLASH_IN_DISGUISE.search(raw)


def _nowhere(path: str) -> str:
    """Who asks, by where the path would lead however it is spelled (`is_program`, server/refusals.py)."""
    parts = normpath(re.sub(r"[/\\\x00]+", "/", f"/{path}")).split("/")
    is_programs = parts[1] in _OF_PROGRAMS or parts[-1] == "events"
    return NO_CALL if is_programs else NO_PAGE
