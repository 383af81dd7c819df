"""From one host to another: a session gives a ticket, and a browser exchanges it once for a cookie of that host.

The cookie is a child of the session (D31): it is the same row of the list, and dies with it in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from signedin.actions.ending import end_cookies
from signedin.actions.list_sessions import read_some
from signedin.actions.means import Means
from signedin.actions.revoke import log_out
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.secret import Kind, digest, host_digest, make_token, read_token
from signedin.rules.session import Session, SessionId
from signedin.rules.ticket import LASTS, Ticket
from signedin.rules.wording import marked as _
from signedin.store import accounts, host_cookies, journal, tickets


@dataclass(frozen=True, slots=True)
class Entered:
    """A host's cookie, shown this once, and the session that it is a child of."""

    session: Session
    token: str = field(repr=False)

    @property
    def lasts(self) -> timedelta | None:
        """How long the browser keeps it; on a shared computer it goes with the window (D35)."""
        session = self.session
        return None if session.is_shared_computer else session.overall_until - session.last_at


async def give_ticket(means: Means, presence: Presence, host: str, mark: bytes, now: datetime) -> str:
    """A ticket for the session that asks, to one host: good once, for a minute; only its digest is kept.

    Raises:
        NoCurrentSession: the one who asks has no session of its own (D3).
    """
    if presence.current_id is None:
        raise errors.NoCurrentSession
    token = make_token(Kind.TIK, presence.account_id, means.keyring.way_keys)
    ticket = Ticket(presence.current_id, host, mark, now + LASTS)
    await means.database.write(tickets.add, presence.account_id, digest(token), ticket)
    return token


async def take_ticket(
    means: Means, text: str, host: str, mark: bytes, now: datetime, signed_in: Presence | None = None
) -> Entered:
    """Exchange a ticket for that host's cookie. Whatever else comes of it, the ticket is used up with that.

    Whoever was signed in there by another session before is logged out, as at any sign-in (security 7.2.4).

    Raises:
        LinkExpired: it was used, is too old, is for another host or browser, or its session has ended.
    """
    read = read_token(text, {Kind.TIK}, means.keyring.way_keys)
    if read is None:
        raise ticket_is_spent()
    account_id = AccountId(read.account_id)
    if not await means.database.read(tickets.is_there, account_id, read.digest):
        raise ticket_is_spent()  # anybody may try anything: what is none costs one read, and nobody's turn to write
    entered = await means.database.write(_take, means, account_id, read.digest, host, mark, now)
    if entered is None:
        raise ticket_is_spent()
    if signed_in is not None and signed_in.current_id not in (None, entered.session.id):
        await log_out(means, signed_in, now)
    means.recent.saw(account_id, entered.session.id, now)
    return entered


def ticket_is_spent() -> errors.LinkExpired:
    """How it is refused, whatever the matter is."""
    return errors.LinkExpired(
        hint=_("Go back to the app that you came from, and open this page from there again.")
    )


def _take(
    conn: sa.Connection, means: Means, account_id: AccountId, digest: bytes, host: str, mark: bytes, now: datetime
) -> Entered | None:  # fmt: skip
    accounts.hold(conn, account_id)
    ticket = tickets.take(conn, account_id, digest)
    if ticket is None or not ticket.is_good(host, mark, now):
        return None
    session = _living(conn, means, account_id, ticket.session_id, now)
    if session is None:
        return None
    token = make_token(Kind.HST, account_id, means.keyring.way_keys)
    event = Event(EventKind.HOST_ENTERED, now, session.id, session.id, {"host": host or means.host})
    number = journal.record(conn, account_id, event)
    there = host_digest(token, host)
    gone = host_cookies.add(conn, account_id, there, session.id, host, now)
    end_cookies(conn, session, gone, now, number)
    return Entered(session, token)


def _living(
    conn: sa.Connection, means: Means, account_id: AccountId, session_id: SessionId, now: datetime
) -> Session | None:
    row = read_some(conn, means, account_id, [session_id], now).find(session_id)
    return row if isinstance(row, Session) else None
