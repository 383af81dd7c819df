"""Rows that an ending for many means: counted and found account by account, in the order of their numbers.

Each question reads one stretch of accounts and no more, so that none of them takes long however many there are.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.bulk import KEYS, HowMany, Which
from signedin.rules.moments import MICROSECOND, to_micros
from signedin.rules.session import AppType
from signedin.store import policies
from signedin.store.access_keys import access_keys
from signedin.store.accounts import accounts
from signedin.store.activity import activity
from signedin.store.consents import consents
from signedin.store.grants import grants
from signedin.store.schema import Int64
from signedin.store.sessions import sessions

_UNWRITTEN = timedelta(minutes=10) // MICROSECOND
"""How much later than what is written here a last use can have been: who may live is meant too."""


class Meant(NamedTuple):
    """A row that is meant: whose, which, and its app type, or `KEYS` for an access key."""

    account_id: AccountId
    row_id: str
    kind: str


def stretch(conn: sa.Connection, after: int, size: int) -> int | None:
    """The last of the next so many accounts, by their numbers; `None` when there are no more."""
    some = sa.select(accounts.c.account_id).where(accounts.c.account_id > after)
    chosen = some.order_by(accounts.c.account_id).limit(size).subquery()
    last = conn.scalar(sa.select(sa.func.max(chosen.c.account_id)))
    return None if last is None else int(last)


def count(conn: sa.Connection, which: Which, after: int, last: int) -> dict[AccountId, HowMany]:
    """How much each account of a stretch has; those that have nothing are not there."""
    found: dict[AccountId, list[tuple[str, int]]] = defaultdict(list)
    for part in _parts(which, (after, last)):
        grouped = part.with_only_columns(part.c_account, part.c_kind, sa.func.count())
        for account_id, kind, number in conn.execute(grouped.group_by(*part.groups)):
            found[AccountId(account_id)].append((kind, number))
    return {account_id: HowMany.in_account(counts) for account_id, counts in sorted(found.items())}


def of_account(conn: sa.Connection, which: Which, account_id: AccountId, limit: int) -> list[Meant]:
    """So many of one account's."""
    found: list[Meant] = []
    for part in _parts(which, (account_id - 1, account_id)):
        left = limit - len(found)
        found += [Meant(account_id, row[1], row[2]) for row in conn.execute(part.by_key.limit(left))]
    return found


class _Part:
    """One kind of row as a statement: whose it is, its id, its app type."""

    def __init__(self, joined: sa.FromClause, row_id: sa.Column[str], kind: Any, where: list[Any]) -> None:
        self.c_account = row_id.table.c.account_id
        self.c_kind = kind
        self.groups = [self.c_account, kind] if isinstance(kind, sa.Column) else [self.c_account]
        self._asked = sa.select(self.c_account, row_id, kind).select_from(joined).where(*where)
        self.by_key = self._asked.order_by(self.c_account, row_id)

    def with_only_columns(self, *columns: Any) -> sa.Select[Any]:
        return self._asked.with_only_columns(*columns)


def _parts(which: Which, within: tuple[int, int]) -> list[_Part]:
    parts = []
    if which.sessions:
        parts.append(_sessions(which, within))
    if which.consents:
        parts.append(_consents(which, within))
    if which.access_keys:
        parts.append(_keys(which, within))
    return parts


def _sessions(which: Which, within: tuple[int, int]) -> _Part:
    mine = sessions.c
    where = _of(mine.account_id, within)
    where += [
        mine.first_proof >= accounts.c.epoch,
        mine.began_at <= which.until,
        mine.overall_until > which.until,
    ]
    where += _alive(which, mine.idle, mine.began_at, mine.app_type) + _unused(which, activity.c.last_at)
    if which.app_types:
        where.append(mine.app_type.in_(sorted(which.app_types)))
    if which.begun_before is not None:
        where.append(mine.began_at < which.begun_before)
    if which.client_id:
        same = (grants.c.account_id == mine.account_id) & (grants.c.row_id == mine.session_id)
        where.append(sa.exists().where(same, grants.c.client_id == which.client_id))
    if which.spared:
        where.append(mine.session_id != which.spared)
    if which.network:
        where.append(_shown_from(which, activity.c.masked_ip) | _shown_from(which, mine.masked_ip))
    return _Part(_used(sessions, mine.session_id, within), mine.session_id, mine.app_type, where)


def _consents(which: Which, within: tuple[int, int]) -> _Part:
    mine = consents.c
    where = _of(mine.account_id, within)
    where += [mine.first_proof >= accounts.c.epoch, mine.consented_at <= which.until]
    kind: sa.ColumnElement[str] = sa.literal_column(f"'{AppType.OAUTH.value}'")
    where += _alive(which, mine.idle, mine.consented_at, kind) + _unused(which, activity.c.last_at)
    if which.begun_before is not None:
        where.append(mine.consented_at < which.begun_before)
    if which.client_id:
        where.append(mine.client_id == which.client_id)
    if which.network:
        where.append(_shown_from(which, activity.c.masked_ip))
    return _Part(_used(consents, mine.consent_id, within), mine.consent_id, kind, where)


def _keys(which: Which, within: tuple[int, int]) -> _Part:
    mine = access_keys.c
    where = [*_of(mine.account_id, within), mine.issued_at <= which.until]
    where.append(mine.expires_at.is_(None) | (mine.expires_at > which.until))
    if which.unused_since is not None:
        where += [mine.issued_at < which.unused_since, *_unused(which, activity.c.last_at)]
    if which.begun_before is not None:
        where.append(mine.issued_at < which.begun_before)
    if which.network:
        where.append(_shown_from(which, activity.c.masked_ip))
    kind: sa.ColumnElement[str] = sa.literal_column(f"'{KEYS}'")
    return _Part(_used(access_keys, mine.key_id, within), mine.key_id, kind, where)


def _used(table: sa.Table, row_id: sa.Column[str], within: tuple[int, int]) -> sa.FromClause:
    """The rows with their last use, and whose they are; the stretch is said of each, so that each is read by its key."""
    used = [activity.c.account_id == table.c.account_id, activity.c.row_id == row_id]
    used += _of(activity.c.account_id, within)
    owned = [accounts.c.account_id == table.c.account_id, *_of(accounts.c.account_id, within)]
    return table.join(activity, sa.and_(*used)).join(accounts, sa.and_(*owned))


def _of(account_id: sa.Column[int], within: tuple[int, int]) -> list[Any]:
    after, last = within
    return [account_id == last] if after == last - 1 else [account_id > after, account_id <= last]


def _alive(
    which: Which, idle: sa.Column[Any], began: sa.Column[Any], app_type: sa.ColumnElement[str]
) -> list[Any]:
    """Whether it may have lived when it was shown, also by the rules of its account's organisations.

    Moments and spans are whole microseconds.
    """
    until = sa.cast(activity.c.last_at, Int64) + sa.cast(idle, Int64)
    by_rules = policies.lets_live(idle.table, began, app_type, which.until, _UNWRITTEN)
    return [until > to_micros(which.until) - _UNWRITTEN, by_rules]


def _unused(which: Which, last_at: sa.Column[Any]) -> list[Any]:
    return [] if which.unused_since is None else [last_at < which.unused_since]


def _shown_from(which: Which, masked: sa.Column[Any]) -> sa.ColumnElement[bool]:
    whole, beginnings = which.masks()
    begins = [masked.startswith(each, autoescape=True) for each in beginnings]
    return sa.or_(masked.in_(sorted(whole)), *begins) if whole else sa.or_(*begins)
