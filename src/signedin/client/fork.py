"""A forked process is another node: it starts with an empty memory, and shares no connection with its parent."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Whatever has to begin anew in a child."""

    def begin_anew(self) -> None:
        """Forget everything, and touch nothing of the parent's."""


_clients: WeakSet[Forkable] = WeakSet()
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


def leave_alone(thing: object) -> None:
    """Keep something of the parent's as it is."""
    _left_alone.append(thing)


def _begin_anew() -> None:
    for client in list(_clients):
        client.begin_anew()
