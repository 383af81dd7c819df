"""The client library for apps that wait in threads: Django, Flask, scripts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

from signedin.client.answers import NotSignedIn, SignedIn, Unavailable
from signedin.client.any_client import AnyClient
from signedin.client.asking import GivenHeaders, Question
from signedin.client.flights import Flight, Flights, refuse_after
from signedin.client.moving import moved, token_told
from signedin.client.opened import Open

_Answer = SignedIn | NotSignedIn


class SyncClient(AnyClient):
    """As described at `AnyClient`; any number of threads may ask at once."""

    def start(self) -> Self:
        """Begin to hold a lease in a thread of its own. Without it the first check begins it."""
        self._knowing.start()
        return self

    def close(self) -> None:
        """Report what waits, give the lease back, and end."""
        self._knowing.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self, headers: GivenHeaders, *, address: str = "", agent: str = "", scope: str = "") -> _Answer:
        """Who is signed in by the headers of a request, or nobody and why.

        `address` is where the person is, and `agent` what their browser or app calls itself (D16).

        Raises:
            Unavailable: it cannot be known: answer 503, let nobody in, and sign nobody out.
        """
        found = self.known(headers, address, agent)
        if found is not None:
            return found
        asked = self._asked(headers, address, agent, scope)
        return asked if isinstance(asked, NotSignedIn) else self._asked_once(asked)

    @contextmanager
    def open(
        self, headers: GivenHeaders, close: Callable[[str], object], *, address: str = ""
    ) -> Iterator[Open]:
        """Hold a connection open under a session: `close(reason)` is called within a second of its end, in another thread.

        `address` is where the person is: by a rule of an organisation it lives no longer than they may be there.
        """
        one = self._hold_open(headers, close, address=address)
        try:
            yield one
        finally:
            self.release(one)

    def still(self, one: Open) -> bool:
        """Whether the session of an open connection lives; asked about where it is not known at this instant.

        To be looked at before each message, so that none is delivered after the end (P5), not even by a process that
        was paused over it. What cannot be known is closed.
        """
        if self._knowing.may_go_on(one):
            return True
        if one.reason is not None:
            return False
        begun = self._knowing.asked_now()
        try:
            found = self._asked_once(one.question)
        except Unavailable:
            one.end("unavailable")
            return False
        return one.lives_on(found, begun)

    def go_on(
        self, account: str, moved_from: str, *, address: str = "", agent: str = "", app_type: str = "web"
    ) -> str | None:
        """The token of a session that has moved in from this app (docs/move-in.md); `None`: it is over, or never has.

        `account` is the app's own id of the person, `moved_from` its own session's secret, `address` where the person
        is, as far as that is known. The service key needs the scope `sessions:begin`. The token is shown as a bearer
        token from now on.

        Raises:
            Unavailable: it cannot be known: answer 503, and sign nobody out.
        """
        said = moved(self._address, self._key, account, moved_from, address, agent, app_type)
        return token_told(self._knowing.carry(said))

    def _begin_to_ask(self) -> None:
        self._lock = threading.Lock()
        self._flights: Flights[threading.Event, _Answer] = Flights(threading.Event)

    def _asked_once(self, asked: Question) -> _Answer:
        knowing, key = self._knowing, asked.flight_key
        knowing.start()
        with self._lock:
            flight, is_mine = self._flights.board(key)
        if is_mine:
            self._fly(key, flight, asked)
        elif not flight.landed.wait(knowing.ask_seconds):
            raise Unavailable("The service does not answer.")
        return knowing.landed(flight, asked, is_mine=is_mine)

    def _fly(self, key: bytes, flight: Flight[threading.Event, _Answer], asked: Question) -> None:
        before = flight.before
        if before is not None:
            before.landed.wait(self._knowing.ask_seconds)
        with self._lock:
            self._flights.begins(key, flight)
        try:
            refuse_after(before)
            flight.answer = self._knowing.ask(asked, flight.left_of(self._knowing.ask_seconds))
        except BaseException as problem:  # noqa: BLE001  # raised again by everybody who waited for it
            flight.problem = problem
        finally:
            with self._lock:
                self._flights.ended(key, flight)
            flight.landed.set()
