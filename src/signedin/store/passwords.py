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
from typing import NamedTuple, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")
MOST_WAITING = 16
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
"""OWASP's parameters: 19 MiB, two passes, one lane."""


class HashingBusy(Exception):
    """Too many passwords wait to be hashed."""


class Verdict(NamedTuple):
    """Whether a guess was right, and whether its hash should be made anew."""

    ok: bool
    needs_rehash: bool = False


class PasswordHasher:
    """argon2id in one worker thread at the lowest priority, with a bounded queue."""

    def __init__(self) -> None:
        self._argon2 = Argon2(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._thread = ThreadPoolExecutor(1, "signedin-passwords", initializer=_be_nice)
        self._waiting = 0
        self._count = threading.Lock()
        self._dummy = self._argon2.hash("nobody's password, for unknown accounts")

    async def hash(self, password: str) -> str:
        """A hash to keep.

        Raises:
            HashingBusy: too many wait already.
        """
        return await self._in_turn(lambda: self.hash_now(password))

    async def verify(self, hashed: str | None, password: str) -> Verdict:
        """Judge a guess; with no hash the same work is done for nothing (security 6.3.8).

        Raises:
            HashingBusy: too many wait already.
        """
        return await self._in_turn(lambda: self.verify_now(hashed, password))

    def hash_now(self, password: str) -> str:
        """The same as `hash`, in the caller's thread."""
        return self._argon2.hash(prepared(password))

    def verify_now(self, hashed: str | None, password: str) -> Verdict:
        """The same as `verify`, in the caller's thread."""
        try:
            self._argon2.verify(hashed or self._dummy, prepared(password))
        except (VerificationError, InvalidHashError):
            return Verdict(ok=False)
        if hashed is None:
            return Verdict(ok=False)
        return Verdict(ok=True, needs_rehash=self._argon2.check_needs_rehash(hashed))

    async def _in_turn(self, work: Callable[[], T]) -> T:
        with self._count:
            if self._waiting >= MOST_WAITING:
                raise HashingBusy
            self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            with self._count:
                self._waiting -= 1

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def prepared(password: str) -> str:
    """The form that is hashed: normalised, so that every keyboard's way to type it is the same; never cut."""
    return unicodedata.normalize("NFKC", password)


def _be_nice() -> None:
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


@cache
def common_passwords() -> frozenset[str]:
    """The words that people's passwords are made of, from zxcvbn's lists, in lower case."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # large: only when a password is first judged

    return frozenset(word.casefold() for words in FREQUENCY_LISTS.values() for word in words)
