"""Passwords: one in, a hash kept, a guess judged - by one polite thread, so that checks never wait."""

from __future__ import annotations

import asyncio
import os
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from signedin.rules.old_hash import read_hash
from signedin.rules.password import CommonPasswords
from signedin.store.old_hashes import Costliest, matches

T = TypeVar("T")
MOST_WAITING = 16
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""OWASP's parameters: 19 MiB, two passes, one lane; about 20 ms, 44 a second on one core."""


class HashingBusy(Exception):
    """Too many passwords wait to be hashed."""


class Verdict(NamedTuple):
    """Whether a guess was right, and whether its hash should be made anew."""

    ok: bool
    needs_rehash: bool = False


class PasswordHasher:
    """argon2id in one worker thread at the lowest priority, with a bounded queue in front of it."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._argon2 = Argon2(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._thread = ThreadPoolExecutor(1, "signedin-passwords", initializer=_be_nice)
        self._most = most_waiting + 1  # and the one that is being hashed
        self._inside = 0
        self._counting = threading.Lock()
        self._dummy = self._argon2.hash("nobody's password, for unknown accounts")
        self._ours = self._dummy.rpartition("$")[0].rpartition("$")[0] + "$"

    async def hash(self, password: str) -> str:
        """A hash to keep.

        Raises:
            HashingBusy: too many wait already.
        """
        return await self._in_turn(lambda: self.hash_now(password))

    async def verify(
        self, hashed: str | None, password: str, costliest: Costliest = MappingProxyType({})
    ) -> Verdict:
        """Judge a guess; with no hash the same work is done for nothing (security 6.3.8).

        `costliest` are the hashes of other apps that are here: where some are, everybody's sign-in works for them.

        Raises:
            HashingBusy: too many wait already.
        """
        return await self._in_turn(lambda: self.verify_now(hashed, password, costliest))

    def hash_now(self, password: str) -> str:
        """The same as `hash`, in the caller's thread."""
        return self._argon2.hash(prepared(password))

    def verify_now(
        self, hashed: str | None, password: str, costliest: Costliest = MappingProxyType({})
    ) -> Verdict:
        """The same as `verify`, in the caller's thread. A hash that cannot be read lets nobody in."""
        old = None if hashed is None or self.is_ours(hashed) else read_hash(hashed)
        verdict = self._verify_own(hashed if old is None else None, password)
        # Another app has hashed the password as it was typed; we, by earlier parameters, as it is prepared here.
        ways = {password.encode("utf-8", "surrogatepass"), prepared(password)}
        is_right = True in [matches(old, guess, costliest) for guess in sorted(ways)]  # all are worked
        return verdict if old is None else Verdict(ok=is_right, needs_rehash=is_right)

    def _verify_own(self, hashed: str | None, password: str) -> Verdict:
        try:
            self._argon2.verify(self._dummy if hashed is None else hashed, prepared(password))
        except VerifyMismatchError:
            return Verdict(ok=False)
        except (InvalidHashError, VerificationError):
            if hashed is None:
                raise  # no memory, say: that is nobody's wrong password
            return self._verify_own(None, password)
        return Verdict(ok=hashed is not None)

    def is_ours(self, hashed: str) -> bool:
        """Whether a hash is made as we make them now."""
        return hashed.startswith(self._ours)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        with self._counting:
            if self._inside >= self._most:
                raise HashingBusy
            self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            with self._counting:
                self._inside -= 1

    def close(self) -> None:
        """Let the thread go; who still waits is told so by a cancellation."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def prepared(password: str) -> bytes:
    """The bytes that are hashed, never cut.

    NFKC, as NIST SP 800-63B-4 recommends, so that every keyboard's way to type a password is the same; a lone
    half of a character, which no keyboard makes but a program can send, is hashed as it is.
    """
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _be_nice() -> None:
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


@cache
def common_passwords() -> CommonPasswords:
    """The words that people's passwords are made of, from zxcvbn's lists, with how early each is guessed."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # large: only when a password is first judged

    ranks: dict[str, int] = {}
    for words in FREQUENCY_LISTS.values():
        for rank, word in enumerate(words, 1):
            folded = word.casefold()
            ranks[folded] = min(rank, ranks.get(folded, rank))
    said = Path(__file__).with_name("famous_passwords.txt").read_text(encoding="utf-8").splitlines()[1:]
    return ranks | {word.casefold(): rank for rank, word in enumerate(said, 1)}
