"""What a client may know of the person who signed in (OpenID Connect Core, section 5.3)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules import errors
from signedin.rules.claims import claims_of, subject_of
from signedin.rules.presence import Presence
from signedin.store import accounts, clients


async def tell_userinfo(means: Means, presence: Presence) -> dict[str, Any]:
    """The claims that the token's scopes open.

    Raises:
        NotSignedIn: account or client is gone.
        DatabaseProblem, Unavailable: it cannot be known.
    """
    return await means.database.read(_told, means, presence)


def _told(conn: sa.Connection, means: Means, presence: Presence) -> dict[str, Any]:
    account, client = accounts.find(conn, presence.account_id), clients.find(conn, presence.client_id or "")
    if account is None or client is None:
        raise errors.NotSignedIn("unknown")
    return {
        **claims_of(account, presence.scopes or ()), "sub": subject_of(means.keyring.mac, client, account),
    }  # fmt: skip
