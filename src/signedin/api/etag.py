"""A list with its tag: who has it already is told that nothing has changed, and is sent nothing.

It is read anew for each question, so what is told is never stale; the tag saves the way, not the looking.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from litestar.response.base import ASGIResponse

from signedin.api.answering import json_answer
from signedin.api.asking import Ask, arrival_of

LONGEST = 2_000
ANY = "*"
"""In `If-None-Match`: whatever there is, and there always is a list."""
_OF_A_SESSION, _OF_A_KEY = ("last_activity_at", "expires_at"), ("last_used_at", "last_used_from")


def tagged(ask: Ask, value: dict[str, Any]) -> ASGIResponse:
    """The list, or 304 where the one who asks has just that (RFC 9110, 13.1.2).

    What asks is in use by asking: the last use of the current row or of the key that asks, which is the moment of
    the answer, and what follows from it are no part of the tag, which is therefore a weak one.
    A program may keep the answer if it asks each time before it uses it; a browser keeps none (security 14.3.2).
    """
    tag = f'W/"{sha256(json.dumps(_at_rest(ask, value)).encode()).hexdigest()[:32]}"'
    kept = "private, no-cache" if arrival_of(ask).is_bearer else "no-store"
    headers = [("etag", tag), ("cache-control", kept), ("vary", "authorization, cookie")]
    if ask.headers.get("if-none-match", "").strip() == ANY:
        return ASGIResponse(status_code=304, headers=headers)
    if tag in _known(ask):
        return ASGIResponse(status_code=304, headers=headers)
    return json_answer(value, headers=headers)


def _at_rest(ask: Ask, value: dict[str, Any]) -> dict[str, Any]:
    who = arrival_of(ask).recognised
    key_id = who.key_id if who else None

    def moving(item: dict[str, Any]) -> tuple[str, ...]:
        if key_id is not None and item.get("id") == key_id:
            return _OF_A_KEY
        return _OF_A_SESSION if item.get("current") else ()

    items = [
        {name: said for name, said in item.items() if name not in moving(item)} for item in value["items"]
    ]
    return value | {"items": items}


def _known(ask: Ask) -> set[str]:
    """The tags that the one who asks has; compared without regard to weakness, as RFC 9110 has it for this."""
    said = ask.headers.get("if-none-match", "")
    if len(said) > LONGEST:
        return set()
    return {f"W/{tag.removeprefix('W/')}" for tag in map(str.strip, said.split(","))}
