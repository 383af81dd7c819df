"""Wrong passwords as their owner reads of them: what one device tried in a row is one thing that happened."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.session import AppType

QUIET = timedelta(seconds=30)
"""So long after the last attempt a row of them is over."""
LONGEST = timedelta(minutes=10)
"""What goes on for longer is told in parts, so that it is told while it goes on."""
MOST_HELD = 10_000
"""Rows of attempts that one process holds; of what comes beyond them only the log tells."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Whose password was tried, at which application's sign-in, and on what, as far as people are shown that."""

    account_id: AccountId
    app_type: AppType
    device: str
    place: str
    masked_ip: str


@dataclass(frozen=True, slots=True)
class Failed:
    """So many wrong passwords in a row."""

    tried: Tried
    times: int
    first_at: datetime
    last_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether it can be told; also where the clock was set back, so that nothing waits for ever."""
        return not self.last_at <= now < self.last_at + QUIET or now - self.first_at >= LONGEST

    def and_more(self, later: Failed) -> Failed:
        """Both as one."""
        first, last = min(self.first_at, later.first_at), max(self.last_at, later.last_at)
        return Failed(self.tried, self.times + later.times, first, last)

    def event(self) -> Event:
        """The entry of the account's history."""
        tried = self.tried
        facts: dict[str, object] = {
            "why": "wrong_password",
            "attempts": self.times,
            "app_type": tried.app_type.value,
        }
        shown: dict[str, object] = {
            "device": tried.device,
            "place": tried.place,
            "masked_ip": tried.masked_ip,
        }
        return Event(EventKind.SIGN_IN_FAILED, self.last_at, facts=facts, personal=shown)


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows of attempts with one account that are being written; by the `mark` it is known that they were."""

    mark: bytes
    account_id: AccountId
    rows: tuple[Failed, ...]


class FailedSignIns:
    """The wrong passwords that this process has seen and of which it does not know that a history has them."""

    def __init__(self) -> None:
        self._held: dict[AccountId, dict[Tried, Failed]] = {}
        self._taken: dict[bytes, Taken] = {}
        self._count = 0

    def add(self, failed: Failed) -> None:
        """Hold it, as one with what was tried there before; or let it go where too much is held."""
        held = self._held.get(failed.tried.account_id, {})
        before = held.get(failed.tried)
        if before is None and self._count >= MOST_HELD:
            return
        self._count += before is None
        self._held.setdefault(failed.tried.account_id, held)
        held[failed.tried] = before.and_more(failed) if before else failed

    def take(self, now: datetime | None = None, account_id: AccountId | None = None) -> list[Taken]:
        """What is to be written: the rows that are over by then, or all, of one account or of all; the oldest first.

        What was taken before and was not written for certain is among it, with the mark that it had.
        """
        for whose in [account_id] if account_id is not None else list(self._held):
            self._take(whose, now)
        return [each for each in self._taken.values() if account_id in (None, each.account_id)]

    def written(self, taken: Taken) -> None:
        """A history has it: hold it no longer."""
        if self._taken.pop(taken.mark, None) is not None:
            self._count -= len(taken.rows)

    def _take(self, account_id: AccountId, now: datetime | None) -> None:
        held = self._held.get(account_id, {})
        rows = [each for each in held.values() if now is None or each.is_over(now)]
        for each in rows:
            del held[each.tried]
        if not held:
            self._held.pop(account_id, None)
        if rows:
            mark = secrets.token_bytes(16)
            self._taken[mark] = Taken(mark, account_id, tuple(sorted(rows, key=lambda each: each.last_at)))
