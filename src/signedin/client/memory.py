"""What one process of an app remembers of answers, and until when it may go by them: safe for many threads.

The same memory as a server's (rules/known.py). What differs is how it is filled: the answer comes through a service
that may know less than was heard here already, so it says up to which ending it is true.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from signedin.rules.ending import Ending
from signedin.rules.known import KEY_BYTES, NEVER, Known, KnownSessions
from signedin.rules.presence import Presence


class Memory(KnownSessions):
    """Reading takes no lock: what is answered was true when it was asked. Whatever changes it takes one."""

    def __init__(self, clock: Callable[[], float], heard: Callable[[Ending], None] = lambda _: None) -> None:
        super().__init__(clock)
        self._heard = heard
        self._lock = threading.RLock()
        self._begun = 0

    def asking(self) -> int:
        """To be kept while the service is asked: an answer from before a new beginning is not remembered."""
        return self._begun

    def learned_as_of(self, digest: bytes, known: Known, seq: int, asked: int) -> bool:
        """Remember an answer that reflects every ending up to `seq`, unless more than those are applied here by now.

        Otherwise an ending may be forgotten: it was applied here, through one process of the service, before another
        that had not heard of it answered.
        """
        with self._lock:
            if asked != self._begun or seq < self.applied:
                return False
            self._keep(digest[:KEY_BYTES], known)
            return True

    def told_of(self, digest: bytes, tell: Callable[[int, int, int], object]) -> bool:
        """Tell of a session that is remembered its account, its first proof, and until when it is good.

        Under the lock: what ends afterwards is heard of by whoever was told.
        """
        with self._lock:
            packed = self._by_key.get(digest[:KEY_BYTES])
            if packed is None or not self.may_answer:
                return False
            ready = self._make_ready(digest[:KEY_BYTES], packed)
            if ready.first_proof < self._cut_offs.get(ready.account_id, 0):
                return False
            tell(ready.account_id, ready.first_proof, ready.until)
            return True

    def find_without_lease(self, digest: bytes, moment: int, grace: float) -> Presence | None:
        """Whom this digest signed in when a lease was last held, if that is no longer ago than the grace (P2)."""
        with self._lock:
            packed = self._by_key.get(digest[:KEY_BYTES])
            if packed is None or self._until is NEVER or self._clock() >= self._until + grace:
                return None
            ready = self._make_ready(digest[:KEY_BYTES], packed)
            is_over = moment >= ready.until or ready.first_proof < self._cut_offs.get(ready.account_id, 0)
            return None if is_over else ready.presence

    def renewed(self, sent_at: float, endings: Iterable[Ending], head: int) -> None:
        """As a server's, with nobody remembering anything meanwhile."""
        with self._lock:
            super().renewed(sent_at, endings, head)

    def caught_up(self, endings: Iterable[Ending]) -> None:
        """As a server's, with nobody remembering anything meanwhile."""
        with self._lock:
            super().caught_up(endings)

    def apply(self, ending: Ending) -> None:
        """Forget what has ended, and tell whoever holds a connection open under it: before it is acknowledged."""
        with self._lock:
            super().apply(ending)
        self._heard(ending)

    def start_anew(self, head: int) -> None:
        """As a server's: and what was asked before is not remembered any more."""
        with self._lock:
            self._begun += 1
            super().start_anew(head)
