"""The logo of a client, as an operator uploaded it."""

from __future__ import annotations

from signedin.actions.means import Means
from signedin.rules.registration import Picture
from signedin.store import logos


async def find_logo(means: Means, name: str) -> Picture | None:
    """The picture with that name, or `None`."""
    return await means.database.read(logos.find, name)
