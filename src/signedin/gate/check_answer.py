"""The answer to a check as it is sent: a status, headers, and a body only where somebody is refused."""

from __future__ import annotations

import json
from typing import NamedTuple

from signedin.rules import problem as problems


class Answer(NamedTuple):
    """What is sent."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = b""


def problem(
    status: int, code: str, sentence: str, hint: str, extra: dict[str, str], *headers: tuple[bytes, bytes]
) -> Answer:
    """An RFC 9457 problem with a stable code, as all of the API answers."""
    body = json.dumps(problems.problem(status, code, sentence, hint, **extra)).encode()
    return Answer(status, ((b"content-type", problems.MEDIA_TYPE.encode()), *headers), body)


NOT_THIS_WAY = problem(
    405, "method_not_allowed", "A check is asked for with GET or HEAD.", "Ask again with GET.", {}, (b"allow", b"GET, HEAD")
)  # fmt: skip
