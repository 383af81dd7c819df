"""An ending returns once everybody who could still answer from memory has heard of it.

Each has acknowledged, has left, or its lease has run out: at most 3.15 seconds after the commit, by the clock of
the one who waits. On SQLite no process of the server answers from memory, so only client libraries in other apps
are waited for, and where there are none an ending returns at its commit (D34).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from prometheus_client import Histogram

from signedin.actions.authenticate import checks_of
from signedin.actions.means import Means
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.lease import Waiting
from signedin.rules.wording import marked as _
from signedin.store import endings
from signedin.store.boot_clock import boot_time
from signedin.store.bus import Bus
from signedin.store.endings import Late

FIRST_LOOK, LONGEST_LOOK = 0.002, 0.05
"""Seconds between looks at the nodes: short at first, because they mostly answer within milliseconds."""
MOST_BESIDES = 0.25
"""Seconds that an ending waits for silent nodes to be gone for good, beyond what it has to."""
WAITED = Histogram(
    "signedin_ending_waited_seconds", "From the commit of an ending until it held everywhere.", registry=None,
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3.2, 5),
)  # fmt: skip
_tellings: set[asyncio.Task[None]] = set()  # a loop holds its tasks only weakly


async def heard_everywhere(means: Means) -> None:
    """Wait until everything that has ended so far holds in every process on every machine (P1).

    Raises:
        Unavailable: whether it holds everywhere is not known; ask again.
    """
    try:
        await _heard_everywhere(means)
    except (DatabaseProblem, Unavailable) as unknown:
        raise Unavailable(
            _("Whether this holds everywhere is not known yet."),
            hint=_("Do it again in a moment: it returns once that is certain."),
        ) from unknown


async def _heard_everywhere(means: Means) -> None:
    began = boot_time()
    late = await _late(means)
    waiting = Waiting(late.seq, began, late.is_new)
    if means.bus is not None:
        await _tell(means.bus, late.seq)
    last = await _all_heard(means, late, waiting)
    WAITED.observe(boot_time() - began)
    if late.is_new and means.lines is not None:
        with suppress(DatabaseProblem, Unavailable):
            await means.lines.know_lineage(late.lineage)
    if waiting.silent:
        await _strike_off(means, waiting, last)


async def _tell(bus: Bus, seq: int) -> None:
    """Hint to everybody, beside the waiting: a bus that hangs holds up no ending that was heard of without it."""
    telling = asyncio.create_task(bus.tell(seq))
    _tellings.add(telling)
    telling.add_done_callback(_tellings.discard)
    await asyncio.wait({telling}, timeout=FIRST_LOOK)


async def _all_heard(means: Means, late: Late, waiting: Waiting) -> Late:
    now, pause = late, FIRST_LOOK
    while not waiting.is_over(now.nodes, boot_time(), now.told_by):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_LOOK)
        now = await _late(means, late.seq)
        if now.lineage != late.lineage:
            raise Unavailable  # a fail-over meanwhile: the ending itself may be lost, and nodes may be missing
    return now


async def _strike_off(means: Means, waiting: Waiting, last: Late) -> None:
    """Forget who was silent for a whole lease, so that later endings do not wait for it."""
    left = waiting.all_gone_at() - boot_time()
    if left > MOST_BESIDES:
        return  # first seen late: another ending will see to it
    await asyncio.sleep(max(0.0, left))
    gone = waiting.gone(boot_time())
    silent = [node for node in last.nodes if gone.get((node.node_id, node.boot_id)) == node.renewals]
    if not silent:
        return
    with suppress(DatabaseProblem, Unavailable):  # the ending holds all the same
        if means.lines is not None:
            await means.lines.strike_off(silent, last.told_by)
        else:
            await means.database.note(endings.strike_off, silent)


async def _late(means: Means, seq: int | None = None) -> Late:
    """Who has not heard: on SQLite read on the caller's thread, without waiting."""
    return checks_of(means).late(seq) if means.lines is None else await means.lines.late(seq)
