"""The client library for apps on an event loop: ASGI, FastAPI, Litestar."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self
from weakref import WeakKeyDictionary

from signedin.client.answers import NotSignedIn, SignedIn, Unavailable
from signedin.client.any_client import AnyClient
from signedin.client.asking import GivenHeaders, Question
from signedin.client.async_wires import AsyncWires
from signedin.client.exchange import Answer
from signedin.client.feed import Asks
from signedin.client.flights import Flight, Flights, refuse_after
from signedin.client.fork import leave_alone
from signedin.client.opened import Open

_Answer = SignedIn | NotSignedIn
_Flight = Flight[asyncio.Event, _Answer]
_Flights = Flights[asyncio.Event, _Answer]


class Client(AnyClient):
    """As described at `AnyClient`. The lease is held in a thread, so that a busy event loop does not lose it."""

    async def start(self) -> Self:
        """Begin to hold a lease. Without it the first check begins it."""
        self._knowing.start()
        return self

    async def close(self) -> None:
        """Report what waits, give the lease back, and end."""
        await asyncio.to_thread(self._knowing.stop)
        await self._wires.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def check(
        self, headers: GivenHeaders, *, address: str = "", agent: str = "", scope: str = ""
    ) -> _Answer:
        """Who is signed in by the headers of a request, or nobody and why.

        `address` is where the person is, and `agent` what their browser or app calls itself (D16).

        Nothing waits when memory can answer.

        Raises:
            Unavailable: it cannot be known: answer 503, let nobody in, and sign nobody out.
        """
        found = self.known(headers, address, agent)
        if found is not None:
            return found
        asked = self._asked(headers, address, agent, scope)
        return asked if isinstance(asked, NotSignedIn) else await self._asked_once(asked)

    @asynccontextmanager
    async def open(
        self, headers: GivenHeaders, close: Callable[[str], object], *, address: str = ""
    ) -> AsyncIterator[Open]:
        """Hold a connection open under a session: `close(reason)` is called on this loop within a second of its end.

        `address` is where the person is: by a rule of an organisation it lives no longer than they may be there.
        """
        one = self.hold(headers, close, address=address)
        try:
            yield one
        finally:
            self.release(one)

    def hold(
        self, headers: GivenHeaders, close: Callable[[str], object], *, scope: str = "", address: str = ""
    ) -> Open:
        """As `open`, until it is given to `release`; `scope` is what was named when it was checked."""
        loop = asyncio.get_running_loop()
        return self._hold_open(
            headers, lambda reason: loop.call_soon_threadsafe(close, reason), scope, address
        )

    async def still(self, one: Open) -> bool:
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
            found = await self._asked_once(one.question)
        except Unavailable:
            one.end("unavailable")
            return False
        return one.lives_on(found, begun)

    def _begin_to_ask(self) -> None:
        if hasattr(self, "_wires"):
            leave_alone(
                (self._wires, self._flights, self._tasks)
            )  # a parent's event loop, which is not to be touched
        self._wires: AsyncWires | _Direct = (
            _Direct(self._carried_by) if self._carried_by else AsyncWires(self._address)
        )
        self._flights: WeakKeyDictionary[asyncio.AbstractEventLoop, _Flights] = WeakKeyDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    async def _asked_once(self, asked: Question) -> _Answer:
        knowing, key = self._knowing, asked.flight_key
        knowing.start()
        flights = self._flights.setdefault(asyncio.get_running_loop(), Flights(asyncio.Event))
        flight, is_mine = flights.board(key)
        if is_mine:
            task = asyncio.create_task(self._fly(flights, key, flight, asked))
            self._tasks.add(task)  # it flies on when the one who asked goes away: others wait for it
            task.add_done_callback(self._tasks.discard)
        await flight.landed.wait()
        return knowing.landed(flight, asked, is_mine=is_mine)

    async def _fly(self, flights: _Flights, key: bytes, flight: _Flight, asked: Question) -> None:
        before = flight.before
        if before is not None:
            await before.landed.wait()
        flights.begins(key, flight)
        try:
            refuse_after(before)
            said, begun, asked_at = self._knowing.question(asked)
            answer = await self._wires.ask(said, flight.left_of(self._knowing.ask_seconds))
            flight.answer = self._knowing.answered(asked, begun, asked_at, answer)
        except Exception as problem:  # noqa: BLE001  # raised again by everybody who waits for it
            flight.problem = problem
        except BaseException:
            flight.problem = Unavailable("The client is closing.")
            raise
        finally:
            flights.ended(key, flight)
            flight.landed.set()


class _Direct:
    """What is carried in another way than over a wire: in an app's own tests."""

    def __init__(self, carried_by: Asks) -> None:
        self._carried_by = carried_by

    async def ask(self, question: bytes, seconds: float) -> Answer:
        return self._carried_by.ask(question, seconds)

    async def close(self) -> None:
        self._carried_by.close()
