"""What an operator does for somebody: end one session or all, disable and enable, each with a reason."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.ending import end_before, end_row, end_sessions
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import read_list
from signedin.actions.means import Means
from signedin.actions.revoke import tidy_at_once
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, AccountState, normalise_email
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.revocation import EndReason, LogoutAllCounts
from signedin.rules.secret import account_of_session_id
from signedin.store import accounts, journal, limits, outbox, tombstones


async def end_one(means: Means, row_id: str, reason: str, now: datetime) -> None:
    """End one session or consent by its public id, which leads to its account.

    Raises:
        NotFound, SessionAlreadyEnded: there is nothing to end.
    """
    account_id = account_of_session_id(row_id, means.keyring.way_keys)
    if account_id is None:
        raise errors.NotFound
    await means.database.write(_end_one, means, AccountId(account_id), row_id, reason, now)
    means.recent.forget(AccountId(account_id), row_id)
    await heard_everywhere(means)


def _end_one(
    conn: sa.Connection, means: Means, account_id: AccountId, row_id: str, reason: str, now: datetime
) -> None:
    accounts.hold(conn, account_id)
    row = read_list(conn, means, account_id, None, now).find(row_id)
    if row is None:
        stone = tombstones.tombstone_of(conn, account_id, row_id)
        raise errors.SessionAlreadyEnded(stone.reason.value) if stone else errors.NotFound
    is_consent = isinstance(row, Consent)
    kind = EventKind.CONSENT_REVOKED if is_consent else EventKind.SESSION_REVOKED
    event = Event(
        kind, now, row_id, None, {"by": "operator", "app_type": row.app_type.value}, {"reason": reason}
    )
    end_row(conn, row, EndReason.ENDED_BY_OPERATOR, now, journal.record(conn, account_id, event))


async def end_all(means: Means, email: str, reason: str, now: datetime) -> LogoutAllCounts:
    """End everything an account has signed in; access keys stay.

    Raises:
        NotFound: there is no such account.
    """
    account, counts = await means.database.write(_end_all, means, email, reason, now)
    await heard_everywhere(means)
    await tidy_at_once(means, account.id, now)
    return counts


def _end_all(
    conn: sa.Connection, means: Means, email: str, reason: str, now: datetime
) -> tuple[Account, LogoutAllCounts]:
    account = _account(conn, email)
    listed = read_list(conn, means, account.id, None, now)
    facts: dict[str, object] = {"by": "operator", "by_type": listed.counts()}
    event = Event(EventKind.LOGGED_OUT_EVERYWHERE, now, None, None, facts, {"reason": reason})
    number = journal.record(conn, account.id, event)
    accounts.set_epoch(conn, account.id, number, now)
    accounts.forget_browsers(conn, account.id)
    counts = LogoutAllCounts(len(listed.sessions), len(listed.consents), listed.access_keys)
    fields = {"to": account.email, "name": account.name, "at": now.isoformat(),
              "sessions": str(counts.sessions_ended), "consents": str(counts.consents_ended),
              "keys": str(counts.access_keys_kept)}  # fmt: skip
    outbox.queue(conn, account.id, "logged_out_everywhere", fields, now)
    end_before(conn, account.id, number, now)
    return account, counts


async def disable(means: Means, email: str, now: datetime) -> int:
    """Disable an account: dead on every path at once; returns how many sessions that ended.

    Raises:
        NotFound: there is no such account.
    """
    ended = await means.database.write(_disable, means, email, now)
    await heard_everywhere(means)
    return ended


def _disable(conn: sa.Connection, means: Means, email: str, now: datetime) -> int:
    account = _account(conn, email)
    listed = read_list(conn, means, account.id, None, now)
    number = journal.record(conn, account.id, Event(EventKind.ACCOUNT_DISABLED, now))
    accounts.set_state(conn, account.id, AccountState.DISABLED)
    accounts.set_epoch(conn, account.id, number, now)
    ids = [session.id for session in listed.sessions]
    ended = end_sessions(conn, account.id, ids, EndReason.ACCOUNT_DISABLED, now, number)
    end_before(conn, account.id, number, now)
    return ended


async def enable(means: Means, email: str, now: datetime) -> None:
    """Enable an account again; nothing comes back to life.

    Raises:
        NotFound: there is no such account.
    """
    await means.database.write(_enable, email, now)


def _enable(conn: sa.Connection, email: str, now: datetime) -> None:
    account = _account(conn, email)
    journal.record(conn, account.id, Event(EventKind.ACCOUNT_ENABLED, now))
    accounts.set_state(conn, account.id, AccountState.ACTIVE)


async def unlock(means: Means, email: str) -> None:
    """Forget the failed sign-ins of an account, so that its owner need not wait.

    Raises:
        NotFound: there is no such account.
    """
    await means.database.write(_unlock, means, email)


def _unlock(conn: sa.Connection, means: Means, email: str) -> None:
    account = _account(conn, email)
    for subject in limits.subjects(means.keyring, email=account.email, address="", browser=None):
        if subject.is_cleared:
            limits.clear(conn, subject.digest)


def _account(conn: sa.Connection, email: str) -> Account:
    account = accounts.find_by_email(conn, normalise_email(email) or "")
    if account is None:
        raise errors.NotFound("There is no account with this address.")
    accounts.hold(conn, account.id)
    return account
