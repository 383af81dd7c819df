"""Ports for servers of the tests: nobody is handed one twice, and the system gives none of them away meanwhile."""

from __future__ import annotations

import os
import random
import socket
from contextlib import ExitStack

# Below the ones that systems hand out by themselves (from 32768 on Linux, from 49152 elsewhere), and above 10080,
# which browsers do not open. Each process of a run has a part of its own; where it begins there is chance, so that
# two runs beside each other rarely meet.
_FIRST, _LAST, _PROCESSES = 11_000, 32_000, 8
_EACH = (_LAST - _FIRST) // _PROCESSES
_WORKER = "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", ""))) or "0"
_PART = _FIRST + int(_WORKER) % _PROCESSES * _EACH
_next = random.randrange(_EACH)


def free_port() -> int:
    """A port that nobody listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, one after the other."""
    global _next  # noqa: PLW0603  # the process remembers what it has handed out
    for _ in range(_EACH):
        if _next + count > _EACH:
            _next = 0
        ports = list(range(_PART + _next, _PART + _next + count))
        _next += count
        if _are_free(ports):
            return ports
    raise OSError("Nothing is free among the ports of the tests.")


def _are_free(ports: list[int]) -> bool:
    with ExitStack() as held:
        for port in ports:
            trying = held.enter_context(socket.socket())
            try:
                trying.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
