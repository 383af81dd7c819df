"""Where a server listens: known before anything is opened or printed, so that a taken port costs one sentence."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from signedin.rules.errors import Refused


class PortTaken(Refused):
    """Nobody can listen there; the sentence says why."""

    code = "port_taken"
    sentence = "Nobody can listen there."


@contextmanager
def listening(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Sockets that listen on every address of a host, all on one port; closed afterwards. Port 0 means any free one.

    Raises:
        PortTaken: with what to do.
    """
    with ExitStack() as opened:
        try:
            sockets = _opened(host, port, opened)
        except OSError as error:
            raise _problem(error, host, port) from error
        yield sockets


def _opened(host: str, port: int, opened: ExitStack) -> list[socket.socket]:
    """One socket for each of the host's addresses; those of a family that this machine does not speak are left out."""
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    unknown: list[OSError] = []
    for family, (name, _, *scope) in dict.fromkeys((each[0], each[4]) for each in found):
        chosen = port or (sockets[0].getsockname()[1] if sockets else 0)
        try:
            made = socket.create_server((name, chosen, *scope), family=family)
            sockets.append(opened.enter_context(made))
        except OSError as error:
            if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                raise
            unknown.append(error)
    if not sockets:
        raise unknown[0]
    return sockets


def _problem(error: OSError, host: str, port: int) -> PortTaken:
    if isinstance(error, socket.gaierror):
        return PortTaken(f"There is no address {host}.", hint="Choose another by --host.")
    if error.errno == errno.EADDRINUSE:
        return PortTaken(
            f"Another program listens on port {port} of {host} already.",
            hint="Stop it, or choose another port by --port.",
        )
    return PortTaken(f"Nobody can listen on port {port} of {host}: {os.strerror(error.errno or 0)}.")
