"""A client by its id, and from which pages clients ask that run in browsers."""

from __future__ import annotations

from urllib.parse import urlsplit

from signedin.actions.authenticate import checks_of
from signedin.actions.means import Means
from signedin.rules.client import Client
from signedin.store import clients


async def find_client(means: Means, client_id: str) -> Client | None:
    """The client, also one that is disabled, or `None`; read from the database each time. Nothing waits on SQLite.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known.
    """
    if "\0" in client_id:
        return None  # nobody's, and PostgreSQL takes no text with it
    if means.lines is not None:
        return await means.lines.client(client_id)
    return checks_of(means).client(client_id)


async def origins_of_public(means: Means) -> frozenset[str]:
    """The origins of the https addresses that lead back to clients which keep no secret and are not disabled."""
    return frozenset(
        origin_of(uri)
        for client in await means.database.read(clients.every)
        if not client.is_confidential and not client.is_disabled
        for uri in client.redirect_uris
        if uri.startswith("https://")
    )


def origin_of(uri: str) -> str:
    """The origin of a registered https address, as browsers write it.

    >>> origin_of("https://app.example.org:443/back"), origin_of("https://app.example.org:8443/")
    ('https://app.example.org', 'https://app.example.org:8443')
    """
    return f"https://{urlsplit(uri).netloc.removesuffix(':443')}"
