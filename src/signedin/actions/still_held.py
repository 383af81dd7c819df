"""What is asked again in the transaction that issues or ends tokens: whether client, account, row and grant hold."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_row
from signedin.actions.list_sessions import as_used_last
from signedin.actions.means import Means
from signedin.rules import exchange
from signedin.rules.account import Account, AccountId, AccountState
from signedin.rules.client import Client
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.grant import Grant
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.revocation import EndReason
from signedin.rules.session_list import Row
from signedin.store import accounts, clients, given, journal, session_rows, tombstones


def still_known(conn: sa.Connection, client: Client) -> Client:
    """The client as it is registered now.

    Raises:
        OAuthRefused: it is not any more, or has been disabled meanwhile (attack 25).
    """
    return enabled(clients.find(conn, client.id))


def enabled(client: Client | None) -> Client:
    """The same of one that was just read; raises as `still_known`."""
    if client is None or client.is_disabled:
        raise OAuthRefused(
            "invalid_client", "This client is disabled, or there is none like that.", status=401
        )
    return client


def still_held(conn: sa.Connection, means: Means, grant: Grant, now: datetime) -> tuple[Account, Row]:
    """The account of a grant and the row of its list, where everything holds that the grant needs.

    Raises:
        OAuthRefused: the account is not active, all devices were logged out since (D23), the row has ended or
            expired, or the grant has.
    """
    account = accounts.find(conn, grant.account_id)
    rows = session_rows.some(conn, grant.account_id, [grant.row_id]) if grant.row_id else []
    return account_and_row(means, grant, account, rows[0] if rows else None, now)


def account_and_row(
    means: Means, grant: Grant, account: Account | None, row: Row | None, now: datetime
) -> tuple[Account, Row]:
    """The same of what was just read; raises as `still_held`."""
    if account is None or account.state is not AccountState.ACTIVE:
        raise exchange.gone("What the person gave", EndReason.ACCOUNT_DISABLED.value)
    if grant.first_proof < account.epoch:
        raise exchange.gone("What the person gave", EndReason.LOGGED_OUT_EVERYWHERE.value)
    exchange.refuse_expired(grant.until, now)
    row = as_used_last(means, row, None, now) if row and row.first_proof >= account.epoch else None
    if row is None or not row.is_alive_at(now):
        is_by_rule = row is not None and row.is_over_by_rule_at(now)
        why = EndReason.POLICY if is_by_rule else EndReason.EXPIRED_IDLE
        raise exchange.gone("What the person gave", why.value)
    return account, row


def in_force(grant: Grant, client: Client, row: Row) -> tuple[str, ...]:
    """What a grant still allows: what neither the person nor whoever registered the client has taken back."""
    allowed = client.scopes & frozenset(row.scopes) if isinstance(row, Consent) else client.scopes
    return tuple(scope for scope in grant.scopes if scope in allowed)


def in_force_to_stay(grant: Grant, client: Client, row: Row) -> tuple[str, ...]:
    """The same for a refresh token, by which another's app stays connected without the person (`offline_access`).

    Raises:
        OAuthRefused: the person, or whoever registered the client, has taken that back.
    """
    allowed = in_force(grant, client, row)
    if not client.is_first_party and "offline_access" not in allowed:
        raise exchange.gone("The right to stay connected")
    return allowed


def told_of_end(conn: sa.Connection, account_id: AccountId, digest: bytes, what: str) -> OAuthRefused:
    """The refusal of a secret that is not there; its holder is told why it ended, while that is remembered (D10)."""
    reason = tombstones.reason_of(conn, account_id, digest)
    return exchange.gone(what, reason.value if reason else "")


def end_reused(conn: sa.Connection, grant: Grant, now: datetime) -> OAuthRefused:
    """End a grant whose secret is in two hands, and its row of the list: nobody can tell which is the thief's."""
    facts: dict[str, object] = {"client": grant.client_id, "reason": EndReason.REUSED.value}
    event = Event(EventKind.TOKEN_REUSED, now, grant.row_id or grant.id, None, facts)
    number = journal.record(conn, grant.account_id, event)
    rows = session_rows.some(conn, grant.account_id, [grant.row_id]) if grant.row_id else []
    for row in rows:
        end_row(conn, row, EndReason.REUSED, now, number)
    if not rows:
        given.end(conn, grant.account_id, [grant.id])
    return exchange.gone("What the person gave", EndReason.REUSED.value)
