"""What a program is told that is refused: an RFC 9457 problem with a stable code, by whoever answers."""

from __future__ import annotations

from typing import Any

MEDIA_TYPE = "application/problem+json"


def problem(status: int, code: str, sentence: str, hint: str, **more: str | None) -> dict[str, Any]:
    """The problem as a value for JSON; `more` is what there is beside, like the reason or the field.

    >>> problem(410, "link_expired", "This link does not work any more.", "", field=None)["code"]
    'link_expired'
    """
    told = {"type": "about:blank", "title": sentence, "status": status, "code": code, "detail": hint}
    return told | {name: value for name, value in more.items() if value}
