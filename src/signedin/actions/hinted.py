"""Whom a client means that brings an ID token along (`id_token_hint`; OpenID Connect, 3.1.2.1)."""

from __future__ import annotations

from datetime import datetime

from signedin.actions.means import Means
from signedin.actions.sign import verified
from signedin.rules.claims import subject_of
from signedin.rules.client import Client
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.presence import Presence
from signedin.store import accounts


async def is_meant(means: Means, presence: Presence, client: Client, hint: str, now: datetime) -> bool:
    """Whether the client means who is signed in: it does where it brought no hint. Of a hint only the age is forgiven.

    Raises:
        OAuthRefused: the hint is no ID token of ours for this client.
    """
    if not hint:
        return True
    claims = await verified(means, hint, typ="JWT", now=now, may_be_expired=True)
    audience = claims.get("aud") if claims else None
    if claims is None or client.id not in (audience if isinstance(audience, list) else [audience]):
        raise OAuthRefused(
            "invalid_request", "The id_token_hint is no ID token that this client was given here."
        )
    account = await means.database.read(accounts.find, presence.account_id)
    return account is not None and claims.get("sub") == subject_of(means.keyring.mac, client, account)
