"""What every ending has in common: the row leaves the live tables, a tombstone says why, the journal tells.

And the log of endings tells those who answer from memory; it comes last, because its counter is locked until the
transaction is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId
from signedin.rules.consent import Consent
from signedin.rules.ending import Ending, Scope
from signedin.rules.event import Event, EventKind
from signedin.rules.revocation import EndReason, LogoutAllCounts
from signedin.rules.session import Session
from signedin.rules.session_list import Row
from signedin.store import access_keys, accounts, consents, endings, journal, outbox, sessions, tombstones

AT_ONCE = 500
"""Rows in one statement; all of them are one transaction."""


def end_row(conn: sa.Connection, row: Row, reason: EndReason, now: datetime, number: int) -> None:
    """End a session or consent for the event with that number."""
    if isinstance(row, Consent):
        gone = consents.end(conn, row.account_id, [row.id], now)
        tombstones.bury(conn, row.account_id, gone, reason, now, number)
    else:
        end_sessions(conn, row.account_id, [row.id], reason, now, number)


def facts_of(row: Row) -> dict[str, object]:
    """What a history tells of a row that ends: its app type, and of a connected app since when it had been allowed what."""
    facts: dict[str, object] = {"app_type": row.app_type.value}
    if isinstance(row, Consent):
        facts |= {"since": row.consented_at.isoformat(), "scopes": list(row.scopes)}
    return facts


def end_sessions(
    conn: sa.Connection,
    account_id: AccountId,
    ids: Sequence[str],
    reason: EndReason,
    now: datetime,
    number: int,
) -> int:
    """End sessions, and log that as the last thing in the transaction; returns how many there were."""
    digests = sessions.end(conn, account_id, ids, reason, now, number)
    if digests:
        endings.record(conn, Ending(Scope.SESSION, account_id, tuple(digests)), now)
    return len(digests)


def end_meant(
    conn: sa.Connection, account_id: AccountId, ids: tuple[Sequence[str], Sequence[str], Sequence[str]],
    reason: EndReason, now: datetime, number: int,
) -> None:  # fmt: skip
    """End sessions, consents and access keys of an account, by their ids in that order, for one event."""
    of_sessions, of_consents, of_keys = ids
    for at in range(0, len(of_consents), AT_ONCE):
        gone = consents.end(conn, account_id, of_consents[at : at + AT_ONCE], now)
        tombstones.bury(conn, account_id, gone, reason, now, number)
    for at in range(0, len(of_keys), AT_ONCE):
        access_keys.end(conn, account_id, of_keys[at : at + AT_ONCE], reason, now, number)
    for at in range(0, len(of_sessions), AT_ONCE):
        end_sessions(conn, account_id, of_sessions[at : at + AT_ONCE], reason, now, number)


def end_cookies(
    conn: sa.Connection, session: Session, gone: Sequence[bytes], now: datetime, number: int
) -> None:
    """Log cookies of hosts that had to go, as the last thing in the transaction; their session lives on.

    Whoever comes by one is told `policy`, and once the session has ended why that has (store/checks.py).
    """
    account_id = session.account_id
    if gone:
        stones = [tombstones.child_of(session.id, digest, session.idle) for digest in gone]
        tombstones.bury(conn, account_id, stones, EndReason.POLICY, now, number)
        endings.record(conn, Ending(Scope.SESSION, account_id, tuple(gone)), now)


def end_before(conn: sa.Connection, account_id: AccountId, cut_off: int, now: datetime) -> None:
    """Log an account's new cut-off, as the last thing in the transaction."""
    endings.record(conn, Ending(Scope.ACCOUNT, account_id, cut_off=cut_off), now)


def end_expired(conn: sa.Connection, row: Row, now: datetime) -> EndReason:
    """End what has ended by itself or by the rule of an organisation, as of when it did; returns why."""
    overall = not isinstance(row, Consent) and row.overall_until <= now
    reason = EndReason.EXPIRED_OVERALL if overall else EndReason.EXPIRED_IDLE
    if row.is_over_by_rule_at(now):
        reason = EndReason.POLICY
    about = {"name": row.client_name} if isinstance(row, Consent) else {"device": row.device.name}
    event = Event(EventKind.SESSION_EXPIRED, now, row.id, None, {"reason": reason.value}, dict(about))
    end_row(conn, row, reason, row.expires_at, journal.record(conn, row.account_id, event))
    return reason


def end_all_rows(
    conn: sa.Connection, account_id: AccountId, event: Event, reason: EndReason, *, keys_too: bool = False,
    number: int | None = None,
) -> None:  # fmt: skip
    """Record an event and end all that is signed in for it, also a sign-in that is still under way (D23).

    With a number it is recorded already.
    """
    number = journal.record(conn, account_id, event) if number is None else number
    while ids := sessions.ids_of(conn, account_id, AT_ONCE):
        sessions.end(conn, account_id, ids, reason, event.at, number)
    for consent in consents.of(conn, account_id):
        end_row(conn, consent, reason, event.at, number)
    if keys_too:
        keys = [key.id for key in access_keys.of(conn, account_id)]
        access_keys.end(conn, account_id, keys, reason, event.at, number)
    accounts.set_epoch(conn, account_id, number, event.at)
    end_before(conn, account_id, number, event.at)


def tell_of_operator(
    conn: sa.Connection, account: Account, counts: LogoutAllCounts, keys: int, reason: str, now: datetime
) -> None:
    """Queue the letter that tells its owner what an operator has ended, with so many access keys, and why."""
    fields = (
        what_ended(account, counts, now) | {"keys_ended": str(keys)} | ({"reason": reason} if reason else {})
    )
    outbox.queue(conn, account.id, "ended_by_operator", fields, now)


def what_ended(account: Account, counts: LogoutAllCounts, now: datetime) -> dict[str, str]:
    """What a letter tells its owner of an ending of everything."""
    return {"to": account.email, "name": account.name, "at": now.isoformat(),
            "sessions": str(counts.sessions_ended), "consents": str(counts.consents_ended),
            "keys": str(counts.access_keys_kept)}  # fmt: skip
