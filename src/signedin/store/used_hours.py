"""In which hours accounts were used: one row an account, written beside the notes of use, and only for a picture.

Nothing else depends on it: where somebody else is busy with a row, or has changed it meanwhile, a use is left out,
and so is one that cannot be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql

from signedin.rules.account import AccountId
from signedin.rules.used_hours import BY_PEOPLE, UsedHours
from signedin.store.activity import Use, unnested, with_keys
from signedin.store.schema import Day, account_key, insert, metadata
from signedin.store.sessions import sessions

log = structlog.get_logger("signedin.store")
_IS_TOLD = "hours_left_out_is_told"

used_hours = sa.Table(
    "used_hours",
    metadata,
    account_key(),
    sa.Column("last_day", Day, nullable=False),
    sa.Column("hours", sa.LargeBinary, nullable=False),
    comment="in which hours of the last days people were there: how many of their sessions, four bits an hour",
)


def note_if_possible(conn: sa.Connection, uses: Sequence[Use]) -> None:
    """Count these uses as `note` does; where that goes wrong they are left out, which the log is told once a connection.

    Whoever waits for the note of use is let in all the same: on PostgreSQL it is kept by now, and on SQLite it stays
    in the transaction.

    Raises:
        sqlalchemy.exc.DBAPIError: the connection or the whole transaction is gone, and not the hours alone.
    """
    kept = conn.begin_nested() if conn.dialect.name != "postgresql" else None
    try:
        note(conn, uses)
    except Exception as error:
        if conn.invalidated:
            raise
        if kept is not None:
            kept.rollback()
        if not conn.info.get(_IS_TOLD):
            conn.info[_IS_TOLD] = True
            log.warning("the hours of use cannot be written, and are left out", error=type(error).__name__)
    else:
        if kept is not None:
            kept.commit()


def note(conn: sa.Connection, uses: Sequence[Use]) -> None:
    """Count each of these uses once in its hour, as far as they are of people's sessions.

    On PostgreSQL one question, and one statement that is its own transaction and waits for nobody; for the first use
    of an account ever there is a second one.
    """
    known = _known(conn, uses)
    counted: dict[int, UsedHours] = {}
    for use in uses:
        if use.key in known:
            row = known[use.key]
            before = counted.get(row.account_id) or _kept(row.hours, row.last_day)
            counted[row.account_id] = before.noted(use.at)
    was = {row.account_id: (row.hours, row.last_day) for row in known.values()}
    rows = [
        {"account_id": key, "last_day": hours.last_day, "hours": hours.packed, "was_hours": was[key][0],
         "was_day": was[key][1]}
        for key, hours in counted.items()
    ]  # fmt: skip
    if rows:
        _write(conn, rows)


def of(conn: sa.Connection, account_id: AccountId) -> UsedHours:
    """In which hours the account was used."""
    asked = sa.select(used_hours.c.hours, used_hours.c.last_day).where(used_hours.c.account_id == account_id)
    row = conn.execute(asked).first()
    return _kept(row.hours, row.last_day) if row else UsedHours()


def put(conn: sa.Connection, account_id: AccountId, hours: UsedHours) -> None:
    """Keep the hours of an account of which none were kept."""
    row = {"account_id": account_id, "last_day": hours.last_day, "hours": hours.packed}
    conn.execute(used_hours.insert().values(row))


def forget(conn: sa.Connection, account_id: AccountId) -> None:
    """Keep none of them any more; a note that comes late finds no session, and writes nothing."""
    conn.execute(used_hours.delete().where(used_hours.c.account_id == account_id))


def _kept(packed: bytes | None, last_day: Any) -> UsedHours:
    return UsedHours.kept(packed, last_day) if packed is not None else UsedHours()


def _known(conn: sa.Connection, uses: Sequence[Use]) -> dict[tuple[int, str], sa.Row[*tuple[Any, ...]]]:
    same = used_hours.c.account_id == sessions.c.account_id
    joined: sa.Join = sessions.outerjoin(used_hours, same)
    hours: Any = used_hours.c
    if conn.dialect.name == "postgresql":
        # What has an offset is not taken apart: it looks into the part of the account alone, whatever it expects.
        kept = sa.select(used_hours).where(same).offset(sa.literal_column("0")).lateral("kept")
        joined, hours = sessions.outerjoin(kept, sa.true()), kept.c
    columns = (sessions.c.account_id, sessions.c.session_id, hours.hours, hours.last_day)
    asked = sa.select(*columns).select_from(joined).where(sessions.c.app_type.in_(sorted(BY_PEOPLE)))
    keys = [(use.account_id, use.row_id) for use in uses]
    found = with_keys(conn, asked, sessions.c.account_id, sessions.c.session_id, keys)
    return {(row.account_id, row.session_id): row for row in found}


def _write(conn: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    names = ("account_id", "last_day", "hours")
    if conn.dialect.name != "postgresql":  # nobody else writes to the file in between
        new = insert(conn, used_hours)
        changed = {name: new.excluded[name] for name in names[1:]}
        put = new.on_conflict_do_update(index_elements=["account_id"], set_=changed)
        conn.execute(put, [{name: row[name] for name in names} for row in rows])
        return
    for statement, is_new in ((_CHANGE, False), (_ADD, True)):
        some = [row for row in rows if (row["was_hours"] is None) is is_new]
        if some:
            conn.execute(
                statement, {f"told_{column.name}": [row[column.name] for row in some] for column in _TOLD.c}
            )


def _changed() -> sa.UpdateBase:
    """Change rows that are still as they were read and that nobody is busy with.

    Each is looked for by itself and put by its key: whatever PostgreSQL expects of a table, a join would look into all
    of its parts while they are small.
    """
    mine = sa.select(used_hours.c.hours, used_hours.c.last_day).where(
        used_hours.c.account_id == _TOLD.c.account_id
    )
    free = (
        mine.with_for_update(skip_locked=True, of=used_hours).offset(sa.literal_column("0")).lateral("free")
    )
    as_read = (free.c.hours == _TOLD.c.was_hours) & (free.c.last_day == _TOLD.c.was_day)
    new = sa.select(_TOLD.c.account_id, _TOLD.c.last_day, _TOLD.c.hours).select_from(
        sa.join(_TOLD, free, as_read)
    )
    put = postgresql.insert(used_hours).from_select(["account_id", "last_day", "hours"], new)
    return put.on_conflict_do_update(
        index_elements=["account_id"], set_={"last_day": put.excluded.last_day, "hours": put.excluded.hours}
    )


_TOLD = unnested(
    "told", sa.column("account_id", sa.BigInteger), sa.column("last_day", Day()), sa.column("hours", sa.LargeBinary),
    sa.column("was_hours", sa.LargeBinary), sa.column("was_day", Day()),
)  # fmt: skip
_CHANGE = _changed()
_ADD = (
    postgresql.insert(used_hours)
    .from_select(
        ["account_id", "last_day", "hours"], sa.select(_TOLD.c.account_id, _TOLD.c.last_day, _TOLD.c.hours)
    )
    .on_conflict_do_nothing()
)
