"""Telling others: what waits in the outbox, and what became of it."""

from __future__ import annotations

from datetime import datetime

from signedin.actions.means import Means
from signedin.store import outbox
from signedin.store.outbox import Message

__all__ = ["Message", "delivered", "postpone", "take_due"]


async def take_due(means: Means, now: datetime) -> list[Message]:
    """The messages whose turn it is, claimed so that no other process delivers them too."""
    if not await means.database.read(outbox.due, now, 1):
        return []
    return await means.database.write(outbox.claim, now)


async def delivered(means: Means, message: Message) -> None:
    """Forget a message that was delivered."""
    await means.database.write(outbox.delivered, message)


async def postpone(means: Means, message: Message, now: datetime) -> None:
    """Try a message again later."""
    await means.database.write(outbox.postpone, message, now)
