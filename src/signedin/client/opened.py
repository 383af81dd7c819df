"""Connections that an app holds open under sessions: closed within a second of the session's end (P5).

By what is heard while a lease runs. When none does, or a session's own time may be over, each is asked about again;
what cannot be known is closed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from signedin.client.answers import NotSignedIn, SignedIn
from signedin.client.asking import Question
from signedin.rules.ending import Ending, Scope
from signedin.rules.known import KEY_BYTES

CLOSE_WITHIN = 1.0
T = TypeVar("T")
log = logging.getLogger("signedin.client")


class Open:
    """One connection; `reason` is set when it has to be closed, before `close` is called."""

    def __init__(self, digest: bytes, question: Question, close: Callable[[str], object]) -> None:
        self.digest = digest
        self.key = digest[:KEY_BYTES]
        self.question = question
        self.account_id = 0
        self.first_proof = 0
        self.ask_at = 0.0
        self.good_until = 0.0
        self.reason: str | None = None
        self._close = close
        self._lock = threading.Lock()

    def is_under(self, account_id: int, first_proof: int, good_until: float) -> None:
        """What is known of its session: until then nothing but an ending has to be heard of."""
        self.account_id, self.first_proof, self.ask_at = account_id, first_proof, good_until

    def was_asked(self, at: float) -> None:
        """The service has said so, asked at that moment: for a second that is enough, whatever else is known."""
        self.good_until = max(self.good_until, at + CLOSE_WITHIN)

    def lives_on(self, found: SignedIn | NotSignedIn, asked_at: float) -> bool:
        """Whether its session lives, by an answer that was asked for at that moment; otherwise it is closed."""
        if isinstance(found, NotSignedIn):
            self.end(found.reason)
        else:
            self.was_asked(asked_at)
        return self.reason is None

    def end(self, reason: str) -> None:
        """Close it, once, whoever says so first."""
        with self._lock:
            if self.reason is not None:
                return
            self.reason = reason
        told(self._close, reason)


class Opened:
    """All of one process, by the session they are under."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, set[Open]] = {}
        self._lock = threading.Lock()
        self.listeners: list[Callable[[Ending], object]] = []

    def __len__(self) -> int:
        return sum(map(len, self._by_key.values()))

    def add(self, one: Open) -> None:
        """Hold it open."""
        with self._lock:
            self._by_key.setdefault(one.key, set()).add(one)

    def remove(self, one: Open) -> None:
        """It was closed by whoever opened it."""
        with self._lock:
            mine = self._by_key.get(one.key, set())
            mine.discard(one)
            if not mine:
                self._by_key.pop(one.key, None)

    def heard(self, ending: Ending) -> None:
        """Close what has ended; of an ending of a kind that is not known here everything is asked about."""
        for one in list(self._reached(ending)):
            one.end("ended")
        for listener in self.listeners:
            told(listener, ending)

    def due(self, now: float) -> list[list[Open]]:
        """Those whose session has to be asked about now: together from each address, and those first that wait longest."""
        found: dict[bytes, list[Open]] = {}
        for one in self._all():
            if one.ask_at <= now and one.reason is None:
                found.setdefault(one.question.flight_key, []).append(one)
        return sorted(found.values(), key=lambda many: min(one.good_until for one in many))

    def ask_all(self) -> None:
        """Nothing is known any more of any of them."""
        for one in self._all():
            one.ask_at = 0.0

    def _reached(self, ending: Ending) -> Iterator[Open]:
        if ending.scope == Scope.SESSION:
            with self._lock:
                yield from [
                    one for digest in ending.digests for one in self._by_key.get(digest[:KEY_BYTES], ())
                ]
        elif ending.scope == Scope.ACCOUNT:
            for one in self._all():
                if one.account_id == ending.account_id and one.first_proof < ending.cut_off:
                    yield one
        else:
            self.ask_all()

    def _all(self) -> list[Open]:
        with self._lock:
            return [one for many in self._by_key.values() for one in many]


def told(listener: Callable[[T], object], news: T) -> None:
    """Tell an app; what goes wrong in it keeps nobody else from being told, and the lease from nothing."""
    try:
        listener(news)
    except Exception:
        log.exception("what an app does at the end of a session went wrong")
