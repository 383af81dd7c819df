"""Counting what there is and what happened: a few statements over all of it, asked by a job and by nobody who waits.

What is signed in is gone through whole, once for everybody and once for all organisations together; what happened is
found by indexes over its moments.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signedin.rules.account import AccountState, OrganisationId
from signedin.rules.event import EventKind
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.overview import TOTAL, PlaceCounted
from signedin.rules.session import AppType, Sign
from signedin.rules.suspicion import UNUSED_AFTER, FlagKind
from signedin.store import endings, outbox
from signedin.store.accounts import accounts
from signedin.store.activity import activity
from signedin.store.consents import consents
from signedin.store.journal import journal
from signedin.store.organisations import memberships
from signedin.store.schema import Int64
from signedin.store.sessions import sessions
from signedin.store.tombstones import tombstones

DAY = timedelta(days=1) // timedelta(microseconds=1)
Parts = dict[str, int]
Whose = OrganisationId | None
"""Of an organisation's members, or of everybody."""
Among = Sequence[OrganisationId] | None
"""Of which organisations; or, where there is none, of everybody."""


def each_of(among: Among) -> Sequence[Whose]:
    """Whose the numbers are that are told of these."""
    return [None] if among is None else among


def signed_in(conn: sa.Connection, among: Among, now: datetime) -> dict[Whose, tuple[Parts, Parts]]:
    """What is signed in by app type, connected apps among it; and how many of the sessions are worth a look, by why."""
    flags = {**{FlagKind(sign): _has_sign(sign) for sign in Sign}, FlagKind.UNUSED: _is_unused(now)}
    columns = [_so_many(sa.or_(*flags.values())), *map(_so_many, flags.values())]
    asked = sa.select(sessions.c.app_type, sa.func.count(), *columns).select_from(_LIVING_SESSIONS)
    asked = asked.where(_session_lives(now)).group_by(sessions.c.app_type)
    by_type = {whose: {each.value: 0 for each in AppType} for whose in each_of(among)}
    flagged = {whose: dict.fromkeys([TOTAL, *flags], 0) for whose in each_of(among)}
    for app_type, count, *found, whose in conn.execute(_of_each(asked, sessions.c.account_id, among)):
        by_type[whose][app_type] = count
        for part, so_many in zip(list(flagged[whose]), found, strict=True):
            flagged[whose][part] += so_many or 0
    apps = sa.select(sa.func.count()).select_from(_LIVING_CONSENTS).where(_consent_lives(now))
    for count, whose in conn.execute(_of_each(apps, consents.c.account_id, among)):
        by_type[whose][AppType.OAUTH] = int(count)
    return {
        whose: ({TOTAL: sum(parts.values()), **parts}, flagged[whose]) for whose, parts in by_type.items()
    }


def places(
    conn: sa.Connection, among: Among, now: datetime, most: int
) -> dict[Whose, tuple[PlaceCounted, ...]]:
    """Where it was last used, the places with the most first: at most so many of them."""
    each = [
        _of_each(
            sa.select(activity.c.place).select_from(joined).where(lives),
            table.c.account_id,
            among,
            grouped=False,
        )
        for joined, table, lives in (
            (_LIVING_SESSIONS, sessions, _session_lives(now)),
            (_LIVING_CONSENTS, consents, _consent_lives(now)),
        )
    ]
    used = sa.union_all(*each).subquery().c
    count = sa.func.count()
    order = sa.func.row_number().over(partition_by=used.whose, order_by=[count.desc(), used.place])
    ranked = sa.select(used.whose, used.place, count.label("number"), order.label("rank"))
    ranked = ranked.where(used.place.is_not(None)).group_by(used.whose, used.place)
    rank = ranked.subquery().c
    asked = sa.select(rank.whose, rank.place, rank.number).where(rank.rank <= most)
    found: dict[Whose, list[PlaceCounted]] = {whose: [] for whose in each_of(among)}
    for whose, place, number in conn.execute(asked.order_by(rank.whose, rank.rank)):
        found[whose].append(PlaceCounted(place, number))
    return {whose: tuple(several) for whose, several in found.items()}


def sign_ins(conn: sa.Connection, among: Among, first: date) -> dict[Whose, dict[date, Parts]]:
    """Sessions that began on that day and each later one, by app type."""
    day, at = _day_of(journal.c.at), sa.type_coerce(journal.c.at, Int64)
    said = sa.type_coerce(journal.c.facts, sa.Text)
    types = [each for each in AppType if each is not AppType.OAUTH]
    columns = [_so_many(said.contains(f'"app_type":"{each.value}"')) for each in types]
    asked = sa.select(day, sa.func.count(), *columns).where(
        journal.c.kind == sa.literal_column(f"'{EventKind.SESSION_STARTED.value}'"), at >= _begin(first)
    )
    parts, found = [TOTAL, *(each.value for each in types)], _by_day(among)
    for number, *counts, whose in conn.execute(_of_each(asked.group_by(day), journal.c.account_id, among)):
        found[whose][_date(number)] = dict(zip(parts, counts, strict=True))
    return found


def ended(conn: sa.Connection, among: Among, first: date) -> dict[Whose, dict[date, Parts]]:
    """Sessions and connected apps that ended on that day and each later one, by why; what goes with a row is no other."""
    day, at = _day_of(tombstones.c.ended_at), sa.type_coerce(tombstones.c.ended_at, Int64)
    rows_alone = tombstones.c.session_id.not_like("%/%")
    asked = sa.select(day, tombstones.c.reason, sa.func.count()).where(at >= _begin(first), rows_alone)
    asked, found = asked.group_by(day, tombstones.c.reason), _by_day(among)
    for number, reason, count, whose in conn.execute(_of_each(asked, tombstones.c.account_id, among)):
        parts = found[whose].setdefault(_date(number), {TOTAL: 0})
        parts[reason] = count
        parts[TOTAL] += count
    return found


def waiting(conn: sa.Connection) -> Parts:
    """What waits to be told to others: letters, and sign-outs for clients."""
    letters, every = outbox.backlog(conn), sa.select(sa.func.count()).select_from(outbox.outbox)
    count = int(conn.scalar(every) or 0)
    return {TOTAL: count, "letters": letters, "sign_outs": count - letters}


def nodes(conn: sa.Connection) -> Parts:
    """Processes that may answer from memory."""
    return {TOTAL: len(endings.every_node(conn))}


def _of_each(
    asked: sa.Select[Any], account_id: sa.ColumnElement[int], among: Among, *, grouped: bool = True
) -> sa.Select[Any]:
    """The same question by whose it is, in one pass however many are asked for; whose is the last column."""
    if among is None:
        return asked.add_columns(sa.null().label("whose"))
    belongs = memberships.c.organisation_id
    of_some = (memberships.c.account_id == account_id) & belongs.in_(among)
    by_each = asked.add_columns(belongs.label("whose")).where(of_some)
    return by_each.group_by(belongs) if grouped else by_each


def _by_day(among: Among) -> dict[Whose, dict[date, Parts]]:
    return {whose: {} for whose in each_of(among)}


def _has_sign(sign: Sign) -> sa.ColumnElement[bool]:
    noticed, recognised = (
        sa.func.coalesce(sa.type_coerce(column, sa.Text), "").contains(f'"{sign.value}"')
        for column in (sessions.c.noticed, sessions.c.recognised)
    )
    return noticed & ~recognised


def _is_unused(now: datetime) -> sa.ColumnElement[bool]:
    is_known = sessions.c.recognised_at.is_not(None) & (sessions.c.recognised_at >= activity.c.last_at)
    return (activity.c.last_at <= now - UNUSED_AFTER) & ~is_known


def _session_lives(now: datetime) -> sa.ColumnElement[bool]:
    idle_until = sa.cast(activity.c.last_at, Int64) + sa.cast(sessions.c.idle, Int64)
    return (sessions.c.overall_until > now) & (idle_until > to_micros(now)) & _ACTIVE


def _consent_lives(now: datetime) -> sa.ColumnElement[bool]:
    idle_until = sa.cast(activity.c.last_at, Int64) + sa.cast(consents.c.idle, Int64)
    return (idle_until > to_micros(now)) & _ACTIVE


def _so_many(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.func.count(sa.case((condition, 1)))


def _day_of(moment: sa.Column[Any]) -> sa.ColumnElement[int]:
    """The day as days since 1970: written out, so that it is the same where it is shown and where it is grouped by."""
    return sa.type_coerce(moment, Int64).op("/")(sa.literal_column(str(DAY)))


def _begin(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def _date(number: int) -> date:
    return from_micros(number * DAY).date()


_ACTIVE = accounts.c.state == AccountState.ACTIVE.value
_LIVING_SESSIONS = sessions.join(
    accounts,
    (accounts.c.account_id == sessions.c.account_id) & (sessions.c.first_proof >= accounts.c.epoch),
).join(
    activity,
    (activity.c.account_id == sessions.c.account_id) & (activity.c.row_id == sessions.c.session_id),
)
_LIVING_CONSENTS = consents.join(
    accounts,
    (accounts.c.account_id == consents.c.account_id) & (consents.c.first_proof >= accounts.c.epoch),
).join(
    activity,
    (activity.c.account_id == consents.c.account_id) & (activity.c.row_id == consents.c.consent_id),
)
