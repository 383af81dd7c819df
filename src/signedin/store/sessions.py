"""Sessions as they are remembered: the living ones, and what is left of the ended ones.

An ended session leaves the live table in the transaction that ends it; a tombstone says why, and a trigger
refuses its return.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.moments import to_micros
from signedin.rules.revocation import EndReason
from signedin.rules.session import AppType, Noticed, Origin, Session, SessionId, Sign
from signedin.store import given, host_cookies, tombstones
from signedin.store.accounts import accounts
from signedin.store.activity import LAST_USE, activity, with_keys
from signedin.store.schema import Int64, Json, Moment, Span, What, Where, account_key, metadata

sessions = sa.Table(
    "sessions",
    metadata,
    account_key(),
    sa.Column("session_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("app_type", sa.Text, nullable=False),
    sa.Column("organisation_id", Int64),
    sa.Column("made_by", sa.Text),
    sa.Column("first_proof", Int64, nullable=False),
    sa.Column("began_at", Moment, nullable=False),
    sa.Column("idle", Span, nullable=False),
    sa.Column("overall_until", Moment, nullable=False),
    sa.Column("is_shared_computer", sa.Boolean, nullable=False),
    sa.Column("factors", Json, nullable=False),
    sa.Column("device", What, nullable=False),
    sa.Column("user_agent", sa.Text, nullable=False),
    sa.Column("ruleset", sa.Text, nullable=False),
    sa.Column("address", sa.LargeBinary, nullable=False),
    sa.Column("masked_ip", sa.Text, nullable=False),
    sa.Column("place", Where, nullable=False),
    sa.Column("noticed", Json),
    sa.Column("recognised", Json),
    sa.Column("recognised_at", Moment),
    sa.UniqueConstraint("account_id", "digest"),
    sa.Index("ix_sessions_session_id", "session_id", postgresql_ops={"session_id": "text_pattern_ops"}),
)

_HIDDEN = frozenset({"digest", "address", "user_agent", "ruleset", "organisation_id"})
COLUMNS = tuple(column for column in sessions.c if column.name not in _HIDDEN)
"""What is read of a session: never its digest, its full address, or the raw user agent."""


@dataclass(frozen=True, slots=True)
class SignedInWith:
    """What a new session brings besides its rule values: the secret's digest and what is kept for later."""

    digest: bytes
    user_agent: str
    ruleset: str
    address: bytes
    address_mac: bytes
    agent_mac: bytes = b""


def begin(conn: sa.Connection, session: Session, made_with: SignedInWith) -> None:
    """Remember a session that begins, with its first use."""
    conn.execute(_BEGIN, {
        "account_id": session.account_id,
        "session_id": session.id,
        "digest": made_with.digest,
        "app_type": session.app_type.value,
        "made_by": session.made_by,
        "first_proof": session.first_proof,
        "began_at": session.began_at,
        "idle": session.idle,
        "overall_until": session.overall_until,
        "is_shared_computer": session.is_shared_computer,
        "factors": list(session.factors),
        "device": session.device,
        "user_agent": made_with.user_agent,
        "ruleset": made_with.ruleset,
        "address": made_with.address,
        "masked_ip": session.began_from.masked_ip,
        "place": session.began_from.location,
        "noticed": _noticed_to(session.noticed),
        "recognised": sorted(session.recognised) or None,
        "recognised_at": session.recognised_at,
    })  # fmt: skip
    conn.execute(_BEGIN_USE, {
        "account_id": session.account_id,
        "row_id": session.id,
        "last_at": session.last_at,
        "counts": session.days.counts,
        "last_day": session.days.last_day,
        "address": made_with.address,
        "address_mac": made_with.address_mac,
        "agent_mac": made_with.agent_mac or None,
        "masked_ip": session.last_from.masked_ip,
        "place": session.last_from.location,
    })  # fmt: skip


def latest(conn: sa.Connection, account_id: AccountId) -> Session | None:
    """The account's session that was used last, or `None`."""
    return next(map(session_from, conn.execute(_LATEST, {"whose": account_id})), None)


def find(conn: sa.Connection, account_id: AccountId, session_id: str) -> Session | None:
    """One session of the account, or `None`."""
    where = (sessions.c.account_id == account_id) & (sessions.c.session_id == session_id)
    return next(map(session_from, conn.execute(_living().where(where))), None)


def some(conn: sa.Connection, keys: Sequence[tuple[AccountId, str]]) -> list[Session]:
    """Those of these sessions that are in the live table and that no cut-off has ended."""
    found = with_keys(conn, _living(), sessions.c.account_id, sessions.c.session_id, keys)
    return [session_from(row) for row in found]


def find_by_digest(conn: sa.Connection, account_id: AccountId, digest: bytes) -> Session | None:
    """The account's session with this digest, or `None`."""
    where = (sessions.c.account_id == account_id) & (sessions.c.digest == digest)
    return next(map(session_from, conn.execute(_living().where(where))), None)


def end(
    conn: sa.Connection,
    account_id: AccountId,
    ids: Sequence[str],
    reason: EndReason,
    now: datetime,
    number: int,
) -> list[bytes]:
    """Move sessions from the living to the tombstones, their children with them; returns the digests of all."""
    gone = conn.execute(_END, {"whose": account_id, "ids": ids}).all()
    if not gone:
        return []
    ended = [session_id for session_id, _, _ in gone]
    conn.execute(_END_USE, {"whose": account_id, "ids": ended})
    idle, at_hosts = {row.session_id: row.idle for row in gone}, host_cookies.end(conn, account_id, ended)
    besides = [*at_hosts, *given.end_of_rows(conn, account_id, ended, now)]
    children = [tombstones.child_of(row_id, digest, idle[row_id]) for row_id, digest in besides]
    them = [*(tombstones.Gone(*row) for row in gone), *children]
    tombstones.bury(conn, account_id, them, reason, now, number)
    return [each.digest for each in them]


def keep_across(conn: sa.Connection, account_id: AccountId, session_id: str, number: int) -> None:
    """Let one session survive the account's new cut-off, and what was given with it (Log out all other devices)."""
    given.keep_across(conn, account_id, session_id, number)
    where = (sessions.c.account_id == account_id) & (sessions.c.session_id == session_id)
    conn.execute(sessions.update().where(where).values(first_proof=number))


def recognise(
    conn: sa.Connection, account_id: AccountId, session_id: str, signs: Sequence[str], now: datetime
) -> None:
    """Note that the person knows this session: what was noticed is not raised again."""
    where = (sessions.c.account_id == account_id) & (sessions.c.session_id == session_id)
    conn.execute(sessions.update().where(where).values(recognised=list(signs), recognised_at=now))


def cut_off(conn: sa.Connection, account_id: AccountId, limit: int) -> list[str]:
    """Ids of sessions that the account's cut-off ended and that still wait to be tidied."""
    where = (sessions.c.account_id == account_id) & (sessions.c.first_proof < accounts.c.epoch)
    joined = sessions.join(accounts, accounts.c.account_id == sessions.c.account_id)
    return list(conn.scalars(sa.select(sessions.c.session_id).select_from(joined).where(where).limit(limit)))


def ids_of(conn: sa.Connection, account_id: AccountId, limit: int) -> list[str]:
    """So many of the account's sessions, alive or not."""
    mine = sa.select(sessions.c.session_id).where(sessions.c.account_id == account_id)
    return list(conn.scalars(mine.limit(limit)))


def is_cut_off(conn: sa.Connection, account_id: AccountId, session_id: str) -> bool:
    """Whether this one waits to be tidied after a cut-off."""
    joined = sessions.join(accounts, accounts.c.account_id == sessions.c.account_id)
    this = (sessions.c.account_id == account_id) & (sessions.c.session_id == session_id)
    ended = (
        sa.select(accounts.c.epoch).select_from(joined).where(this, sessions.c.first_proof < accounts.c.epoch)
    )
    return conn.execute(ended).first() is not None


def _living() -> sa.Select[*tuple[Any, ...]]:
    joined = sessions.join(accounts, accounts.c.account_id == sessions.c.account_id).join(
        activity,
        (activity.c.account_id == sessions.c.account_id) & (activity.c.row_id == sessions.c.session_id),
    )
    living = sessions.c.first_proof >= accounts.c.epoch
    return sa.select(*COLUMNS, *LAST_USE).select_from(joined).where(living)


def session_from(row: Any) -> Session:
    """The session in a row of `COLUMNS` and `LAST_USE`."""
    return Session(
        id=SessionId(row.session_id), account_id=AccountId(row.account_id), app_type=AppType(row.app_type),
        device=row.device, began_at=row.began_at, began_from=Origin(row.masked_ip, row.place),
        last_at=row.last_at, last_from=Origin(row.last_ip, row.last_place), idle=row.idle,
        overall_until=row.overall_until, first_proof=row.first_proof,
        days=DayLevels(row.counts, row.last_day), made_by=row.made_by, factors=tuple(row.factors),
        is_shared_computer=row.is_shared_computer, noticed=_noticed_from(row.noticed),
        recognised=frozenset(row.recognised or ()), recognised_at=row.recognised_at,
        last_device=(row.last_device or row.device) if row.told_device else None,
    )  # fmt: skip


def _noticed_to(noticed: Sequence[Noticed]) -> list[list[object]] | None:
    return [
        [n.sign.value, n.earlier_place, n.earlier_at.isoformat() if n.earlier_at else None, n.distance_km,
         n.place_is_familiar]
        for n in noticed
    ] or None  # fmt: skip


def _noticed_from(kept: list[list[Any]] | None) -> tuple[Noticed, ...]:
    return tuple(
        Noticed(Sign(sign), place, datetime.fromisoformat(at) if at else None, distance, familiar)
        for sign, place, at, distance, familiar in kept or ()
    )


def expired(conn: sa.Connection, before: datetime, limit: int) -> list[AccountId]:
    """The accounts of sessions whose limits passed before that moment, in the order of their keys."""
    # Moments and spans are whole microseconds, so the sum is taken as numbers.
    idle_until = sa.cast(activity.c.last_at, Int64) + sa.cast(sessions.c.idle, Int64)
    past = (sessions.c.overall_until < before) | (idle_until < to_micros(before))
    keys = _living().with_only_columns(sessions.c.account_id).where(past)
    ordered = keys.order_by(sessions.c.account_id, sessions.c.session_id).limit(limit)
    return [AccountId(row) for row in conn.scalars(ordered)]


# Made once: putting a statement together takes longer than running it.
_WHOSE: sa.BindParameter[int] = sa.bindparam("whose")
_IDS: sa.BindParameter[list[str]] = sa.bindparam("ids", expanding=True)
_BEGIN, _BEGIN_USE = sessions.insert(), activity.insert()
_LATEST = _living().where(sessions.c.account_id == _WHOSE).order_by(activity.c.last_at.desc()).limit(1)
_END = (
    sessions.delete()
    .where(sessions.c.account_id == _WHOSE, sessions.c.session_id.in_(_IDS) | sessions.c.made_by.in_(_IDS))
    .returning(sessions.c.session_id, sessions.c.digest, sessions.c.idle)
)
_END_USE = activity.delete().where(activity.c.account_id == _WHOSE, activity.c.row_id.in_(_IDS))
