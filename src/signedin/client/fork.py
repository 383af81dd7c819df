"""A forked process is another node: it starts with an empty memory, and shares no connection with its parent."""

from __future__ import annotations

import os
import socket
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Whatever has to begin anew in a child."""

    def begin_anew(self) -> None:
        """Forget everything, and touch nothing of the parent's."""


_clients: WeakSet[Forkable] = WeakSet()
_sockets: WeakSet[socket.socket] = WeakSet()
_left_alone: list[object] = []
"""What belongs to the parent: kept, so that nothing closes it here."""
_is_watching = False


def watch(client: Forkable) -> None:
    """Let a client begin anew in every child of this process."""
    global _is_watching  # noqa: PLW0603  # once for each process, and not at import
    _clients.add(client)
    if not _is_watching and hasattr(os, "register_at_fork"):
        _is_watching = True
        os.register_at_fork(after_in_child=_begin_anew)


def close_in_children(connected: socket.socket) -> None:
    """Let no child hold a connection of this process: the parent's would stay open for as long as the child lives.

    A child closes only its own end of the number; nothing is said on the connection, and the parent's goes on.
    """
    _sockets.add(connected)


def leave_alone(thing: object) -> None:
    """Keep something of the parent's as it is."""
    _left_alone.append(thing)


def _begin_anew() -> None:
    for connected in list(_sockets):
        connected.close()
    _sockets.clear()
    for client in list(_clients):
        client.begin_anew()
