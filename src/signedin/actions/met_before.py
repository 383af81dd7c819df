"""Sessions this process has met before: what never changes of them, so that a check asks only whether they live.

No verdict is kept: every check reads the database. No secret either: the key is the token's digest, and only
a session that was alive gets in, so that nobody fills it with guesses.
"""

from __future__ import annotations

from typing import TypeAlias

from signedin.rules.presence import Presence

MOST = 50_000
"""How many in a generation; two are kept, about 400 bytes a session."""

Met: TypeAlias = tuple[Presence, int]
"""Who it is, and a use of theirs in microseconds: the last one can only have been later."""


class MetBefore:
    """Sessions by the digest of their token: the account, the row's id, the app type, when it began, one use."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._young: dict[bytes, Met] = {}
        self._old: dict[bytes, Met] = {}

    def find(self, digest: bytes) -> Met | None:
        """Whose token this is, if this process has met it; whether it still signs in is another question."""
        found = self._young.get(digest)
        if found is None and digest in self._old:
            found = self._old[digest]
            self.add(digest, *found)
        return found

    def add(self, digest: bytes, presence: Presence, used_at: int) -> None:
        """Remember whose token this is; when there are too many, those not met for longest go."""
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        self._young[digest] = presence, used_at

    def drop(self, digest: bytes) -> None:
        """Forget a session that has ended."""
        self._young.pop(digest, None)
        self._old.pop(digest, None)

    def forget_all(self) -> None:
        """Meet everybody anew."""
        self._young, self._old = {}, {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
