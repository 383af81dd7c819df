"""Log out, revoke one, log out all devices: each returns once the ending holds in every process.

On SQLite that is at the commit: no process of the server answers from memory. On PostgreSQL each process has
acknowledged it, or its lease has run out (actions/hear.py).
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_before, end_expired, end_row, end_sessions, facts_of
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import count_rows, read_list, read_some
from signedin.actions.means import Means
from signedin.actions.tidy import tidy_at_once
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Presence
from signedin.rules.revocation import EndReason, LogoutAllCounts, may_manage, may_revoke
from signedin.rules.session import SessionId
from signedin.rules.session_list import Row, SessionList
from signedin.store import accounts, consents, journal, outbox, session_rows, sessions, tombstones


async def log_out(means: Means, presence: Presence, now: datetime) -> None:
    """End the session that asks. Guide: "You are immediately logged out" (R41).

    Raises:
        NoCurrentSession: the one who asks has no session of its own (D3).
    """
    if presence.current_id is None:
        raise errors.NoCurrentSession
    await means.database.write(log_out_within, presence.account_id, presence.current_id, now)
    means.recent.forget(presence.account_id, presence.current_id)
    await heard_everywhere(means)


def log_out_within(conn: sa.Connection, account_id: AccountId, session_id: SessionId, now: datetime) -> None:
    """The same in the transaction at hand; nothing where it has ended already."""
    accounts.hold(conn, account_id)
    if sessions.find(conn, account_id, session_id) is None:
        return
    number = journal.record(
        conn, account_id, Event(EventKind.SESSION_LOGGED_OUT, now, session_id, session_id)
    )
    end_sessions(conn, account_id, [session_id], EndReason.LOGGED_OUT, now, number)


async def revoke(means: Means, presence: Presence, row_id: str, now: datetime) -> Row:
    """End another session or a consent; returns what it was. Guide: "The session is terminated immediately".

    Raises:
        CannotRevokeCurrent: it is the session that asks (R84).
        SessionAlreadyEnded: it has ended before (R85, D9).
        NotFound: there is none like that among one's own (R5).
        InsufficientPermission: no right to manage sessions (R86).
    """
    row = await means.database.write(_revoke, means, presence, row_id, now)
    means.recent.forget(presence.account_id, row_id)
    await heard_everywhere(means)  # also for what had ended before: its own call may still be waiting
    if isinstance(row, errors.Refused):
        raise row
    return row


def _revoke(
    conn: sa.Connection, means: Means, presence: Presence, row_id: str, now: datetime
) -> Row | errors.SessionAlreadyEnded:
    accounts.hold(conn, presence.account_id)
    row = _find(conn, means, presence, row_id, now)
    if isinstance(row, errors.Refused):
        return row
    is_consent = isinstance(row, Consent)
    kind = EventKind.CONSENT_REVOKED if is_consent else EventKind.SESSION_REVOKED
    personal = {"device": row.client_name if isinstance(row, Consent) else row.device.name}
    event = Event(kind, now, row_id, presence.current_id, facts_of(row), dict(personal))
    end_row(conn, row, EndReason.REVOKED, now, journal.record(conn, presence.account_id, event))
    return row


async def find_to_revoke(
    means: Means, presence: Presence, row_id: str, now: datetime
) -> tuple[SessionList, Row]:
    """The row that one is about to revoke, for the question before it.

    Raises: as `revoke`.
    """
    return await means.database.read(_find_to_revoke, means, presence, row_id, now)


def _find_to_revoke(
    conn: sa.Connection, means: Means, presence: Presence, row_id: str, now: datetime
) -> tuple[SessionList, Row]:
    may_revoke(presence, row_id)
    listed = list_for(conn, means, presence, now)
    row = listed.find(row_id)
    if row is None:
        raise _why_not_there(conn, presence.account_id, row_id) or errors.SessionAlreadyEnded("expired_idle")
    return listed, row


def _find(
    conn: sa.Connection, means: Means, presence: Presence, row_id: str, now: datetime
) -> Row | errors.SessionAlreadyEnded:
    """The row; or why it has ended, which holds in every process once this transaction is over (D9)."""
    may_revoke(presence, row_id)
    listed = read_some(conn, means, presence.account_id, [row_id], now, presence.current_id)
    _refuse_who_has_ended(conn, presence, listed)
    return listed.find(row_id) or why_ended(conn, presence.account_id, row_id, now)


def why_ended(
    conn: sa.Connection, account_id: AccountId, row_id: str, now: datetime
) -> errors.SessionAlreadyEnded:
    """Why a row that is not in the list has ended; what had expired and waited to be swept is buried first (D9).

    Raises:
        NotFound: there never was one like that in the account.
    """
    refusal = _why_not_there(conn, account_id, row_id)
    if isinstance(refusal, errors.SessionAlreadyEnded):
        return refusal
    if refusal is not None:
        raise refusal
    [expired] = session_rows.some(conn, account_id, [row_id])
    return errors.SessionAlreadyEnded(end_expired(conn, expired, now).value)


def list_for(conn: sa.Connection, means: Means, presence: Presence, now: datetime) -> SessionList:
    """The list for somebody who is about to change it: whoever has ended since they were recognised may not.

    Raises:
        NotSignedIn: the session that asks has ended while its request was under way.
    """
    listed = read_list(conn, means, presence.account_id, presence.current_id, now)
    _refuse_who_has_ended(conn, presence, listed)
    return listed


def _refuse_who_has_ended(conn: sa.Connection, presence: Presence, listed: SessionList) -> None:
    consent = (
        presence.key_id if presence.client_id else None
    )  # another's app asks, by what its person gave it
    if consent is not None and not session_rows.some(conn, presence.account_id, [consent]):
        raise errors.NotSignedIn(EndReason.REVOKED.value)
    if presence.current_id is not None and listed.current is None:
        stone = tombstones.tombstone_of(conn, presence.account_id, presence.current_id)
        raise errors.NotSignedIn(stone.reason.value if stone else EndReason.LOGGED_OUT_EVERYWHERE.value)


def _why_not_there(conn: sa.Connection, account_id: AccountId, row_id: str) -> errors.Refused | None:
    """Why a row is not in the list; `None` when it has expired and still waits to be swept."""
    stone = tombstones.tombstone_of(conn, account_id, row_id)
    if stone is not None:
        return errors.SessionAlreadyEnded(stone.reason.value)
    if session_rows.some(conn, account_id, [row_id]):
        return None
    if sessions.is_cut_off(conn, account_id, row_id) or consents.is_cut_off(conn, account_id, row_id):
        return errors.SessionAlreadyEnded(EndReason.LOGGED_OUT_EVERYWHERE.value)
    return errors.NotFound()


async def log_out_all(
    means: Means, presence: Presence, now: datetime, *, except_current: bool = False
) -> LogoutAllCounts:
    """End all sessions and consents at one stroke; access keys are out of reach (R58-R61).

    The ending is one number, the account's epoch: whatever was first proved before it is dead at once, also a
    sign-in that finishes later (D23). Rows are tidied afterwards.

    Raises:
        InsufficientPermission: no right to manage sessions (R86).
        NoCurrentSession: all others are to end, and the one who asks has no session that could stay (D3).
    """
    may_manage(presence)
    if except_current and presence.current_id is None:
        raise errors.NoCurrentSession
    keep = presence.current_id if except_current else None
    counts = await means.database.write(_log_out_all, means, presence, keep, now)
    await heard_everywhere(means)
    await tidy_at_once(means, presence.account_id, now)
    return counts


def _log_out_all(
    conn: sa.Connection, means: Means, presence: Presence, keep: SessionId | None, now: datetime
) -> LogoutAllCounts:
    account_id = presence.account_id
    accounts.hold(conn, account_id)
    _refuse_who_has_ended(conn, presence, read_some(conn, means, account_id, [], now, presence.current_id))
    ended = count_rows(conn, means, account_id, now)
    ended = ended.without(presence.app_type) if keep and presence.app_type else ended
    counts = LogoutAllCounts.of(ended)
    kind = EventKind.LOGGED_OUT_OTHERS if keep else EventKind.LOGGED_OUT_EVERYWHERE
    facts: dict[str, object] = {"by_type": ended.told(), "access_keys_kept": ended.access_keys}
    number = journal.record(conn, account_id, Event(kind, now, None, presence.current_id, facts))
    accounts.set_epoch(conn, account_id, number, now)
    accounts.forget_browsers(conn, account_id)
    if keep:
        sessions.keep_across(conn, account_id, keep, number)
    _tell(conn, account_id, counts, now, others_only=keep is not None)
    end_before(conn, account_id, number, now)
    return counts


def _tell(
    conn: sa.Connection, account_id: AccountId, counts: LogoutAllCounts, now: datetime, *, others_only: bool
) -> None:
    account = accounts.find(conn, account_id)
    if account is None:
        return
    fields = {"to": account.email, "name": account.name, "at": now.isoformat(),
              "sessions": str(counts.sessions_ended), "consents": str(counts.consents_ended),
              "keys": str(counts.access_keys_kept)}  # fmt: skip
    outbox.queue(
        conn, account_id, "logged_out_others" if others_only else "logged_out_everywhere", fields, now
    )
