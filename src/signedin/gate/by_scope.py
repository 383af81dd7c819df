"""What passes a check only by a scope: personal access keys, and access tokens of apps (D12)."""

from __future__ import annotations

from datetime import datetime

from signedin.actions.authenticate_key import authenticate_key, is_key
from signedin.actions.authenticate_token import authenticate_token, is_token
from signedin.actions.means import Means
from signedin.rules.presence import Absence, Presence, Service


def is_by_scope(credential: str | None) -> bool:
    """Whether a credential calls itself a key or an access token."""
    return is_key(credential) or is_token(credential)


async def opened_by(
    means: Means, credential: str, resource: str | None, now: datetime
) -> Presence | Service | Absence:
    """Whose key or token this is now; one for another resource server than the one that is guarded opens nothing.

    A key is for this service alone, like a token that names no resource. A token that is bound to a key opens nothing here: whoever guards an app by a question sees no proof of a request.

    Raises:
        DatabaseProblem, Unavailable: it cannot be known; nobody is let in on that.
    """
    authenticated = authenticate_key if is_key(credential) else authenticate_token
    found = await authenticated(means, credential, now)
    if isinstance(found, Absence | Service):
        return found
    is_ours = resource is None or (resource == means.issuer and not is_key(credential))
    is_for_it = found.is_for_us if is_ours else resource in found.audience
    return found if is_for_it and not found.key_thumbprint else Absence("wrong_kind")
