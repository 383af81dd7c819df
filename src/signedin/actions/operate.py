"""What an operator does for somebody: end one session or all, disable and enable, each with a reason.

A reason is recorded in the account's history, among the personal fields.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import refuse_last_owner
from signedin.actions.ending import end_all_rows, end_before, end_row, facts_of, tell_of_operator, what_ended
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import count_rows, read_some
from signedin.actions.means import Means
from signedin.actions.revoke import why_ended
from signedin.actions.tidy import tidy_at_once
from signedin.rules import errors
from signedin.rules.account import Account, AccountId, AccountState, normalise_email
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.revocation import EndReason, LogoutAllCounts
from signedin.rules.secret import account_of_session_id
from signedin.rules.wording import marked as _
from signedin.store import access_keys, accounts, deeds, limits, operators, outbox

_IN_SHELL = "`signedin account list` lists them."
IN_CONSOLE = _("Find the account by its name, and check its address there.")
"""What an operator can do who names an address that no account has."""


async def end_one(means: Means, row_id: str, reason: str, now: datetime) -> None:
    """End one session or consent by its public id, which leads to its account.

    Raises:
        NotFound, SessionAlreadyEnded: there is nothing to end.
    """
    account_id = account_of_session_id(row_id, means.keyring.way_keys)
    if account_id is None:
        raise errors.NotFound
    refusal = await means.database.write(_end_one, means, AccountId(account_id), row_id, reason, now)
    means.recent.forget(AccountId(account_id), row_id)
    await heard_everywhere(means)  # also for what had ended before: its own call may still be waiting
    if refusal is not None:
        raise refusal


def _end_one(
    conn: sa.Connection, means: Means, account_id: AccountId, row_id: str, reason: str, now: datetime
) -> errors.SessionAlreadyEnded | None:
    accounts.hold(conn, account_id)
    row = read_some(conn, means, account_id, [row_id], now).find(row_id)
    if row is None:
        return why_ended(conn, account_id, row_id, now)
    is_consent = isinstance(row, Consent)
    kind = EventKind.CONSENT_REVOKED if is_consent else EventKind.SESSION_REVOKED
    event = Event(kind, now, row_id, None, {"by": "operator"} | facts_of(row), {"reason": reason})
    account = accounts.find(conn, account_id)
    if account is not None:
        counts = LogoutAllCounts(int(not is_consent), int(is_consent), access_keys.count(conn, account_id))
        tell_of_operator(conn, account, counts, 0, reason, now)
    end_row(conn, row, EndReason.ENDED_BY_OPERATOR, now, deeds.record(conn, account_id, event, None))
    return None


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
    account = held_account_of(conn, email)
    return account, end_all_of(conn, means, account, {"by": "operator"}, reason, now)


def end_all_of(
    conn: sa.Connection, means: Means, account: Account, by: dict[str, object], reason: str, now: datetime
) -> LogoutAllCounts:
    """End everything that an account, which is held, has signed in; `by` says in its history who did it."""
    ended = count_rows(conn, means, account.id, now)
    facts: dict[str, object] = by | {"by_type": ended.told()}
    event = Event(EventKind.LOGGED_OUT_EVERYWHERE, now, None, None, facts, {"reason": reason})
    number = deeds.record_from_shell(conn, account.id, event)
    accounts.set_epoch(conn, account.id, number, now)
    accounts.forget_browsers(conn, account.id)
    counts = LogoutAllCounts.of(ended)
    if by.get("by") == "operator":
        tell_of_operator(conn, account, counts, 0, reason, now)
    else:
        outbox.queue(conn, account.id, "logged_out_everywhere", what_ended(account, counts, now), now)
    end_before(conn, account.id, number, now)
    return counts


async def disable(means: Means, email: str, now: datetime, reason: str = "") -> int:
    """Disable an account: dead on every path at once, its access keys too; returns how many sessions that ended.

    Raises:
        NotFound: there is no such account.
        LastOwner: no owner would be left who can sign in.
    """
    ended = await means.database.write(_disable, means, email, reason, now)
    await heard_everywhere(means)
    return ended


def _disable(conn: sa.Connection, means: Means, email: str, reason: str, now: datetime) -> int:
    operators.hold_roles(conn, alone=True)
    account = account_of(conn, email)
    if account.is_operator:  # owners are held before any account
        refuse_last_owner(conn, account.id)
    account = held_account_of(conn, email)
    event = by_operator(EventKind.ACCOUNT_DISABLED, reason, now)
    number = deeds.record(conn, account.id, event, None)
    return stop_account(conn, means, account, AccountState.DISABLED, event, number)


def stop_account(
    conn: sa.Connection, means: Means, account: Account, state: AccountState, event: Event,
    number: int | None = None,
) -> int:  # fmt: skip
    """Disable or close an account, which is held, with everything it has signed in and its keys; how many sessions.

    With a number the event is recorded already.
    """
    accounts.set_state(conn, account.id, state)
    ended = count_rows(conn, means, account.id, event.at)
    why = EndReason.ACCOUNT_CLOSED if state is AccountState.CLOSED else EndReason.ACCOUNT_DISABLED
    end_all_rows(conn, account.id, event, why, keys_too=True, number=number)
    return ended.sessions


async def enable(means: Means, email: str, now: datetime, reason: str = "") -> None:
    """Enable an account again; nothing comes back to life.

    Raises:
        NotFound: there is no such account.
    """
    await means.database.write(_enable, email, reason, now)


def _enable(conn: sa.Connection, email: str, reason: str, now: datetime) -> None:
    account = held_account_of(conn, email)
    deeds.record(conn, account.id, by_operator(EventKind.ACCOUNT_ENABLED, reason, now), None)
    accounts.set_state(conn, account.id, AccountState.ACTIVE)


async def unlock(means: Means, email: str, now: datetime, reason: str = "") -> None:
    """Forget the failed sign-ins of an account, so that its owner need not wait.

    Raises:
        NotFound: there is no such account.
    """
    await means.database.write(_unlock, means, email, reason, now)


def _unlock(conn: sa.Connection, means: Means, email: str, reason: str, now: datetime) -> None:
    account = held_account_of(conn, email)
    deeds.record(conn, account.id, by_operator(EventKind.ACCOUNT_UNLOCKED, reason, now), None)
    for subject in limits.subjects(means.keyring, email=account.email, address="", browser=None):
        if subject.is_cleared:
            limits.clear(conn, subject.digest)


def by_operator(kind: EventKind, reason: str, now: datetime) -> Event:
    """What an operator did to an account; the reason may tell of a person, so it can be erased."""
    return Event(kind, now, facts={"by": "operator"}, personal={"reason": reason} if reason else {})


def account_of(conn: sa.Connection, email: str, hint: str = _IN_SHELL) -> Account:
    """The account with this address, told only to operators; `hint` is what whoever asks can do where there is none.

    Raises:
        NotFound: there is none.
    """
    account = accounts.find_by_email(conn, normalise_email(email) or "")
    if account is None:
        raise errors.NotFound(_("There is no account with this address."), hint=hint)
    return account


def held_account_of(conn: sa.Connection, email: str) -> Account:
    """The same for somebody who is about to change it: nobody else does meanwhile.

    Raises:
        NotFound: there is none.
    """
    accounts.hold(conn, account_of(conn, email).id)
    return account_of(conn, email)
