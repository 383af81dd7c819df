"""Whom a client means that brings an ID token along (`id_token_hint`; OpenID Connect, 3.1.2.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from signedin.actions.means import Means
from signedin.actions.sign import verified
from signedin.rules import id_token
from signedin.rules.claims import subject_of_id
from signedin.rules.client import Client
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Presence


async def hinted(means: Means, hint: str, now: datetime) -> dict[str, Any] | None:
    """What an ID token of ours says, of which the age alone is forgiven; `None` for anything else.

    Also of ours: neither a logout token nor a signed access token is one, which `typ` tells (RFC 8725, section 3.11).
    """
    return await verified(means, hint, typ=id_token.TYP, now=now, may_be_expired=True)


async def is_meant(means: Means, presence: Presence, client: Client, hint: str, now: datetime) -> bool:
    """Whether the client means who is signed in: it does where it brought no hint.

    Raises:
        OAuthRefused: the hint is no ID token of ours for this client.
    """
    if not hint:
        return True
    claims = await hinted(means, hint, now)
    if claims is None or claims.get("aud") != client.id:
        raise OAuthRefused(
            "invalid_request", "The id_token_hint is no ID token that this client was given here."
        )
    return claims.get("sub") == subject_of_id(means.keyring.mac, client, presence.account_id)
