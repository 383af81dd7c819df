"""The sessions that one process may answer for from memory, and until when: a server on PostgreSQL, a client library.

What is remembered is trusted only while the lease runs, and the lease is counted only after everything that
ended before it was granted has been applied. Every guard here has a test that turns red without it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple

from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.rules.lease import answers_until
from signedin.rules.living import soon_from
from signedin.rules.moments import MICROSECOND, from_micros
from signedin.rules.presence import Presence
from signedin.rules.session import AppType, SessionId

MOST_KNOWN = 200_000
MOST_READY = 20_000
"""Of those asked about lately, what is answered is kept ready: another 700 bytes each."""
MOST_CUT_OFFS = 50_000
KEY_BYTES = 16
"""Half of the token's digest is enough to tell sessions apart: 128 bits, of a random token."""

NEVER = float("-inf")
_PACKED = struct.Struct("<qqqqqq")
_AGES = 8
_USED_EVERY = timedelta(minutes=1) // MICROSECOND


class Known(NamedTuple):
    """A session as it is remembered: moments and spans in microseconds."""

    account_id: int
    began_at: int
    idle: int
    overall_until: int
    last_at: int
    first_proof: int
    session_id: str
    app_type: str


class _Ready(NamedTuple):
    """What is answered of a session, and from when on another use of it is worth noting."""

    account_id: int
    first_proof: int
    until: int
    soon_from: int
    noted_until: int
    presence: Presence


class KnownSessions:
    """What one process remembers; `clock` is the one that runs through suspend."""

    def __init__(self, clock: Callable[[], float], most: int = MOST_KNOWN) -> None:
        self._clock = clock
        self._most = most
        self._by_key: dict[bytes, bytes] = {}
        self._ring = bytearray()
        self._hand = 0
        self._ready: dict[bytes, _Ready] = {}
        self._used: set[bytes] = set()
        self._cut_offs: dict[int, int] = {}
        self._until = NEVER
        self._changes = 0
        self.applied = -1
        self.hits = 0

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def may_answer(self) -> bool:
        """Whether the lease still runs."""
        return self._clock() < self._until

    @property
    def lease_left(self) -> float:
        """The seconds that the lease still runs; nothing when it has lapsed."""
        return max(0.0, self._until - self._clock())

    def find(self, digest: bytes, moment: int) -> Presence | None:
        """Whom this digest signs in if this process may say so now, in microseconds; `None` means: ask.

        The lease is looked at first and nothing waits in between: what is answered was true at that instant.
        On the path of every request, so written for speed: one look-up finds all that was made ready of a session.
        """
        if self._clock() >= self._until:
            return None
        key = digest[:KEY_BYTES]
        ready = self._ready.get(key) or self._make_ready(key)
        if ready is None:
            return None
        account_id, first_proof, until, soon, _, presence = ready
        if first_proof < self._cut_offs.get(account_id, 0):
            self._drop(key)
            return None
        if moment >= until:
            return None  # perhaps it was used elsewhere: the database knows
        self._used.add(key)
        self.hits += 1
        return presence if moment < soon else presence._replace(expires_soon=True)

    def asking(self) -> int:
        """To be kept while the database is asked: with it the answer can be told to `learned`."""
        return self._changes

    def learned(self, digest: bytes, known: Known, asked: int) -> None:
        """Remember what the database said, unless anything has ended meanwhile: the answer may be older."""
        if asked != self._changes:
            return
        self._keep(digest[:KEY_BYTES], known)

    def used(self, digest: bytes, moment: int) -> None:
        """Note a use that is on disk, to a minute or so: the session does not seem to expire here."""
        key = digest[:KEY_BYTES]
        ready = self._ready.get(key) or self._make_ready(key)
        if ready is not None and moment > ready.noted_until:
            self._keep(key, unpacked(self._by_key[key])._replace(last_at=moment))

    def renewed(self, sent_at: float, endings: Iterable[Ending], head: int) -> None:
        """A renewal has answered: apply what it tells, and only then let the lease count, from its sending."""
        self.caught_up(endings)
        self.applied = max(self.applied, head)
        self._until = max(self._until, answers_until(sent_at))

    def caught_up(self, endings: Iterable[Ending]) -> None:
        """Apply endings in their order: what is applied may be acknowledged, but brings no lease."""
        for ending in endings:
            self.apply(ending)
            self.applied = max(self.applied, ending.seq)

    def apply(self, ending: Ending) -> None:
        """Forget what has ended. May come twice, early or out of order; `applied` is moved by `renewed` alone."""
        self._changes += 1
        if ending.scope == Scope.SESSION or (ending.scope == Scope.RULES and ending.digests):
            for digest in ending.digests:
                self._drop(digest[:KEY_BYTES])
        elif ending.scope == Scope.ACCOUNT:
            self._cut(ending.account_id, ending.cut_off)
        else:
            self._forget_all()

    def start_anew(self, head: int) -> None:
        """Join, or join again after being taken for gone: nothing is known, and there is no lease yet."""
        self._changes += 1
        self._forget_all()
        self._until = NEVER
        self.applied = head

    def give_up(self) -> None:
        """Let the lease go at once: from here on everything is asked."""
        self._until = NEVER

    def _keep(self, key: bytes, known: Known) -> None:
        if key not in self._by_key:
            self._take_place(key)
        self._ready.pop(key, None)  # nothing is ready of what is not remembered just so
        self._by_key[key] = _packed(known)

    def _cut(self, account_id: AccountId, cut_off: int) -> None:
        if len(self._cut_offs) >= MOST_CUT_OFFS:
            self._forget_all()
        self._cut_offs[account_id] = max(cut_off, self._cut_offs.get(account_id, 0))

    def _forget_all(self) -> None:
        self._by_key.clear()
        self._ready.clear()
        self._used.clear()
        self._cut_offs.clear()
        self._ring.clear()
        self._hand = 0

    def _drop(self, key: bytes) -> None:
        self._by_key.pop(key, None)
        self._ready.pop(key, None)
        self._used.discard(key)

    def _make_ready(self, key: bytes) -> _Ready | None:
        packed = self._by_key.get(key)
        if packed is None:
            return None
        if (
            len(self._ready) >= MOST_READY
        ):  # an eighth goes, the longest ready first: no use is slow for all at once
            for old in list(islice(self._ready, MOST_READY // 8)):
                del self._ready[old]
        known = unpacked(packed)
        presence = Presence(
            AccountId(known.account_id), SessionId(known.session_id), AppType(known.app_type),
            from_micros(known.began_at),
        )  # fmt: skip
        until = min(known.overall_until, known.last_at + known.idle)
        soon = soon_from(known.idle, known.last_at)
        noted_until = known.last_at + min(_USED_EVERY, known.idle // 8)
        ready = _Ready(known.account_id, known.first_proof, until, soon, noted_until, presence)
        self._ready[key] = ready
        return ready

    def _take_place(self, key: bytes) -> None:
        """Give it a place on the ring: a new one, or that of one that was not used since the hand last passed.

        A clock with one hand, in plain bytes: a dictionary that lost its first entries is slow to say which is first
        now, and a list would be walked by the collector.
        """
        if len(self._ring) < self._most * KEY_BYTES:
            self._ring += key
            return
        for _ in range(_AGES):
            if self._under_hand() not in self._used:
                break
            self._used.discard(self._under_hand())
            self._hand = (self._hand + 1) % self._most
        self._drop(self._under_hand())
        at = self._hand * KEY_BYTES
        self._ring[at : at + KEY_BYTES] = key
        self._hand = (self._hand + 1) % self._most

    def _under_hand(self) -> bytes:
        at = self._hand * KEY_BYTES
        return bytes(self._ring[at : at + KEY_BYTES])


def make_room(ready: dict[Any, Any], most: int) -> None:
    """Where there are `most` already an eighth goes, the longest ready first: no use is slow for all of them at once."""
    if len(ready) >= most:
        for old in list(islice(ready, most // 8 + 1)):
            del ready[old]


def _packed(known: Known) -> bytes:
    # One bytes object a session: a third of the memory of a tuple, and nothing for the collector to walk.
    return _PACKED.pack(*known[:6]) + f"{known.session_id} {known.app_type}".encode()


def unpacked(packed: bytes) -> Known:
    """A session as it was packed."""
    session_id, _, app_type = packed[_PACKED.size :].decode().partition(" ")
    return Known._make((*_PACKED.unpack_from(packed), session_id, app_type))
