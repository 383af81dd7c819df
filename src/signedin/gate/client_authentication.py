"""Which client asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from signedin.actions.find_client import find_client
from signedin.actions.means import Means
from signedin.rules.client import Client
from signedin.rules.oauth_refusal import OAuthRefused


async def authenticated_client(
    means: Means, headers: Any, form: Mapping[str, str], now: datetime, *, issuer: str
) -> Client:
    """The client that has shown that it is itself; this stand-in takes those alone that can keep no secret."""
    del headers, now, issuer
    client = await find_client(means, form.get("client_id", ""))
    if client is None or client.is_disabled or client.is_confidential:
        raise OAuthRefused("invalid_client", "The client is not known.", status=401)
    return client
