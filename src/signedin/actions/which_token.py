"""Which token a text is, whatever its holder says that it is: opaque ones by their kind, signed ones by our signature."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.sign import verified
from signedin.rules.account import AccountId
from signedin.rules.id_token import ACCESS_TYP
from signedin.rules.secret import Kind, TokenRead, account_of_session_id, digest, read_token
from signedin.store import access_tokens, grants

LONGEST = 8_192
_KINDS = frozenset({Kind.ACC, Kind.REF})


async def which_token(means: Means, text: str, now: datetime) -> TokenRead | None:
    """The token, also one that has ended or expired; `None` for what is no token of a client.

    A signed access token is known by its id, which leads to its account and is kept like an opaque one.
    """
    if len(text) > LONGEST:
        return None
    read = read_token(text, _KINDS, means.keyring.way_keys)
    if read is not None or text.count(".") != 2:
        return read
    said = await verified(means, text, typ=ACCESS_TYP, now=now, may_be_expired=True)
    name = (said or {}).get("jti")
    account_id = account_of_session_id(name, means.keyring.way_keys) if isinstance(name, str) else None
    return None if account_id is None else TokenRead(Kind.ACC, account_id, digest(str(name)))


def grant_of(conn: sa.Connection, account_id: AccountId, read: TokenRead) -> str | None:
    """The id of the grant that an access or refresh token goes with, while there is one."""
    if read.kind is Kind.ACC:
        return access_tokens.grant_of(conn, account_id, read.digest)
    shown = grants.find_refresh(conn, account_id, read.digest)
    return shown.grant_id if shown else None
