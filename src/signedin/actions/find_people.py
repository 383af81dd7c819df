"""Operators find accounts: by what is displayed of them, each question by an index, a page at a time (D22)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.acting import Asking, operator_asking
from signedin.actions.list_sessions import count_each, showing
from signedin.actions.means import Means
from signedin.rules.account import Account, AccountId, OrganisationId
from signedin.rules.deed import DeedPage
from signedin.rules.deed import Place as DeedPlace
from signedin.rules.finding import Found, Hit, Place, Sought, folded, sought
from signedin.rules.operator import Deed
from signedin.rules.secret import account_of_session_id
from signedin.store import deeds, lookup

PAGE = 20
MOST_CLIENTS_SHOWN = 5


async def find_people(
    means: Means, asking: Asking, words: str, after: Place | None, now: datetime, limit: int = PAGE
) -> Found:
    """The accounts that the words mean: how one is called, its number, a reference, or a masked address.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_find, means, asking, words, after, now, limit)


async def find_from_shell(means: Means, words: str, now: datetime, limit: int = PAGE) -> Found:
    """The same for whoever has the shell of the server, who needs no role."""
    return await means.database.read(_sought, means, words, None, now, limit)


async def people_of_client(
    means: Means, asking: Asking, client_id: str, after: Place | None, now: datetime, limit: int = PAGE
) -> Found:
    """The accounts that use a connected app.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_of_client, means, asking, client_id, after, now, limit)


async def deeds_before(means: Means, asking: Asking, place: DeedPlace | None, limit: int) -> DeedPage:
    """What operators did, newest first.

    Raises: as `operator_asking`.
    """
    return await means.database.read(_deeds, asking, place, limit)


async def deeds_for_shell(means: Means, place: DeedPlace | None, limit: int) -> DeedPage:
    """The same for whoever has the shell of the server."""
    return await means.database.read(deeds.before, place, limit, None)


def _deeds(conn: sa.Connection, asking: Asking, place: DeedPlace | None, limit: int) -> DeedPage:
    operator = operator_asking(conn, asking, Deed.SEE)
    return deeds.before(conn, place, limit, operator.organisation_id)


def _find(
    conn: sa.Connection, means: Means, asking: Asking, words: str, after: Place | None, now: datetime, limit: int
) -> Found:  # fmt: skip
    whose = operator_asking(conn, asking, Deed.SEE).organisation_id
    return _sought(conn, means, words, after, now, limit, whose)


def _sought(
    conn: sa.Connection, means: Means, words: str, after: Place | None, now: datetime, limit: int,
    whose: OrganisationId | None = None,
) -> Found:  # fmt: skip
    wanted = sought(words)
    if not wanted.term:
        return Found(())
    if wanted.network:
        return _on_network(conn, means, wanted.network, after, now, limit, whose)
    first = [] if after else _by_number_or_reference(conn, means, wanted, limit, whose)
    page = lookup.beginning(conn, wanted.term, after, limit, whose)
    called = lookup.some(conn, page.ids)
    known = {account.id for account in first}
    found = [*first, *(account for account in called if account.id not in known)]
    clients = () if after or whose else _clients(conn, wanted.term)
    return Found(_hits(conn, means, found, now), clients, page.more)


def _by_number_or_reference(
    conn: sa.Connection, means: Means, wanted: Sought, limit: int, whose: OrganisationId | None
) -> list[Account]:
    """Whose number it is, or whose session or connected app; of a whole reference also when it has ended."""
    reference, ids = wanted.reference, [wanted.account_id] if wanted.account_id else []
    if reference:
        ids += lookup.by_reference(conn, reference, limit, whose)
        whole = account_of_session_id(reference, means.keyring.way_keys)
        ids += [AccountId(whole)] if whole else []
    return lookup.some(conn, list(dict.fromkeys(ids)), whose)


def _on_network(
    conn: sa.Connection, means: Means, masked: str, after: Place | None, now: datetime, limit: int,
    whose: OrganisationId | None,
) -> Found:  # fmt: skip
    """Whoever has something in the list that shows this address; what has ended shows nothing any more."""
    page = lookup.on_network(conn, masked, after.account_id if after else 0, limit, whose)
    shows = showing(conn, means, page.ids, masked, now)
    shown = [each for each in page.ids if each in shows]
    return Found(_hits(conn, means, lookup.some(conn, shown), now), (), page.more, masked)


def _of_client(
    conn: sa.Connection, means: Means, asking: Asking, client_id: str, after: Place | None, now: datetime,
    limit: int,
) -> Found:  # fmt: skip
    whose = operator_asking(conn, asking, Deed.SEE).organisation_id
    page = lookup.of_client(conn, client_id, after.account_id if after else 0, limit, whose)
    return Found(_hits(conn, means, lookup.some(conn, page.ids), now), (), page.more)


def _clients(conn: sa.Connection, term: str) -> tuple[tuple[str, str], ...]:
    """Connected apps with a word in their name that begins like this."""
    named = lookup.clients_called(conn, term, MOST_CLIENTS_SHOWN)
    return tuple(sorted(named, key=lambda each: folded(each[1])))


def _hits(conn: sa.Connection, means: Means, found: Sequence[Account], now: datetime) -> tuple[Hit, ...]:
    counts = count_each(conn, means, [account.id for account in found], now)
    return tuple(Hit(account, counts[account.id]) for account in found)
