"""A sign-out that a client asks for, judged: by whom, of whom, and where it may lead (RP-Initiated Logout 1.0)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from signedin.actions.find_client import find_client
from signedin.actions.hinted import hinted
from signedin.actions.means import Means
from signedin.rules.authorization import NO_CLIENT, AuthorizationRefused, Parameters
from signedin.rules.claims import sid_for, subject_of_id
from signedin.rules.client import Client
from signedin.rules.presence import Presence
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded
from signedin.store import asked
from signedin.store.asked import Asked, Way

KNOWN = frozenset({
    "id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales",
})  # fmt: skip
"""What a request may say (section 2); everything else is ignored."""
LASTS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What a client asks for; `redirect_uri` is one that it has registered, or nothing."""

    client: Client | None = None
    redirect_uri: str = ""
    state: str = ""
    hint: dict[str, Any] = field(default_factory=dict, repr=False)


async def judge_leaving(means: Means, said: Parameters, now: datetime) -> Leaving:
    """What is asked for, once everything that it says is right.

    Raises:
        AuthorizationRefused: something is not; then nobody is led anywhere (sections 2 and 3).
    """
    named = said.get("client_id")
    if said.repeated:
        raise AuthorizationRefused(worded(_("{name} came twice"), name=min(said.repeated)), named)
    hint = await _hint(means, said, now)
    meant = str(hint.get("aud", ""))
    if named and meant and named != meant:
        raise AuthorizationRefused(_("the id_token_hint is another client’s than client_id"), named)
    client = await find_client(means, named or meant) if named or meant else None
    if (named or meant) and (client is None or client.is_disabled):
        raise AuthorizationRefused(NO_CLIENT, named or meant)
    redirect_uri = said.get("post_logout_redirect_uri")
    if redirect_uri and client is None:
        raise AuthorizationRefused(_("a post_logout_redirect_uri needs an id_token_hint or a client_id"))
    if redirect_uri and client is not None and redirect_uri not in client.logout_uris:
        raise AuthorizationRefused(
            _("this post_logout_redirect_uri is not registered for this client_id"), client.id
        )
    return Leaving(client, redirect_uri, said.get("state"), hint)


def is_of_this_session(means: Means, leaving: Leaving, presence: Presence) -> bool:
    """Whether the client means who is signed in here, and in this very session; it does where it brought no hint."""
    if not leaving.hint or leaving.client is None:
        return True
    subject = subject_of_id(means.keyring.mac, leaving.client, presence.account_id)
    sid = sid_for(means.keyring.mac, leaving.client, presence.current_id or "")
    return bool(sid) and (leaving.hint.get("sub"), leaving.hint.get("sid")) == (subject, sid)


async def keep_leaving(means: Means, said: Parameters, now: datetime) -> str:
    """Keep what a client has posted, until the browser comes for it with its cookies; returns its name."""
    name = secrets.token_urlsafe(32)
    kept = Asked(said.get("client_id"), dict(said.said), b"", now + LASTS)
    await means.database.write(asked.add, Way.LEAVING, _digest(name), kept)
    return name


async def find_leaving(means: Means, name: str, now: datetime) -> Parameters:
    """What was posted.

    Raises:
        AuthorizationRefused: it was kept for too long, or never.
    """
    found = await means.database.read(asked.find, Way.LEAVING, _digest(name))
    if found is None or found.until <= now:
        raise AuthorizationRefused(_("it has waited for too long"))
    return Parameters(found.parameters)


async def _hint(means: Means, said: Parameters, now: datetime) -> dict[str, Any]:
    text = said.get("id_token_hint")
    if not text:
        return {}
    claims = await hinted(means, text, now)
    if claims is None:
        raise AuthorizationRefused(_("the id_token_hint is no ID token of ours"), said.get("client_id"))
    return claims


def _digest(name: str) -> bytes:
    return sha256(name.encode()).digest()
