"""Wrong passwords as their owner reads of them: what one device tried in a row is one thing that happened."""

from __future__ import annotations

from collections.abc import Iterable
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


class FailedSignIns:
    """The wrong passwords that this process has seen and that stand in no history yet."""

    def __init__(self) -> None:
        self._held: dict[AccountId, dict[Tried, Failed]] = {}
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

    def give_back(self, found: Iterable[Failed]) -> None:
        """Hold again what could not be written."""
        for failed in found:
            self.add(failed)

    def over(self, now: datetime) -> set[AccountId]:
        """The accounts of which something can be told."""
        return {
            account_id
            for account_id, held in self._held.items()
            if any(failed.is_over(now) for failed in held.values())
        }

    def accounts(self) -> set[AccountId]:
        """All accounts of which something is held."""
        return set(self._held)

    def take(self, account_id: AccountId) -> list[Failed]:
        """What was tried with this account, the oldest first; it is held no longer."""
        held = self._held.pop(account_id, {})
        self._count -= len(held)
        return sorted(held.values(), key=lambda failed: failed.last_at)
