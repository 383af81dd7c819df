"""The newest lineage of the database that a server on this machine has been on: one small file beside the keyring.

Without it a process that begins on an old primary would not know that there has been a newer one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import structlog

from signedin.rules.errors import DatabaseProblem
from signedin.rules.lineage import Lineage
from signedin.store.whole_file import replace_whole

FILE = "lineage.json"
log = structlog.get_logger("signedin.store")


class Noted(NamedTuple):
    """What is noted, and when it took the place of an older note: by the clock of this machine since it started."""

    lineage: Lineage
    took_over_at: float = float("-inf")


class LineageNote:
    """The file; only what serves writes it, so that a command that is pointed elsewhere changes nothing."""

    def __init__(self, keyring: Path, *, written: bool) -> None:
        self.path = keyring.with_name(FILE)
        self._written = written
        self._read: tuple[tuple[int, int], Noted] | None = None

    def read(self) -> Noted | None:
        """What is noted; `None` when nothing ever was. Opened only when it has changed: every question looks here.

        Raises:
            DatabaseProblem: the file is there and says nothing: nobody may be let in on that.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116  # half the time of the path's own
            version = (found.st_ino, found.st_mtime_ns)
            if self._read is None or self._read[0] != version:
                self._read = (version, _noted(json.loads(self.path.read_bytes())))
            return self._read[1]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Pages say no more than that the database cannot be used: paths are for whoever reads the log.
            log.error("the noted lineage of the database cannot be read", path=str(self.path))
            raise DatabaseProblem(reason="lineage_unread") from error

    def write(self, newest: Lineage, took_over_at: float | None = None) -> None:
        """Note it, in one step; where that cannot be written each process knows only what it has seen itself."""
        if not self._written:
            return
        when = {} if took_over_at is None else {"took_over_at": took_over_at}
        try:
            replace_whole(self.path, newest._asdict() | when)
        except OSError as error:
            log.warning(
                "the lineage of the database cannot be noted", path=str(self.path), error=error.strerror
            )


def _noted(said: dict[str, Any]) -> Noted:
    lineage = Lineage(str(said["system"]), int(said["timeline"]))
    return Noted(lineage, float(said.get("took_over_at", "-inf")))
