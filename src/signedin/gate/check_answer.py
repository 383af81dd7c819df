"""The answer to a check as it is sent: a status, headers, and a body only where somebody is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple

from signedin.gate.answers import challenge, retry_after, status_of
from signedin.rules import problem as problems
from signedin.rules.errors import InsufficientPermission, InvalidInput, Refused, Unavailable
from signedin.rules.known import make_room
from signedin.rules.policy import OutsideNetworks, admits, not_signed_in
from signedin.rules.presence import Presence
from signedin.rules.scope import not_by_this_key
from signedin.rules.session import AppType, SessionId

EVERYTHING = b"*"
"""What `Signedin-Scopes` says of a session: whatever its person may do. No header is ever empty: proxies drop those."""
NONE = b"-"
"""What stands in a header that has nothing to say: a key has no session and no app type."""
MOST_READY = 10_000
"""Sessions whose answer is kept ready: some 700 bytes each."""


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


class LetIn:
    """What those who are let in by a session are told, kept ready for whoever came lately."""

    def __init__(self, most: int = MOST_READY) -> None:
        self._most = most
        self._ready: dict[SessionId, tuple[Presence, Answer]] = {}

    def told(self, found: Presence, session: SessionId) -> Answer:
        """The answer to who was found: made anew when anything was found anew."""
        ready = self._ready.get(session)
        if ready is not None and ready[0] is found:
            return ready[1]
        make_room(self._ready, self._most)
        answer = let_in(found)
        self._ready[session] = found, answer
        return answer


def let_in(found: Presence) -> Answer:
    """Yes, and who it is."""
    account, session = found.told_as.encode(), found.current_id.encode() if found.current_id else NONE
    return Answer(
        200,
        (
            (b"signedin-account", account),
            (b"signedin-session", session),
            (b"signedin-app-type", found.app_type.value.encode() if found.app_type else NONE),
            (
                b"signedin-scopes",
                EVERYTHING if found.scopes is None else " ".join(sorted(found.scopes)).encode(),
            ),
        ),
    )


@lru_cache(maxsize=64)
def known_to_be_bad(reason: str) -> Answer:
    """No, and why."""
    said = (b"www-authenticate", f'Session error="{reason}"'.encode())
    return _refused(not_signed_in(reason), {"reason": reason}, said)


def unfit(found: Presence, app_types: Container[AppType | None], where: Callable[[], str]) -> Answer | None:
    """No to somebody who is signed in: elsewhere, or not from where their organisation lets them come from."""
    if found.app_type not in app_types:
        return known_to_be_bad("wrong_app_type")
    is_there = not found.networks or admits(found.networks, where())
    return None if is_there else known_to_be_bad(OutsideNetworks.code)


@lru_cache(maxsize=64)
def without_scope(needed: str) -> Answer:
    """No: a key that does not hold these scopes."""
    return no_right(not_by_this_key(needed))


def no_right(refusal: InsufficientPermission) -> Answer:
    """No: whoever asks may not."""
    return _refused(refusal, {}, *((name.encode(), value.encode()) for name, value in challenge(refusal)))


def mistaken(mistake: InvalidInput) -> Answer:
    """No: the question itself makes no sense."""
    return _refused(mistake, {"field": mistake.field})


def _refused(refusal: Refused, extra: dict[str, str], *headers: tuple[bytes, bytes]) -> Answer:
    return problem(status_of(refusal), refusal.code, refusal.sentence, refusal.hint, extra, *headers)


@cache
def unavailable() -> Answer:
    """It cannot be known."""
    refusal = Unavailable()
    return _refused(refusal, {}, (b"retry-after", b"%d" % (retry_after(refusal, datetime.now(UTC)) or 1)))


NOT_THIS_WAY = problem(
    405, "method_not_allowed", "A check is asked for with GET or HEAD.", "Ask again with GET.", {}, (b"allow", b"GET, HEAD")
)  # fmt: skip
