"""Connections to the service for whoever waits in threads: kept open, asked one question at a time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from time import monotonic

from signedin.client.address import Address
from signedin.client.answers import Unavailable
from signedin.client.exchange import Answer, Incoming, Malformed
from signedin.client.fork import close_in_children

MOST_IDLE = 16
PIECE = 65_536


class Wire:
    """One connection."""

    def __init__(self, address: Address, until: float) -> None:
        self._socket = _connected(address, until)
        if address.tls is not None:
            try:
                self._socket = address.tls.wrap_socket(self._socket, server_hostname=address.host)
            except BaseException:
                self._socket.close()
                raise
        close_in_children(self._socket)
        self._incoming = Incoming()

    @property
    def heard_anything(self) -> bool:
        """Whether anything has come back for the question."""
        return self._incoming.heard_anything

    def ask(self, question: bytes, until: float) -> tuple[Answer, bool]:
        """The answer, and whether the connection can be asked again.

        Raises:
            OSError, Malformed: there is none in time.
        """
        incoming = self.begin(question, until)
        while not incoming.is_complete:
            self._hear(incoming, until)
        return incoming.answer(), incoming.may_go_on

    def begin(self, question: bytes, until: float) -> Incoming:
        """Ask, and have the head of the answer."""
        incoming = self._incoming = Incoming()
        self._socket.settimeout(_left(until))
        self._socket.sendall(question)
        while not incoming.status:
            self._hear(incoming, until)
        return incoming

    def more(self, incoming: Incoming, seconds: float) -> bytes:
        """What comes next of a long answer; nothing when nothing came in that time.

        Raises:
            OSError, Malformed: nothing will come any more.
        """
        try:
            self._hear(incoming, monotonic() + seconds)
        except TimeoutError:
            return b""
        if incoming.is_complete:
            raise Malformed("the stream has ended")
        return incoming.take()

    def stop(self) -> None:
        """Let whoever waits for an answer on it wait no more, from any thread."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let it go."""
        self._socket.close()

    def _hear(self, incoming: Incoming, until: float) -> None:
        self._socket.settimeout(_left(until))
        data = self._socket.recv(PIECE)
        if not data:
            raise ConnectionError("the connection has ended")
        incoming.feed(data)


class Wires:
    """The idle connections of one process; any thread may ask."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Wire] = []
        self._lock = threading.Lock()

    def ask(self, question: bytes, seconds: float) -> Answer:
        """The answer to one question.

        A kept connection that has ended meanwhile is noticed by asking; only if nothing at all came back the question
        is asked once more on a new one.

        Raises:
            Unavailable: there is none in time.
        """
        until = monotonic() + seconds
        try:
            for wire in self._kept():
                try:
                    return self._asked(wire, question, until)
                except OSError:
                    if wire.heard_anything or monotonic() >= until:
                        raise
            return self._asked(Wire(self._address, until), question, until)
        except (OSError, Malformed) as error:
            raise Unavailable("The service does not answer.") from error

    def close(self) -> None:
        """Let the idle ones go."""
        with self._lock:
            idle, self._idle = self._idle, []
        for wire in idle:
            wire.close()

    def _kept(self) -> Iterator[Wire]:
        with self._lock:
            wire = self._idle.pop() if self._idle else None
        if wire is not None:
            yield wire

    def _asked(self, wire: Wire, question: bytes, until: float) -> Answer:
        try:
            answer, may_go_on = wire.ask(question, until)
        except BaseException:
            wire.close()
            raise
        with self._lock:
            if may_go_on and len(self._idle) < MOST_IDLE:
                self._idle.append(wire)
                return answer
        wire.close()
        return answer


def _connected(address: Address, until: float) -> socket.socket:
    if address.socket is None:
        made = socket.create_connection((address.host, address.port), _left(until))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    made = socket.socket(socket.AF_UNIX)
    try:
        made.settimeout(_left(until))
        made.connect(address.socket)
    except BaseException:
        made.close()
        raise
    return made


def _left(until: float) -> float:
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
