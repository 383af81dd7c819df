"""What the doctor finds, told to operators: looked at once a minute at most, however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.means import Means
from signedin.rules.health import Examined, Finding, worst_first
from signedin.rules.operator import Deed, Role, RoleNeeded
from signedin.rules.wording import marked as _

GOOD_FOR = timedelta(minutes=1)
Look = Callable[[datetime], Sequence[Finding]]


class Examiner:
    """Has everything looked at, which takes a second or two, in a thread; whoever asks meanwhile waits for the same.

    `look` is the doctor's: it looks at everything and says what it found.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._one_at_a_time = asyncio.Lock()
        self._latest: Examined | None = None

    async def examined(self, now: datetime) -> Examined:
        """What was found within the last minute, or is found now."""
        async with self._one_at_a_time:
            latest = self._latest
            if latest is None or not timedelta(0) <= now - latest.at < GOOD_FOR:
                latest = Examined(now, worst_first(await asyncio.to_thread(self._look, now)))
                self._latest = latest
            return latest


async def see_health(means: Means, asking: Asking, examiner: Examiner, now: datetime) -> Examined:
    """What the doctor finds.

    Raises: as `operator_asking`, and
        RoleNeeded: of somebody who is there for one organisation alone.
    """
    await means.database.read(_may, asking)
    return await examiner.examined(now)


def _may(conn: sa.Connection, asking: Asking) -> None:
    if operator_asking(conn, asking, Deed.SEE).organisation_id is not None:
        raise RoleNeeded(
            Role.VIEWER, _("This concerns everybody, and you are there for one organisation alone.")
        )
