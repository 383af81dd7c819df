"""What one process of an app knows of the sessions it has met: the part that asynchronous and threaded clients share."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from signedin.client.address import Address
from signedin.client.answers import KeyRefused, NotSignedIn, SignedIn, Unavailable
from signedin.client.asking import SECOND, Credential, Question, Told, check, told
from signedin.client.exchange import Answer
from signedin.client.feed import Asks, Feed
from signedin.client.flights import Flight
from signedin.client.memory import Memory
from signedin.client.opened import Open, Opened
from signedin.client.session_cookie import SessionCookie
from signedin.client.uses import Uses
from signedin.rules.holding import Lease

ASK_WITHIN = timedelta(seconds=2)
"""How long a question may take, unless the app says so: as long as the service itself waits for its database."""
LOOK_SECONDS = 0.5
ASK_OPEN_EVERY = 1.0
HOLDS = "An ending holds here from when it returns on."
ASKS_EACH_TIME = "Every request is asked about: an ending holds here from when it returns on."


class Knowing:
    """One for each process; `clock` is `None` where no clock runs through suspend: then everything is asked."""

    def __init__(
        self, address: Address, key: str, app_types: tuple[str, ...], cookie: SessionCookie, wires: Asks,
        clock: Callable[[], float] | None, grace: timedelta | None = None, ask_within: timedelta = ASK_WITHIN,
    ) -> None:  # fmt: skip
        self.address, self.key, self.app_types, self.cookie = address, key, app_types, cookie
        self._wires = wires
        self._clock = clock or _stands_still
        self.holds_by_itself = clock is not None
        self.ask_seconds = ask_within.total_seconds()
        self._grace = grace.total_seconds() if grace else 0.0
        self.opened = Opened()
        self.memory = Memory(self._clock, self.opened.heard)
        self.lease = Lease(self.memory, self._clock)
        self.uses = Uses(self._clock)
        self.feed = Feed(address, key, self.lease, self.uses, wires, self._look_after_open, cookie.told)
        self._started = threading.Lock()
        self._is_started = False
        self._process = os.getpid()

    def start(self) -> None:
        """Begin to hold a lease, once."""
        with self._started:
            if self.holds_by_itself and not self._is_started:
                self._is_started = True
                self.feed.start()
                atexit.register(self.stop)  # who leaves without a word is waited for by the next ending

    def stop(self) -> None:
        """Report, leave, and end: not for a parent, in a process that was forked."""
        if self._process != os.getpid():
            return
        if self._is_started:
            atexit.unregister(self.stop)
            self.feed.stop()
        self._wires.close()

    @property
    def guarantee(self) -> str:
        """What is promised of endings at this moment, in a sentence."""
        if self.memory.may_answer:
            return HOLDS
        if self._grace:
            return f"While the service cannot be asked, sessions that are known live on for {self._grace:g} seconds."
        return ASKS_EACH_TIME

    def known(self, digest: bytes, address: str = "", agent: str = "") -> SignedIn | None:
        """Somebody, if this process may say so from memory now; `None` means: ask. Nothing waits, nothing is sent."""
        now = self._clock()
        found = self.memory.recall(digest, now)
        if found is None:
            return None
        who, account_id, session = found
        return who if self.uses.note(session, account_id, address, agent, now) else None

    def question(self, asked: Question) -> tuple[bytes, int, int]:
        """The bytes to ask with, and what the answer is to be told with."""
        said = check(self.address, self.key, self.cookie.names, self.app_types, asked)
        return said, self.memory.asking(), int(self._clock() * SECOND)

    def answered(self, asked: Question, begun: int, asked_at: int, answer: Answer) -> SignedIn | NotSignedIn:
        """What the answer says; it is remembered if it may be.

        Raises:
            Unavailable: nothing that could be relied on.
        """
        found = told(answer, asked_at)
        if isinstance(found, NotSignedIn):
            return found
        self._learn(asked, begun, found)
        return found.who

    def in_grace(self, credential: Credential) -> SignedIn | None:
        """Somebody who was known when the service was last there, where the app has chosen that (P2)."""
        return self.memory.recall_without_lease(credential.digest, self._grace) if self._grace else None

    def hold_open(self, asked: Question, close: Callable[[str], object]) -> Open:
        """Hold a connection open under a session; what is not remembered is asked about within a second."""
        one = Open(asked.credential.digest, asked._replace(is_quiet=True), close)
        self.opened.add(one)
        self.memory.told_of(one.digest, one.is_under)
        return one

    def may_go_on(self, one: Open) -> bool:
        """Whether it is known at this instant that the session of an open connection lives."""
        now = self._clock()
        if one.reason is not None:
            return False
        return now < one.good_until or (self.memory.may_answer and bool(one.account_id) and now < one.ask_at)

    def asked_now(self) -> float:
        """The moment by the clock that open connections are held by."""
        return self._clock()

    def landed(
        self, flight: Flight[Any, SignedIn | NotSignedIn], asked: Question, *, is_mine: bool
    ) -> SignedIn | NotSignedIn:
        """What a flight has brought to one of those who waited for it.

        Raises:
            Unavailable: it cannot be known.
        """
        problem = flight.problem
        if problem is not None:
            found = None if isinstance(problem, KeyRefused) else self.in_grace(asked.credential)
            if found is not None and isinstance(problem, Unavailable):
                return found
            raise problem
        assert flight.answer is not None
        if not is_mine:
            self.known(asked.credential.digest, asked.address, asked.agent)  # a use of its own
        return flight.answer

    def ask(self, asked: Question, seconds: float) -> SignedIn | NotSignedIn:
        """Ask the service, and wait for so long.

        Raises:
            Unavailable: it cannot be known.
        """
        said, begun, asked_at = self.question(asked)
        return self.answered(asked, begun, asked_at, self._wires.ask(said, seconds))

    def carry(self, said: bytes) -> Answer:
        """The answer to any other question.

        Raises:
            Unavailable: there is none.
        """
        return self._wires.ask(said, self.ask_seconds)

    def _learn(self, asked: Question, begun: int, found: Told) -> None:
        if found.known is None or found.seq is None or not asked.credential.is_session:
            return
        if found.good_for > 0:
            self.memory.learned_as_of(asked.credential.digest, found.known, found.seq, begun)

    def _look_after_open(self) -> None:
        """Ask about connections that are held open, as far as there is time: what is not known is closed."""
        if not self.memory.may_answer:
            self.opened.ask_all()
        due, until = self.opened.due(self._clock()), self._clock() + LOOK_SECONDS
        try:
            for many in due:
                if self._clock() > until:
                    break
                self._ask_about(many)
        except Unavailable:
            for one in (one for many in due for one in many):
                if self.in_grace(one.question.credential) is None:
                    one.end("unavailable")

    def _ask_about(self, many: list[Open]) -> None:
        said, begun, asked_at = self.question(many[0].question)
        found = told(self._wires.ask(said, LOOK_SECONDS), asked_at)
        if isinstance(found, NotSignedIn):
            for one in many:
                one.end(found.reason)
            return
        self._learn(many[0].question, begun, found)
        good_until, first_proof = asked_at / SECOND + ASK_OPEN_EVERY, 0
        if found.known is not None and found.seq is not None and found.seq >= self.memory.applied:
            good_until, first_proof = (
                max(good_until, found.known.overall_until / SECOND),
                found.known.first_proof,
            )
        for one in many:
            one.was_asked(asked_at / SECOND)
            one.is_under(int(found.who.account), first_proof, good_until)


def _stands_still() -> float:
    return 0.0
