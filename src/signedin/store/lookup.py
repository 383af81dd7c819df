"""By what accounts are found: a directory of addresses and names by their beginnings, and what leads to accounts beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId, OrganisationId
from signedin.rules.finding import LAST, Place, terms_of
from signedin.store import client_lookup
from signedin.store.accounts import account_from, accounts
from signedin.store.activity import activity
from signedin.store.clients import clients
from signedin.store.consents import consents
from signedin.store.organisations import memberships, only_members
from signedin.store.schema import Int64, TextByBytes, insert, metadata
from signedin.store.sessions import sessions

LOOKED_AT = 20_000
"""Entries of a directory that are looked at for one page: whoever sees members alone may find few of them among these."""
FEW_MEMBERS = 1_000
"""Members of an organisation up to which they are gone through one by one."""


class Page(NamedTuple):
    """So many accounts by where they stand, and where the next page begins; it can be empty and still go on."""

    places: list[Place]
    more: Place | None

    @property
    def ids(self) -> list[AccountId]:
        """Their numbers."""
        return [AccountId(place.account_id) for place in self.places]


_Columns = sa.ColumnCollection[str, sa.ColumnElement[Any]]

lookup = sa.Table(
    "lookup",
    metadata,
    sa.Column("term", TextByBytes, primary_key=True),
    sa.Column("account_id", Int64, primary_key=True, autoincrement=False),
    sa.Index("ix_lookup_account_id", "account_id"),
    comment="by what operators find an account, from its beginning on; a directory of its own, by that",
)


def enter(conn: sa.Connection, account: Account) -> None:
    """Let the account be found by its address and its name as they are now."""
    conn.execute(lookup.delete().where(lookup.c.account_id == account.id))
    rows = [
        {"term": term, "account_id": account.id} for term in sorted(terms_of(account.email, account.name))
    ]
    if rows:
        conn.execute(insert(conn, lookup).on_conflict_do_nothing(), rows)
    mine = accounts.c.account_id == account.id
    conn.execute(accounts.update().where(mine).values(entered_as=account.name))


def enter_more(conn: sa.Connection, limit: int) -> int:
    """Enter so many of the accounts that are not, or under another name: those of code of before; returns how many."""
    asked = sa.select(accounts).where(_NOT_ENTERED).limit(limit).with_for_update(skip_locked=True)
    found = [account_from(row) for row in conn.execute(asked)]
    for account in found:
        enter(conn, account)
    return len(found)


def beginning(
    conn: sa.Connection, term: str, after: Place | None, limit: int, whose: OrganisationId | None = None
) -> Page:
    """The accounts with something that begins like this, each once: by the first of what does.

    With an organisation here and below its members alone are looked at.
    """
    mine, other, few = lookup.c, lookup.alias("other").c, _few(conn, whose)
    # Few members are gone through by themselves: what nothing is found by in order is no order to go by.
    key = (mine.term.concat("") if few is not None else mine.term).label("term")
    # A page goes on where the last one ended, by one bound: of two the database may take the one far before it.
    begun = key >= term
    if after is not None and after.term >= term:
        begun = sa.tuple_(key, mine.account_id) > sa.tuple_(sa.literal(after.term), after.account_id)
    entries = sa.select(key, mine.account_id).where(begun, key < term + LAST)

    def once(asked: sa.Select[Any], at: _Columns) -> sa.Select[Any]:
        begun = (other.term >= term) & (other.term < at.term)
        return asked.where(~sa.exists().where(other.account_id == at.account_id, begun))

    return _page(conn, entries, once, limit, whose, few)


def by_reference(
    conn: sa.Connection, reference: str, limit: int, whose: OrganisationId | None = None
) -> list[AccountId]:
    """The accounts with a session or connected app whose reference begins like this."""
    found: dict[AccountId, None] = {}
    for table, column in ((sessions, sessions.c.session_id), (consents, consents.c.consent_id)):
        begins = _begins(conn, column, reference)
        asked = only_members(sa.select(table.c.account_id).where(begins), table.c.account_id, whose)
        rows = conn.scalars(asked.limit(limit))
        found |= dict.fromkeys(map(AccountId, rows))
    return list(found)[:limit]


def on_network(
    conn: sa.Connection, masked: str, after: int, limit: int, whose: OrganisationId | None = None
) -> Page:
    """The accounts of which something was last used from that masked address, by their numbers."""
    mine = activity.c
    return _by_number(conn, mine.account_id, mine.masked_ip == masked, after, limit, whose)


def of_client(
    conn: sa.Connection, client_id: str, after: int, limit: int, whose: OrganisationId | None = None
) -> Page:
    """The accounts that have given something to that client, by their numbers."""
    mine = consents.c
    return _by_number(conn, mine.account_id, mine.client_id == client_id, after, limit, whose)


def clients_called(conn: sa.Connection, term: str, limit: int) -> list[tuple[str, str]]:
    """Connected apps with a word in their name that begins like this, by id and name."""
    ids = client_lookup.beginning(conn, term, limit)
    if not ids:
        return []
    asked = sa.select(clients.c.client_id, clients.c.name).where(clients.c.client_id.in_(ids))
    return [(row.client_id, row.name) for row in conn.execute(asked)]


def enter_more_clients(conn: sa.Connection, limit: int) -> int:
    """Enter so many of the connected apps that code of before has registered or renamed; returns how many."""
    asked = sa.select(clients.c.client_id, clients.c.name).where(_CLIENT_NOT_ENTERED).limit(limit)
    found = conn.execute(asked.with_for_update(skip_locked=True)).all()
    for client_id, name in found:
        client_lookup.enter(conn, client_id, name)
        mine = clients.c.client_id == client_id
        conn.execute(clients.update().where(mine).values(entered_as=name))
    return len(found)


def some(conn: sa.Connection, ids: Sequence[AccountId], whose: OrganisationId | None = None) -> list[Account]:
    """These accounts, in that order."""
    asked = sa.select(accounts).where(accounts.c.account_id.in_(ids))
    rows = conn.execute(only_members(asked, accounts.c.account_id, whose))
    found = {account.id: account for account in map(account_from, rows)}
    return [found[each] for each in ids if each in found]


def _by_number(
    conn: sa.Connection, account_id: sa.Column[int], which: sa.ColumnElement[bool], after: int, limit: int,
    whose: OrganisationId | None,
) -> Page:  # fmt: skip
    entries = sa.select(account_id).where(which, account_id > after)
    return _page(conn, entries, lambda asked, _: asked.distinct(), limit, whose, _few(conn, whose))


def _few(conn: sa.Connection, whose: OrganisationId | None) -> list[int] | None:
    """The members of a small organisation: it is quicker to go through them than through everybody."""
    if whose is None:
        return None
    mine = memberships.c
    found = conn.scalars(
        sa.select(mine.account_id).where(mine.organisation_id == whose).limit(FEW_MEMBERS + 1)
    ).all()
    return list(found) if len(found) <= FEW_MEMBERS else None


def _page(
    conn: sa.Connection, entries: sa.Select[Any], once: Callable[[sa.Select[Any], _Columns], sa.Select[Any]],
    limit: int, whose: OrganisationId | None, few: list[int] | None,
) -> Page:  # fmt: skip
    """A page of the accounts in these entries of a directory, each once, in the directory's order.

    Of very many members only those are found who stand in the next part of the directory; behind it the page goes on.
    """
    columns, in_order = entries.selected_columns, entries.order_by(*entries.selected_columns)
    asked = entries if few is None else entries.where(columns.account_id.in_(few))
    if whose is not None and few is None:
        window = in_order.limit(LOOKED_AT).subquery("looked_at")
        columns = window.c
        asked = only_members(sa.select(*columns), columns.account_id, whose)
    found = conn.execute(once(asked, columns).order_by(*columns).limit(limit + 1))
    places = [_place(row) for row in found]
    if len(places) > limit:
        return Page(places[:limit], places[limit - 1])
    edge = conn.execute(in_order.offset(LOOKED_AT - 1).limit(1)).first() if whose and few is None else None
    return Page(places, None if edge is None else _place(edge))


def _place(row: sa.Row[Any]) -> Place:
    return Place(row.term if "term" in row._fields else "", row.account_id)


def _begins(conn: sa.Connection, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
    """Whether a reference begins like this: by bytes also where the database compares by a language."""
    last = text + "~"  # after every letter and digit
    if conn.dialect.name == "postgresql":
        from_it, to_it = column.op("~>=~", is_comparison=True), column.op("~<~", is_comparison=True)
        return sa.and_(from_it(text), to_it(last))
    return sa.and_(column >= text, column < last)


_CLIENT_NOT_ENTERED = clients.c.entered_as.is_(None) | (clients.c.entered_as != clients.c.name)
_NOT_ENTERED = accounts.c.entered_as.is_(None) | (accounts.c.entered_as != accounts.c.name)
