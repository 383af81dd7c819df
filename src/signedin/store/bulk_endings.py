"""Endings for many as they are remembered: what each means, how far it is, and which process goes on with it.

A process moves one on only while it holds the claim, in the transaction that ends an account's rows: so nothing is
passed over and nothing ends twice, whoever is killed and whoever takes over.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.rules.account import AccountId
from signedin.rules.bulk import HowMany, Which
from signedin.rules.bulk_job import CLAIMED_FOR, BulkEnding, BulkPlace, State, waits_until
from signedin.rules.moments import from_micros
from signedin.store.accounts import accounts
from signedin.store.schema import Int64, Json, Moment, insert, metadata

bulk_endings = sa.Table(
    "bulk_endings",
    metadata,
    sa.Column("ending_id", sa.Text, primary_key=True),
    sa.Column("which", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("begun_by", Int64),
    sa.Column("begun_at", Moment, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("found", Json, nullable=False),
    sa.Column("after", Int64, nullable=False),
    sa.Column("ended", Json, nullable=False),
    sa.Column("told", Json, nullable=False),
    sa.Column("claimed_by", sa.Text, nullable=False),
    sa.Column("claimed_until", Moment, nullable=False),
    sa.Column("moved_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
    sa.Column("entry_account", Int64, nullable=False),
    sa.Column("entry_number", Int64, nullable=False),
    sa.Index("ix_bulk_endings_begun_at", "begun_at", "ending_id"),
    comment="endings for many: which rows are meant, and after which account each goes on",
)


class Held(NamedTuple):
    """One that this process goes on with: after which account, and what has ended so far."""

    ending: BulkEnding
    after: int
    ended: HowMany


def begin(conn: sa.Connection, ending: BulkEnding) -> bool:
    """Remember one that begins; false when it is there already."""
    nothing = HowMany.none().told()
    new = insert(conn, bulk_endings).values(
        ending_id=ending.id, which=ending.which.canonical(), reason=ending.reason, begun_by=ending.begun_by,
        begun_at=ending.begun_at, state=State.RUNNING.value, found=ending.found.told(), after=-1, ended=nothing,
        told=nothing, claimed_by="", claimed_until=_free_at(ending, ending.begun_at), moved_at=ending.begun_at,
        entry_account=ending.entry[0], entry_number=ending.entry[1],
    )  # fmt: skip
    made = new.on_conflict_do_nothing().returning(bulk_endings.c.ending_id)
    return conn.execute(made).first() is not None


def find(conn: sa.Connection, ending_id: str) -> BulkEnding | None:
    """One of them, or `None`."""
    row = conn.execute(_READ.where(_is(ending_id))).one_or_none()
    return None if row is None else _ending_from(row)


def before(conn: sa.Connection, place: BulkPlace | None, limit: int) -> list[BulkEnding]:
    """Those before that place, or the last ones, the newest first."""
    asked = _READ
    if place is not None:
        here = sa.tuple_(sa.literal(place.at, Moment), sa.literal(place.id))
        asked = asked.where(sa.tuple_(bulk_endings.c.begun_at, bulk_endings.c.ending_id) < here)
    newest = (bulk_endings.c.begun_at.desc(), bulk_endings.c.ending_id.desc())
    return [_ending_from(row) for row in conn.execute(asked.order_by(*newest).limit(limit))]


def left_alone(conn: sa.Connection, now: datetime) -> list[str]:
    """Those that should go on and that no process goes on with, the oldest first."""
    is_free = (bulk_endings.c.state == State.RUNNING.value) & (bulk_endings.c.claimed_until <= now)
    return list(
        conn.scalars(sa.select(bulk_endings.c.ending_id).where(is_free).order_by(bulk_endings.c.begun_at))
    )


def claim(conn: sa.Connection, ending_id: str, who: str, now: datetime) -> bool:
    """Go on with one, if nobody else does; whoever did and was not heard of since has lost it."""
    may = (bulk_endings.c.claimed_until <= now) | (bulk_endings.c.claimed_by == who)
    free = _is(ending_id) & (bulk_endings.c.state == State.RUNNING.value) & may
    values = {"claimed_by": who, "claimed_until": now + CLAIMED_FOR}
    return conn.execute(bulk_endings.update().where(free).values(**values)).rowcount == 1


def hold(conn: sa.Connection, ending_id: str, who: str) -> Held | None:
    """The one that this process goes on with, held until the transaction is over; `None` when it is its no more."""
    return _held(conn, _mine(ending_id, who).with_for_update(of=bulk_endings))


def look(conn: sa.Connection, ending_id: str, who: str) -> Held | None:
    """The same, for somebody who only reads."""
    return _held(conn, _mine(ending_id, who))


def move(conn: sa.Connection, held: Held, after: int, ended: HowMany, now: datetime) -> None:
    """Note that it goes on after that account, with so much more ended; its claim lasts anew."""
    values = {"after": after, "ended": (held.ended + ended).told(), "moved_at": now,
              "claimed_until": now + CLAIMED_FOR}  # fmt: skip
    conn.execute(bulk_endings.update().where(_is(held.ending.id)).values(**values))


def tell(conn: sa.Connection, ending_id: str, who: str, ended: HowMany) -> None:
    """Let it be told that so much is over in every process, by whoever goes on with it."""
    mine = _is(ending_id) & (bulk_endings.c.claimed_by == who)
    conn.execute(bulk_endings.update().where(mine).values(told=ended.told()))


def tell_of_stopped(conn: sa.Connection, ending_id: str) -> None:
    """Let it be told that all is over everywhere that had ended when it was stopped; nobody goes on with it."""
    stopped = _is(ending_id) & (bulk_endings.c.state == State.STOPPED.value)
    conn.execute(bulk_endings.update().where(stopped).values(told=bulk_endings.c.ended))


def release(conn: sa.Connection, ending_id: str, who: str) -> None:
    """Let somebody else go on with it at once."""
    mine = _is(ending_id) & (bulk_endings.c.claimed_by == who)
    conn.execute(bulk_endings.update().where(mine).values(claimed_by="", claimed_until=from_micros(0)))


def set_state(conn: sa.Connection, ending: BulkEnding, state: State, now: datetime) -> None:
    """Stop it, let it go on, or end it; nobody goes on with it by an old claim."""
    values: dict[str, Any] = {
        "state": state.value,
        "moved_at": now,
        "claimed_by": "",
        "claimed_until": _free_at(ending, now),
    }
    if state is State.FINISHED:  # by whoever has waited until all of it was heard everywhere
        values |= {"finished_at": now, "told": bulk_endings.c.ended}
    conn.execute(bulk_endings.update().where(_is(ending.id)).values(**values))


def stop_all(conn: sa.Connection, now: datetime) -> None:
    """Stop all that run; what has ended so far is told as it was."""
    values = {
        "state": State.STOPPED.value,
        "moved_at": now,
        "claimed_by": "",
        "claimed_until": from_micros(0),
    }
    conn.execute(bulk_endings.update().where(bulk_endings.c.state == State.RUNNING.value).values(**values))


def held_state(conn: sa.Connection, ending_id: str) -> State | None:
    """Its state, which nobody changes until the transaction is over; `None` when there is none."""
    asked = sa.select(bulk_endings.c.state).where(_is(ending_id)).with_for_update()
    found = conn.scalar(asked)
    return None if found is None else State(found)


def _free_at(ending: BulkEnding, now: datetime) -> datetime:
    """From when on a process may claim one that begins or is let go on now."""
    return waits_until(ending.which, now) or from_micros(0)


def _held(conn: sa.Connection, asked: sa.Select[Any]) -> Held | None:
    row = conn.execute(asked).one_or_none()
    return None if row is None else Held(_ending_from(row), row.after, HowMany.read(row.ended))


def _mine(ending_id: str, who: str) -> sa.Select[Any]:
    mine = (bulk_endings.c.claimed_by == who) & (bulk_endings.c.state == State.RUNNING.value)
    return _READ.where(_is(ending_id), mine)


def _is(ending_id: str) -> sa.ColumnElement[bool]:
    return bulk_endings.c.ending_id == ending_id


_READ = sa.select(bulk_endings, accounts.c.name, accounts.c.email).select_from(
    bulk_endings.outerjoin(accounts, accounts.c.account_id == bulk_endings.c.begun_by)
)


def _ending_from(row: sa.Row[*tuple[Any, ...]]) -> BulkEnding:
    return BulkEnding(
        id=row.ending_id, which=Which.read(row.which), reason=row.reason,
        begun_by=None if row.begun_by is None else AccountId(row.begun_by),
        begun_by_name=row.name or row.email or "", begun_at=row.begun_at, state=State(row.state),
        found=HowMany.read(row.found), ended=HowMany.read(row.told), moved_at=row.moved_at,
        finished_at=row.finished_at, entry=(AccountId(row.entry_account), row.entry_number),
    )  # fmt: skip
