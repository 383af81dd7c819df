"""A running Signedin: its parts, so that the command line, the jobs and tests can reach them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from signedin.actions.means import Means
from signedin.gate.ear import Ear
from signedin.gate.middleware import App
from signedin.gate.recognise import Recogniser
from signedin.gate.watch import Watch
from signedin.rules.holding import Lease
from signedin.server.means import close_means
from signedin.server.settings import Settings
from signedin.store import accounts

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Server:
    """On PostgreSQL there is a lease, and a watch over all processes that hold one.

    It `closes_itself` with its application where nobody else would: in a process of its own.
    """

    settings: Settings
    means: Means
    clock: Clock
    recogniser: Recogniser
    setup: str | None = field(default=None, repr=False)
    app: App | None = None
    lease: Lease | None = None
    closes_itself: bool = False
    watch: Watch | None = None
    ear: Ear = field(init=False)

    def __post_init__(self) -> None:
        """Have an ear for those who want to hear of endings."""
        self.ear = Ear(self.means)

    def setup_code(self) -> str | None:
        """The one-time code for the first account, or `None` once there is one."""
        if self.setup is not None and not self.means.database.read_now(accounts.is_empty):
            self.setup = None
        return self.setup

    def close(self) -> None:
        """Let go of everything; whoever closes last tidies the file's log, under its lock."""
        close_means(self.means)
