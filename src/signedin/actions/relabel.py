"""Relabelling: devices get the names that today's rules read, from what their browsers said when they signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.told_device import Read
from signedin.rules.event import Event, EventKind
from signedin.store import journal, labels
from signedin.store.labels import Labelled

BATCH = 300


@dataclass(frozen=True, slots=True)
class Relabelled:
    """What was done: labels that were read anew, and those that became others."""

    read: int
    changed: int


async def relabel(
    means: Means,
    read: Read,
    ruleset: str,
    now: datetime,
    tell: Callable[[int, int], object] = lambda *_: None,
) -> Relabelled:
    """Read anew every label that other rules have read, in batches; a label that changes is an event of its account.

    `tell` is told how many of how many are done.
    """
    total = await means.database.read(labels.count_old, ruleset)
    done, changed, after = 0, 0, (0, "")
    while batch := await means.database.read(labels.old, ruleset, after, BATCH):
        changed += await means.database.write(_relabel_batch, batch, read, ruleset, now)
        done, after = done + len(batch), (int(batch[-1].account_id), batch[-1].session_id)
        tell(done, total)
    return Relabelled(done, changed)


def _relabel_batch(
    conn: sa.Connection, batch: list[Labelled], read: Read, ruleset: str, now: datetime
) -> int:
    changed = 0
    for labelled in batch:
        device = read(labelled.said, labelled.app_type, labelled.device)
        if labels.relabel(conn, labelled, device, ruleset) and device != labelled.device:
            changed += 1
            personal: dict[str, object] = {"device": device.name, "before": labelled.device.name}
            facts: dict[str, object] = {"by": "operator", "what": "label"}
            event = Event(EventKind.SESSION_CHANGED, now, labelled.session_id, None, facts, personal)
            journal.record(conn, labelled.account_id, event)
    return changed
