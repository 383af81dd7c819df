"""What one process of an app remembers of answers, and until when it may go by them: safe for many threads.

The same memory as a server's (rules/known.py). What differs is how it is filled: the answer comes through a service
that may know less than was heard here already, so it says up to which ending it is true.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

from signedin.client.answers import SignedIn
from signedin.rules.ending import Ending
from signedin.rules.known import KEY_BYTES, MOST_READY, NEVER, Known, KnownSessions, make_room, unpacked
from signedin.rules.session import SessionId

SECOND = 1_000_000


class Recalled(NamedTuple):
    """Somebody who is remembered: what an app is told, and what the use of it is noted by."""

    who: SignedIn
    account_id: int
    session: SessionId


_Kept = tuple[Recalled, int, float]
"""What is said of a session, its first proof, and until when it is good."""


class Memory(KnownSessions):
    """Reading takes no lock: what is answered was true when it was asked. Whatever changes it takes one."""

    def __init__(self, clock: Callable[[], float], heard: Callable[[Ending], None] = lambda _: None) -> None:
        super().__init__(clock)
        self._heard = heard
        self._lock = threading.RLock()
        self._begun = 0
        self._kept: dict[bytes, _Kept] = {}

    def recall(self, digest: bytes, now: float | None = None) -> Recalled | None:
        """Whom this digest signs in, if this process may say so now; `None` means: ask.

        `now` is for who has just looked at the same clock, and needs what it said.

        On the path of every request, so written for speed: one look-up finds all that was made ready of a session.
        The lease is looked at first and nothing waits in between: what is answered was true at that instant.
        """
        if now is None:
            now = self._clock()
        if now >= self._until:
            return None
        key = digest[:KEY_BYTES]
        kept = self._kept.get(key) or self._made_ready(key)
        if kept is None:
            return None
        recalled, first_proof, until = kept
        if now >= until or first_proof < self._cut_offs.get(recalled[1], 0):
            return None
        self._used.add(key)
        return recalled

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

    def told_of(self, digest: bytes, tell: Callable[[int, int, float], object]) -> bool:
        """Tell of a session that is remembered its account, its first proof, and until when it is good.

        Under the lock: what ends afterwards is heard of by whoever was told.
        """
        with self._lock:
            kept = self._made_ready(digest[:KEY_BYTES])
            if kept is None or not self.may_answer:
                return False
            recalled, first_proof, until = kept
            if first_proof < self._cut_offs.get(recalled.account_id, 0):
                return False
            tell(recalled.account_id, first_proof, until)
            return True

    def recall_without_lease(self, digest: bytes, grace: float) -> SignedIn | None:
        """Whom this digest signed in when a lease was last held, if that is no longer ago than the grace (P2)."""
        with self._lock:
            kept, now = self._made_ready(digest[:KEY_BYTES]), self._clock()
            if kept is None or self._until is NEVER or now >= self._until + grace:
                return None
            recalled, first_proof, until = kept
            is_over = now >= until or first_proof < self._cut_offs.get(recalled.account_id, 0)
            return None if is_over else recalled.who

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

    def _keep(self, key: bytes, known: Known) -> None:
        super()._keep(key, known)
        self._kept.pop(key, None)

    def _forget_all(self) -> None:
        super()._forget_all()
        self._kept.clear()

    def _drop(self, key: bytes) -> None:
        super()._drop(key)
        self._kept.pop(key, None)

    def _made_ready(self, key: bytes) -> _Kept | None:
        """Under the lock: what is forgotten while this is made would otherwise stay ready, and be answered."""
        with self._lock:
            packed = self._by_key.get(key)
            if packed is None:
                return None
            make_room(self._kept, MOST_READY)
            known = unpacked(packed)
            who = SignedIn(str(known.account_id), known.session_id, known.app_type)
            recalled = Recalled(who, known.account_id, SessionId(known.session_id))
            kept = self._kept[key] = (recalled, known.first_proof, known.overall_until / SECOND)
            return kept
