"""How connections part from a server that stops: each is asked once more before it is closed.

uvicorn closes at once what has no request under way; but one may be on its way, above all on a connection that was
only just taken. Whoever sent it would be left without an answer, although other processes of the server go on.

And how what is no HTTP is refused, which no application ever sees.
"""

from __future__ import annotations

import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from signedin.gate.security_headers import always
from signedin.rules.problem import MEDIA_TYPE, problem
from signedin.server.refusals import FOR_PROGRAMS

WAITS = 1.0
"""Seconds that a connection has for a last request."""
STREAMS_END_AFTER = 2.0
"""Seconds until an answer that has begun and does not end is cut off: streams, whose readers open them elsewhere."""
ENDS_AFTER = 6
"""Seconds for everything: longer than an ending waits for processes that are silent, and for its own database."""


class Parting(HttpToolsProtocol):
    """A connection that answers what comes within a moment of the stop, and then closes."""

    is_stopping = False

    def shutdown(self) -> None:
        """Commence the end: what is under way is finished, and who has asked nothing may still do so."""
        self.is_stopping = True
        if self._is_idle():
            self.loop.call_later(WAITS, self._part)
        else:
            super().shutdown()
        self.loop.call_later(STREAMS_END_AFTER, self._cut_off)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's own text
        """Refuse what is no HTTP, or a method that HTTP does not have: as a problem, for no browser asks like that."""
        body = json.dumps(problem(400, *FOR_PROGRAMS[400])).encode()
        said = {"content-type": MEDIA_TYPE, "cache-control": "no-store", "connection": "close"}
        pairs = [(name.encode(), value.encode()) for name, value in said.items()]
        headers = [*self.server_state.default_headers, *always(is_secure=False), *pairs]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        length = b"content-length: %d\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[400] + lines + length + body)
        self.transport.close()

    def on_headers_complete(self) -> None:
        """Take a request; after the server was told to stop it is the last one here."""
        super().on_headers_complete()
        if self.is_stopping and self.cycle is not None:
            self.cycle.keep_alive = False

    def _is_idle(self) -> bool:
        cycle: Any = self.cycle
        return cycle is None or bool(cycle.response_complete)

    def _cut_off(self) -> None:
        cycle: Any = self.cycle
        if cycle is not None and cycle.response_started and not self.transport.is_closing():
            self.transport.close()

    def _part(self) -> None:
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()
