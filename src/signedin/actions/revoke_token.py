"""A client gives a token back (RFC 7009): with a refresh token goes all of its grant, and the session of one's own app."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_row
from signedin.actions.hear import heard_everywhere
from signedin.actions.means import Means
from signedin.actions.which_token import grant_of, which_token
from signedin.rules.account import AccountId
from signedin.rules.client import Client
from signedin.rules.event import Event, EventKind
from signedin.rules.grant import Grant
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, TokenRead
from signedin.rules.session import Session
from signedin.store import access_tokens, accounts, given, grants, journal, session_rows


async def revoke_token(means: Means, client: Client, text: str, now: datetime) -> None:
    """End a token of this client's; of anything else nothing is done and nothing is said (section 2.2).

    A consent stays when its client gives a token back: what the person allowed only they take back.

    Raises:
        DatabaseProblem, Unavailable: it is not known to have ended.
    """
    read = await which_token(means, text, now)
    if read is None:
        return
    ended = await means.database.write(_revoke, client, read, now)
    if ended is not None:
        means.recent.forget(ended.account_id, ended.row_id or "")
        await heard_everywhere(means)


def _revoke(conn: sa.Connection, client: Client, read: TokenRead, now: datetime) -> Grant | None:
    """The grant, where the session that it goes with has ended."""
    account_id = AccountId(read.account_id)
    accounts.hold(conn, account_id)
    grant = grants.find(conn, account_id, grant_of(conn, account_id, read) or "")
    if grant is None or grant.client_id != client.id:
        return None
    if read.kind is Kind.ACC:
        access_tokens.end(conn, account_id, read.digest)
        return None
    rows = session_rows.some(conn, account_id, [grant.row_id]) if grant.row_id else []
    if not any(isinstance(row, Session) for row in rows):
        given.end(conn, account_id, [grant.id])
        return None
    [session] = rows
    event = Event(EventKind.SESSION_LOGGED_OUT, now, session.id, session.id, {"client": client.id})
    end_row(conn, session, EndReason.LOGGED_OUT, now, journal.record(conn, account_id, event))
    return grant
