"""The newest lineage of the database that a server on this machine has been on: one small file beside the keyring.

Without it a process that begins on an old primary would not know that there has been a newer one.
"""

from __future__ import annotations

import json
from pathlib import Path

import structlog

from signedin.rules.errors import DatabaseProblem
from signedin.rules.lineage import Lineage
from signedin.store.whole_file import replace_whole

FILE = "lineage.json"
log = structlog.get_logger("signedin.store")


class LineageNote:
    """The file; only what serves writes it, so that a command that is pointed elsewhere changes nothing."""

    def __init__(self, keyring: Path, *, written: bool) -> None:
        self.path = keyring.with_name(FILE)
        self._written = written

    def read(self) -> Lineage | None:
        """What is noted; `None` when nothing ever was.

        Raises:
            DatabaseProblem: the file is there and says nothing: nobody may be let in on that.
        """
        try:
            said = json.loads(self.path.read_bytes())
            return Lineage(str(said["system"]), int(said["timeline"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Pages say no more than that the database cannot be used: paths are for whoever reads the log.
            log.error("the noted lineage of the database cannot be read", path=str(self.path))
            raise DatabaseProblem(reason="lineage_unread") from error

    def write(self, newest: Lineage) -> None:
        """Note it, in one step; where that cannot be written each process knows only what it has seen itself."""
        if not self._written:
            return
        try:
            replace_whole(self.path, newest._asdict())
        except OSError as error:
            log.warning(
                "the lineage of the database cannot be noted", path=str(self.path), error=error.strerror
            )
