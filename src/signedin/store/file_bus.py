"""The bus on SQLite: that anything was written to the file, seen by looking; told at once within one process."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

from signedin.store.bus import Hint
from signedin.store.checks import Checks

LOOK_EVERY = 0.03
"""Seconds between looks, while anybody listens: an ending made by another process is heard of that soon."""


class FileBus:
    """Looks whether another connection has committed (PRAGMA data_version), on the one that checks read with."""

    def __init__(self, checks: Checks) -> None:
        self._checks = checks
        self._listening: dict[Hint, asyncio.AbstractEventLoop] = {}

    async def listen(self, hint: Hint) -> None:
        """Listen until cancelled."""
        self._listening[hint] = asyncio.get_running_loop()
        before = -1
        try:
            while True:
                with suppress(sqlite3.Error):
                    now = self._checks.version()
                    if now != before:
                        before = now
                        hint.set()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            del self._listening[hint]

    async def tell(self, seq: int) -> None:  # noqa: ARG002  # who listens reads the log
        """Hint to whoever listens in this process."""
        for hint, loop in list(self._listening.items()):
            loop.call_soon_threadsafe(hint.set)
