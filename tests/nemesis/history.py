"""What clients saw, each with the moments of asking and of hearing, and what in it breaks a promise."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

WAITS_AT_MOST = 3.15
SLACK = 2.0
"""Seconds a call may take besides: two cores are shared by everything in the test."""
AFTERWARDS = 12.0
"""Seconds more, once what was wrong with the node is over: a write that is under way has ten."""


@dataclass(frozen=True, slots=True)
class Check:
    """A request of a session at a node: let in, refused, or not known."""

    session: str
    node: str
    asked: float
    heard: float
    verdict: str


@dataclass(frozen=True, slots=True)
class End:
    """A call that ends sessions, and whether it was told as done."""

    sessions: tuple[str, ...]
    node: str
    asked: float
    heard: float
    is_told: bool


@dataclass(frozen=True, slots=True)
class Fault:
    """Something was wrong with a node (or with all of them) from then until then."""

    what: str
    node: str
    began: float
    ended: float


@dataclass
class History:
    """Everything that happened, by one monotonic clock."""

    checks: list[Check] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, event: Check | End | Fault) -> None:
        with self._lock:
            {Check: self.checks, End: self.ends, Fault: self.faults}[type(event)].append(event)  # type: ignore[attr-defined]

    def violations(self) -> list[str]:
        """Every promise that was broken, in words."""
        return [*self._let_in_after_the_end(), *self._logged_out_for_nothing(), *self._took_too_long()]

    def counts(self) -> dict[str, int]:
        """How much of what happened."""
        verdicts = Counter(check.verdict for check in self.checks)
        told = sum(end.is_told for end in self.ends)
        return {
            **verdicts,
            "endings told": told,
            "endings not known": len(self.ends) - told,
            "faults": len(self.faults),
        }

    def _let_in_after_the_end(self) -> list[str]:
        over: dict[str, float] = {}
        for end in self.ends:
            if end.is_told:
                for session in end.sessions:
                    over[session] = min(end.heard, over.get(session, end.heard))
        return [
            f"{check.session} was let in by {check.node} {check.asked - over[check.session]:.3f} s after its ending had returned"
            for check in self.checks
            if check.verdict == "in" and check.asked > over.get(check.session, float("inf"))
        ]

    def _logged_out_for_nothing(self) -> list[str]:
        begun: dict[str, float] = defaultdict(lambda: float("inf"))
        for end in self.ends:
            for session in end.sessions:
                begun[session] = min(begun[session], end.asked)
        return [
            f"{check.session} was refused by {check.node} although nobody had ended it"
            for check in self.checks
            if check.verdict == "refused" and check.heard < begun[check.session]
        ]

    def _took_too_long(self) -> list[str]:
        found = []
        for end in self.ends:
            bound = self._bound(end)
            if end.is_told and end.heard - end.asked > bound:
                beside = (
                    ", ".join(f"{each.what} ({each.node})" for each in self._beside(end)) or "nothing wrong"
                )
                took = f"an ending at {end.node} took {end.heard - end.asked:.2f} s, more than {bound:.2f}"
                found.append(f"{took}; beside it: {beside}")
        return found

    def _bound(self, end: End) -> float:
        """The wait; where its own node was paused, cut off or killed, from when that was over."""
        own = [fault.ended for fault in self._beside(end) if fault.node in (end.node, "all")]
        return WAITS_AT_MOST + SLACK + (max(0.0, max(own) - end.asked) + AFTERWARDS if own else 0.0)

    def _beside(self, end: End) -> list[Fault]:
        return [fault for fault in self.faults if fault.began < end.heard and fault.ended + 3.0 > end.asked]
