"""Accounts for apps that hold the scope: found, changed, closed, and their sessions seen and ended.

An app is told of a person only by which of its own ids it knows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.begun import by_service
from signedin.actions.hear import heard_everywhere
from signedin.actions.list_sessions import read_list
from signedin.actions.means import Means
from signedin.actions.named import account_of, hold_key, whose
from signedin.actions.operate import end_all_of, stop_account
from signedin.actions.tidy import tidy_at_once
from signedin.rules import errors
from signedin.rules.account import (
    Account,
    AccountId,
    AccountState,
    normalise_email,
    tidy_name,
)
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Service
from signedin.rules.revocation import LogoutAllCounts
from signedin.rules.session_list import SessionList
from signedin.rules.vouching import AccountInactive, may_change
from signedin.rules.wording import marked as _
from signedin.store import accounts, directory, journal, lookup, outside, used_hours


@dataclass(frozen=True, slots=True)
class Known:
    """An account, and by which ids of its own the app that asks knows it."""

    account: Account
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; `None` stays as it is."""

    name: str | None = None
    state: AccountState | None = None
    reason: str = ""


async def find_account(means: Means, service: Service, named: str) -> Known:
    """The account that the app names.

    Raises:
        NotFound, InvalidInput: there is none like that.
    """
    return await means.database.read(_find, service, named)


async def find_by_email(means: Means, service: Service, email: str) -> list[Known]:
    """The account that an address signs in to, or none."""
    return await means.database.read(_by_email, service, email)


async def accounts_after(means: Means, service: Service, account_id: int, limit: int) -> list[Known]:
    """The next accounts, in the order of their numbers."""
    return await means.database.read(_after, service, account_id, limit)


async def change_account(means: Means, service: Service, named: str, change: Change, now: datetime) -> Known:
    """Rename, disable or enable an account; what was disabled is over everywhere when this returns.

    Raises:
        NotFound, InvalidInput: there is none like that, or the name is none.
        InsufficientPermission: it is an operator's.
        AccountInactive: it is closed.
        NotSignedIn: the key has been revoked meanwhile.
    """
    known = await means.database.write(_change, means, service, named, change, now)
    await heard_everywhere(means)
    return known


async def close_account(means: Means, service: Service, named: str, reason: str, now: datetime) -> None:
    """Close an account for good: nothing of it opens anything any more, its history stays.

    Raises: as `change_account`; what is closed already stays so.
    """
    await means.database.write(_close, means, service, named, reason, now)
    await heard_everywhere(means)


async def sessions_of(means: Means, service: Service, named: str, now: datetime) -> SessionList:
    """The session list of an account, in which nothing is current.

    Raises:
        NotFound, InvalidInput: there is none like that.
    """
    return await means.database.read(_sessions, means, service, named, now)


async def end_sessions_of(
    means: Means, service: Service, named: str, reason: str, now: datetime
) -> LogoutAllCounts:
    """End everything an account has signed in; its access keys stay.

    Raises: as `change_account`, but a closed account has nothing left to end.
    """
    account_id, counts = await means.database.write(_end_sessions, means, service, named, reason, now)
    await heard_everywhere(means)
    await tidy_at_once(means, account_id, now)
    return counts


def _find(conn: sa.Connection, service: Service, named: str) -> Known:
    return _known(conn, service, [account_of(conn, whose(named, service))])[0]


def _known(conn: sa.Connection, service: Service, found: Sequence[Account]) -> list[Known]:
    ids = outside.subjects(conn, service.name, [account.id for account in found])
    return [Known(account, ids[account.id]) for account in found]


def _by_email(conn: sa.Connection, service: Service, email: str) -> list[Known]:
    account = accounts.find_by_email(conn, normalise_email(email) or "")
    return [] if account is None else _known(conn, service, [account])


def _after(conn: sa.Connection, service: Service, account_id: int, limit: int) -> list[Known]:
    return _known(conn, service, directory.after(conn, account_id, limit))


def _held(conn: sa.Connection, service: Service, named: str) -> Account:
    """The account, which nobody else changes until this is over, if an app may change it."""
    hold_key(conn, service)
    meant = whose(named, service)
    accounts.hold(conn, account_of(conn, meant).id)
    account = account_of(conn, meant)
    may_change(account)
    return account


def _change(
    conn: sa.Connection, means: Means, service: Service, named: str, change: Change, now: datetime
) -> Known:
    account = _held(conn, service, named)
    if account.state is AccountState.CLOSED:
        raise AccountInactive("account_closed")
    if change.name is not None:
        _rename(conn, service, account, change.name, now)
    if change.state is AccountState.DISABLED and account.state is not AccountState.DISABLED:
        event = _event(EventKind.ACCOUNT_DISABLED, service, change.reason, now)
        stop_account(conn, means, account, AccountState.DISABLED, event)
    elif change.state is AccountState.ACTIVE and account.state is not AccountState.ACTIVE:
        journal.record(conn, account.id, _event(EventKind.ACCOUNT_ENABLED, service, change.reason, now))
        accounts.set_state(conn, account.id, AccountState.ACTIVE)
    return _find(conn, service, named)


def _rename(conn: sa.Connection, service: Service, account: Account, wanted: str, now: datetime) -> None:
    name = tidy_name(wanted)
    if not name:
        raise errors.InvalidInput(_("A name is needed."), field="name")
    facts = by_service(service)
    journal.record(
        conn, account.id, Event(EventKind.PROFILE_CHANGED, now, facts=facts, personal={"name": name})
    )
    directory.rename(conn, account.id, name)
    lookup.enter(conn, replace(account, name=name))


def _close(
    conn: sa.Connection, means: Means, service: Service, named: str, reason: str, now: datetime
) -> None:
    account = _held(conn, service, named)
    if account.state is not AccountState.CLOSED:
        event = _event(EventKind.ACCOUNT_CLOSED, service, reason, now)
        stop_account(conn, means, account, AccountState.CLOSED, event)
        used_hours.forget(conn, account.id)


def _sessions(conn: sa.Connection, means: Means, service: Service, named: str, now: datetime) -> SessionList:
    return read_list(conn, means, account_of(conn, whose(named, service)).id, None, now)


def _end_sessions(
    conn: sa.Connection, means: Means, service: Service, named: str, reason: str, now: datetime
) -> tuple[AccountId, LogoutAllCounts]:
    account = _held(conn, service, named)
    return account.id, end_all_of(conn, means, account, by_service(service), reason, now)


def _event(kind: EventKind, service: Service, reason: str, now: datetime) -> Event:
    return Event(kind, now, facts=by_service(service), personal={"reason": reason} if reason else {})
