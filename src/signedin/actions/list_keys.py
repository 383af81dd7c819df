"""The keys there are, each with its last use: never older than what this process has seen itself, nor than the question."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from signedin.actions.means import Means
from signedin.actions.operate import account_of
from signedin.rules.access_key import AccessKey, ServiceKey
from signedin.rules.account import AccountId
from signedin.rules.presence import Presence
from signedin.store import access_keys, services

K = TypeVar("K", AccessKey, ServiceKey)


async def list_keys(means: Means, presence: Presence, now: datetime) -> list[AccessKey]:
    """The access keys of the one who asks, the newest first; one that asks by itself is in use by that."""
    found = await means.database.read(access_keys.of, presence.account_id)
    return [
        replace(key, last_at=now) if key.id == presence.key_id else _latest(means, key, key.account_id)
        for key in found
    ]


async def list_keys_of(means: Means, email: str) -> list[AccessKey]:
    """The access keys of somebody's account, for an operator.

    Raises:
        NotFound: there is no such account.
    """
    account = await means.database.read(account_of, email)
    return await means.database.read(access_keys.of, account.id)


async def list_service_keys(means: Means) -> list[ServiceKey]:
    """The service keys of this installation, the newest first."""
    found = await means.database.read(services.every)
    return [_latest(means, key, services.NOBODY) for key in found]


def _latest(means: Means, key: K, account_id: AccountId) -> K:
    seen = means.recent.latest(account_id, key.id)
    if seen is None or (key.last_at is not None and seen <= key.last_at):
        return key
    return replace(key, last_at=seen)
