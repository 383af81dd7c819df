"""Connections to PostgreSQL that are held open: whether the other side has ended one while nobody used it."""

from __future__ import annotations

import select


def has_ended(fileno: int) -> bool:
    """Whether an idle connection has something to say: nothing was asked, so it can only be its end.

    Costs one call of the system and no round trip; without it the first request on each held connection would
    fail after a restart of the database.
    """
    looked = select.poll()
    looked.register(fileno, select.POLLIN)
    return bool(looked.poll(0))
