"""Questions under way: many requests with one credential ask once, and never by a question that began before them.

Who comes while one is under way waits for the next, which begins when that is over: an answer to an older question
may be from before an ending that has returned meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from signedin.client.answers import Unavailable

E = TypeVar("E")
A = TypeVar("A")


class Flight(Generic[E, A]):
    """One question: `landed` is set when it is over, with an answer or what went wrong."""

    def __init__(self, landed: E, before: Flight[E, A] | None) -> None:
        self.landed = landed
        self.before = before
        self.following: Flight[E, A] | None = None
        self.answer: A | None = None
        self.problem: BaseException | None = None
        self._boarded_at = monotonic()

    def left_of(self, seconds: float) -> float:
        """How much of that time is left for the answer, since the first who waits for it began to.

        Raises:
            Unavailable: it was over before the question could be asked.
        """
        left = self._boarded_at + seconds - monotonic()
        if left <= 0:
            raise Unavailable("The service answers too slowly.")
        return left


def refuse_after(before: Flight[Any, Any] | None) -> None:
    """Whoever has waited for a question that got no answer does not wait for another one: that bounds all waiting.

    Raises:
        Unavailable: the one before was not answered.
    """
    if before is not None and isinstance(before.problem, Unavailable):
        raise before.problem


class Flights(Generic[E, A]):
    """By credential; to be used under a lock, or on one event loop."""

    def __init__(self, landing: Callable[[], E]) -> None:
        self._landing = landing
        self._flights: dict[bytes, Flight[E, A]] = {}

    def board(self, key: bytes) -> tuple[Flight[E, A], bool]:
        """The flight that is to be waited for, and whether whoever asks has to fly it: after the one before."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = Flight(self._landing(), None)
            return flight, True
        if flight.following is None:
            flight.following = Flight(self._landing(), flight)
            return flight.following, True
        return flight.following, False

    def begins(self, key: bytes, flight: Flight[E, A]) -> None:
        """The one before is over; from here on, who comes waits for the next."""
        flight.before = None
        self._flights[key] = flight

    def ended(self, key: bytes, flight: Flight[E, A]) -> None:
        """It is over."""
        if self._flights.get(key) is flight and flight.following is None:
            del self._flights[key]
