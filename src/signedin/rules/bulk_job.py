"""An ending for many as it goes on: what was shown, what it is, how far it is, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from signedin.rules.account import AccountId
from signedin.rules.bulk import HowMany, Which
from signedin.rules.errors import InvalidInput, Refused
from signedin.rules.lifetime import GRACE
from signedin.rules.session_list import Row
from signedin.rules.wording import marked as _

PREVIEW_LASTS = timedelta(hours=1)
"""How long what was shown may be begun: later it says too little of what there is."""
CLAIMED_FOR = timedelta(seconds=30)
"""How long nobody else goes on with it after its process was last heard of."""

KNOWN_AFTER = 2 * GRACE
"""How long after a use every process knows of it: a client library tells it within a minute, and that is written within another."""


class State(StrEnum):
    """Whether it goes on: by itself, only when somebody lets it, or no more."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


class BulkPlace(NamedTuple):
    """Where one stands among all that there were."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class BulkEnding:
    """An ending for many.

    `found` is what was shown before, `ended` what is over in every process by now. `begun_by` is nobody where it was
    done in the shell of the server; `entry` is where its parent entry stands: an account, and a number in its history.
    """

    id: str
    which: Which
    reason: str
    begun_by: AccountId | None
    begun_by_name: str
    begun_at: datetime
    state: State
    found: HowMany
    ended: HowMany
    moved_at: datetime
    finished_at: datetime | None
    entry: tuple[AccountId, int]

    @property
    def place(self) -> BulkPlace:
        """Where it stands among all that there were."""
        return BulkPlace(self.begun_at, self.id)

    @property
    def waits_until(self) -> datetime | None:
        """When its first account ends, where that has to wait for what had been used by then; `None` afterwards."""
        is_new = self.state is State.RUNNING and self.moved_at == self.begun_at
        return waits_until(self.which, self.begun_at) if is_new else None

    @property
    def percent(self) -> int:
        """How far it is, in whole percent of what was shown; 100 only when it is over."""
        if self.state is State.FINISHED:
            return 100
        return min(99, self.ended.total * 100 // max(1, self.found.total))


def waits_until(which: Which, now: datetime) -> datetime | None:
    """When one that begins or is let go on now may end anything; what is about not being used has to know of all uses."""
    return None if which.unused_since is None else now + KNOWN_AFTER


class Sample(NamedTuple):
    """One row that was found, and whose it is."""

    row: Row
    account_id: AccountId
    called: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How much was counted so far: up to which account, and the first few rows that were met, each with its account."""

    after: int
    many: HowMany
    met: tuple[tuple[int, str], ...] = ()
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What would end. `sealed` begins exactly this, once; until it is complete it only counts on."""

    id: str
    which: Which
    counted: Counted
    sealed: str
    sample: tuple[Sample, ...] = ()


class PreviewTooOld(InvalidInput):
    """What was shown was shown too long ago, or not by us."""

    code = "preview_too_old"
    sentence = _("What would end was looked at too long ago.")
    hint = _("Look again, and begin with what is shown then.")


class PreviewUnfinished(InvalidInput):
    """Not everything has been counted yet."""

    code = "preview_unfinished"
    sentence = _("Not everything has been counted yet.")
    hint = _("Count to the end first: what is shown is what ends.")


class NothingToEnd(InvalidInput):
    """What was shown is nothing."""

    code = "nothing_to_end"
    sentence = _("There is nothing that would end.")
    hint = _("Say something else of what is to end.")


class EndingFinished(Refused):
    """It has come to its end, and neither stops nor goes on."""

    code = "ending_finished"
    sentence = _("This has come to its end already.")
    hint = _("Look at what it has ended.")
