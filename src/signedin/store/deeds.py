"""The record of what operators have done, in the order of time: where in whose history each deed stands."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountId, OrganisationId
from signedin.rules.deed import DeedPage, Done, Place
from signedin.rules.event import Event, EventKind
from signedin.store import journal
from signedin.store.accounts import accounts
from signedin.store.organisations import only_members
from signedin.store.schema import Int64, Moment, metadata

operator_deeds = sa.Table(
    "operator_deeds",
    metadata,
    sa.Column("at", Moment, primary_key=True),
    sa.Column("account_id", Int64, primary_key=True, autoincrement=False),
    sa.Column("number", Int64, primary_key=True, autoincrement=False),
    sa.Column("operator", Int64),
    comment="what operators did, by time: leads to the entry in the account's journal; holds nothing personal",
)

_Columns = sa.ColumnCollection[str, sa.ColumnElement[Any]]
LOOKED_AT = 20_000
"""Deeds that are looked at for one page: whoever sees those to members alone may find few of them among these."""
_OF_EVERYBODY = [
    each.value for each in (
        EventKind.BULK_ENDING_BEGUN, EventKind.BULK_ENDING_STOPPED, EventKind.BULK_ENDING_RESUMED,
        EventKind.BULK_ENDING_FINISHED,
    )
]  # fmt: skip


def record(conn: sa.Connection, account_id: AccountId, event: Event, operator: AccountId | None) -> int:
    """Write what an operator did into the account's journal, and into the record; returns its number there."""
    number = journal.record(conn, account_id, event)
    values = {"at": event.at, "account_id": account_id, "number": number, "operator": operator}
    conn.execute(operator_deeds.insert().values(**values))
    return number


def record_from_shell(conn: sa.Connection, account_id: AccountId, event: Event) -> int:
    """Write an event into the account's journal, and into the record where whoever has the shell did it."""
    if event.facts.get("by") == "operator":
        return record(conn, account_id, event, None)
    return journal.record(conn, account_id, event)


def before(
    conn: sa.Connection, place: Place | None, limit: int, whose: OrganisationId | None = None
) -> DeedPage:
    """The deeds before that place, or the last ones, newest first; what was erased of one is not told.

    With an organisation those to its members alone, of so many deeds as are looked at for a page, and none of them
    says anything of another organisation or of what is done to everybody, which stands in the history of whoever did it.
    """
    earlier = sa.select(operator_deeds)
    if place is not None:
        earlier = earlier.where(sa.tuple_(*_key(operator_deeds.c)) < sa.tuple_(
            sa.literal(place.at, Moment), sa.literal(place.account_id, Int64), sa.literal(place.number, Int64)
        ))  # fmt: skip
    in_order = _newest_first(earlier, operator_deeds.c)
    looked_at = earlier if whose is None else in_order.limit(LOOKED_AT)
    rows = conn.execute(_told(looked_at.subquery("looked_at"), whose).limit(limit + 1)).all()
    done = [_done(row) for row in rows[:limit]]
    if len(rows) > limit:
        return DeedPage(done, done[-1].place)
    edge = None if whose is None else conn.execute(in_order.offset(LOOKED_AT - 1).limit(1)).first()
    return DeedPage(done, None if edge is None else Place(edge.at, edge.account_id, edge.number))


def _key(deeds: _Columns) -> tuple[sa.ColumnElement[Any], ...]:
    return deeds.at, deeds.account_id, deeds.number


def _newest_first(asked: sa.Select[Any], deeds: _Columns) -> sa.Select[Any]:
    return asked.order_by(*(column.desc() for column in _key(deeds)))


def _told(looked_at: sa.Subquery, whose: OrganisationId | None) -> sa.Select[Any]:
    """These deeds with what the journals say of them, newest first."""
    deeds, entries, personal = looked_at.c, journal.journal.c, journal.journal_personal.c
    who = accounts.alias("who")
    joined = (
        looked_at.join(
            journal.journal, (entries.account_id == deeds.account_id) & (entries.number == deeds.number)
        )
        .join(accounts, accounts.c.account_id == deeds.account_id)
        .outerjoin(who, who.c.account_id == deeds.operator)
        .outerjoin(
            journal.journal_personal,
            (personal.account_id == deeds.account_id) & (personal.number == deeds.number),
        )
    )
    columns = (
        deeds.at, deeds.account_id, deeds.number, deeds.operator, accounts.c.name, accounts.c.email,
        who.c.name.label("by_name"), who.c.email.label("by_email"), entries.kind, entries.subject, entries.facts,
        personal.fields,
    )  # fmt: skip
    asked = only_members(sa.select(*columns).select_from(joined), deeds.account_id, whose)
    if whose is not None:
        asked = asked.where(_is_told_to(whose))
    return _newest_first(asked, deeds)


def _is_told_to(whose: OrganisationId) -> sa.ColumnElement[bool]:
    """What operators of that organisation may read of deeds to its members: none names another one."""
    kind, facts = journal.journal.c.kind, sa.type_coerce(journal.journal.c.facts, sa.Text)
    names_one, names_it = facts.contains('"organisation":'), facts.contains(f'"organisation":"{whose}"')
    return kind.not_in(_OF_EVERYBODY) & sa.or_(~names_one, names_it)


def _done(row: sa.Row[*tuple[Any, ...]]) -> Done:
    event = Event(EventKind(row.kind), row.at, row.subject, None, row.facts, row.fields or {})
    operator = None if row.operator is None else AccountId(row.operator)
    return Done(
        Place(row.at, row.account_id, row.number), AccountId(row.account_id), row.name or row.email, operator,
        (row.by_name or row.by_email or "") if operator else "", event,
    )  # fmt: skip
