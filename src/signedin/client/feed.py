"""Holding the lease of one process of an app: a thread that acknowledges every second, and listens in between.

What is decided stands in rules/holding.py; this is the loop around it. The stream is only the prompt hint: what it
tells is applied and acknowledged at once, so that Revoke returns within milliseconds.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

from signedin.client.address import Address
from signedin.client.answers import KeyRefused, Unavailable
from signedin.client.exchange import Answer, Incoming, Malformed, question
from signedin.client.uses import Uses
from signedin.client.wires import Wire
from signedin.rules.feed import heard_ending, heard_renewal, said_use
from signedin.rules.holding import Lease
from signedin.rules.lease import RENEW_EVERY

ACK_SECONDS = 2.0
"""How long an acknowledgement is waited for: what comes later brings no lease that would still run."""
LISTEN_SECONDS = 0.9
"""How long opening the stream may take: the lease has to be renewed meanwhile."""
LISTEN_AGAIN_AFTER = 2.0
TELL_AGENTS_AGAIN_AFTER = 600.0
"""A service of before agents were reported takes no report that has one: then they are left out for that long."""
PATH = "/v1/feed"
NO_BOOT = "0" * 16
UNKNOWN_FIELD = 422
log = logging.getLogger("signedin.client")


class Asks(Protocol):
    """Whatever carries a question to the service and its answer back."""

    def ask(self, question: bytes, seconds: float) -> Answer:
        """The answer."""

    def close(self) -> None:
        """Let go of connections."""


class Feed:
    """The loop; `look` is called at each turn, for what else has to be looked after every second.

    `cookie_told` is called with the name of the session's cookie, as often as the service tells it.
    """

    def __init__(
        self, address: Address, key: str, lease: Lease, uses: Uses, wires: Asks, look: Callable[[], object],
        cookie_told: Callable[[object], object],
    ) -> None:  # fmt: skip
        self._address = address
        self._said = (("host", address.named), ("authorization", f"Bearer {key}"))
        self._lease = lease
        self._uses = uses
        self._wires = wires
        self._look = look
        self._cookie_told = cookie_told
        self._stops = threading.Event()
        self._stream: tuple[Wire, Incoming] | None = None
        self._rest = b""
        self._listen_at = self._tell_agents_from = 0.0
        self._is_well = True
        self._thread: threading.Thread | None = None
        self.is_refused = False

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        self._thread = threading.Thread(target=self.run, name="signedin-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Tell what waits to be reported, leave, and end."""
        self._stops.set()
        if (stream := self._stream) is not None:
            stream[0].stop()
        if self._thread is not None:
            self._thread.join(2 * ACK_SECONDS)

    def run(self) -> None:
        """Renew every second, or at once when something has ended; leave at the end."""
        try:
            while not self._stops.is_set():
                began = monotonic()
                self._turn_safely()
                self._listen(began + RENEW_EVERY)
        finally:
            self._lease.known.give_up()
            self._close_stream()
            with suppress(Unavailable, ValueError):
                self._leave()

    def turn(self) -> None:
        """Join if it has to be, and renew until everything is applied and acknowledged.

        Raises:
            Unavailable: the service did not answer; the lease lapses by itself.
        """
        lease = self._lease
        if not lease.boot_id:
            self._close_stream()
            boot_id = secrets.token_hex(8)
            said = self._acknowledged({"boot": boot_id, "join": True})
            lease.joined(boot_id, int(said["head"]), str(said["lineage"]))
        while True:
            is_due = self._uses.is_due()
            uses = list(map(said_use, self._uses.take())) if is_due else []
            asked = lease.ask()
            said = self._acknowledged({"boot": asked.boot_id, "applied": asked.applied, "uses": uses})
            if is_due and said is not None:
                self._uses.reported()
            if not lease.answered(asked, None if said is None else heard_renewal(said)):
                log.warning("taken for gone by the service; joining again with an empty memory")
                return
            if lease.known.applied == asked.applied and not self._uses.is_due():
                return  # what was sent as applied is all there is: acknowledged

    def _turn_safely(self) -> None:
        try:
            self.turn()
            self._is_well, self.is_refused = True, False
        except Exception as error:  # noqa: BLE001  # the next turn must come, whatever it was; the lease lapses
            if isinstance(error, KeyRefused):
                self._lease.known.give_up()
                self.is_refused = True
            if self._is_well:
                log.warning("the lease could not be renewed: %s", error)
            self._is_well = False
        with suppress(Exception):
            self._look()

    def _acknowledged(self, said: dict[str, Any]) -> Any:
        """The answer, or `None` when this node is not known any more."""
        if monotonic() < self._tell_agents_from:
            said = _without_agents(said)
        answer = self._answer(said)
        if answer.status == UNKNOWN_FIELD and said != _without_agents(said):
            self._tell_agents_from = monotonic() + TELL_AGENTS_AGAIN_AFTER
            answer = self._answer(_without_agents(said))
        if answer.status == 410 and "join" not in said:
            return None
        if answer.status in {401, 403}:
            raise KeyRefused("The service does not take this service key.")
        if answer.status != 200:
            raise Unavailable(f"The service answered {answer.status}.")
        try:
            told = json.loads(answer.body)
            self._cookie_told(told.get("cookie"))
        except (ValueError, AttributeError):
            raise Unavailable("What answered is no Signedin service.") from None
        return told

    def _answer(self, said: dict[str, Any]) -> Answer:
        body = json.dumps({"node": self._lease.node_id} | said).encode()
        headers = (*self._said, ("content-type", "application/json"))
        target = f"{self._address.prefix}{PATH}/ack"
        return self._wires.ask(question("POST", target, headers, body), ACK_SECONDS)

    def _leave(self) -> None:
        while self._lease.boot_id or len(self._uses):
            uses, boot_id = list(map(said_use, self._uses.take())), self._lease.boot_id or NO_BOOT
            self._acknowledged({"boot": boot_id, "leave": True, "uses": uses})
            self._uses.reported()
            self._lease.boot_id = ""

    def _listen(self, until: float) -> None:
        """Wait for the next turn, or until something has ended."""
        while (left := until - monotonic()) > 0 and not self._stops.is_set():
            if self._stream is None and not self._open_stream():
                self._stops.wait(min(left, max(0.05, self._listen_at - monotonic())))
                continue
            assert self._stream is not None
            wire, incoming = self._stream
            try:
                if self._take(incoming.take() or wire.more(incoming, left)):
                    return
            except (OSError, Malformed, ValueError, KeyError, TypeError):
                self._close_stream()

    def _take(self, came: bytes) -> bool:
        """Apply what the stream tells; returns whether there is something to acknowledge, or to ask about."""
        *lines, self._rest = (self._rest + came).split(b"\n")
        is_news = False
        for line in lines:
            said = json.loads(line)
            if said.get("endings"):
                is_news = True
                self._lease.heard(str(said["lineage"]), [heard_ending(each) for each in said["endings"]])
        return is_news

    def _open_stream(self) -> bool:
        if not self._lease.boot_id or monotonic() < self._listen_at:
            return False
        self._listen_at = monotonic() + LISTEN_AGAIN_AFTER
        until = monotonic() + LISTEN_SECONDS
        target = f"{self._address.prefix}{PATH}?after={max(0, self._lease.known.applied)}"
        try:
            wire = Wire(self._address, until)
        except (OSError, Malformed):
            return False
        try:
            incoming = wire.begin(question("GET", target, self._said), until)
            if incoming.status != 200:
                raise Malformed("no stream")
        except (OSError, Malformed):
            wire.close()
            return False
        self._stream, self._rest = (wire, incoming), b""
        return True

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream[0].close()
            self._stream = None


def _without_agents(said: dict[str, Any]) -> dict[str, Any]:
    uses = [{name: each for name, each in use.items() if name != "agent"} for use in said.get("uses", ())]
    return said | {"uses": uses} if uses else said
