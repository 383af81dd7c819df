"""A client by its id."""

from __future__ import annotations

from signedin.actions.means import Means
from signedin.rules.client import Client
from signedin.store import clients


async def find_client(means: Means, client_id: str) -> Client | None:
    """The client, also one that is disabled, or `None`."""
    return await means.database.read(clients.find, client_id)
