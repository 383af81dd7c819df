"""By what accounts are found: a directory of addresses and names by their beginnings, and what leads to accounts beside it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from signedin.rules.account import Account, AccountId, OrganisationId
from signedin.rules.finding import LAST, Place, terms_of
from signedin.store import client_lookup
from signedin.store.accounts import account_from, accounts
from signedin.store.activity import activity
from signedin.store.clients import clients
from signedin.store.consents import consents
from signedin.store.organisations import only_members
from signedin.store.schema import Int64, TextByBytes, insert, metadata
from signedin.store.sessions import sessions

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
) -> list[Place]:
    """The accounts with something that begins like this, each once: by the first of what does.

    With an organisation here and below its members alone are looked at.
    """
    mine, other = lookup.c, lookup.alias("other").c
    asked = sa.select(mine.term, mine.account_id).where(mine.term >= term, mine.term < term + LAST)
    earlier = sa.exists().where(
        other.account_id == mine.account_id, other.term >= term, other.term < mine.term
    )
    if after is not None:
        asked = asked.where(
            sa.tuple_(mine.term, mine.account_id) > sa.tuple_(sa.literal(after.term), after.account_id)
        )
    asked = only_members(asked, mine.account_id, whose)
    ordered = asked.where(~earlier).order_by(mine.term, mine.account_id).limit(limit)
    return [Place(row.term, row.account_id) for row in conn.execute(ordered)]


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
) -> list[AccountId]:
    """The accounts of which something was last used from that masked address, by their numbers."""
    mine = activity.c
    asked = sa.select(mine.account_id).distinct().where(mine.masked_ip == masked, mine.account_id > after)
    asked = only_members(asked, mine.account_id, whose)
    return [AccountId(each) for each in conn.scalars(asked.order_by(mine.account_id).limit(limit))]


def of_client(
    conn: sa.Connection, client_id: str, after: int, limit: int, whose: OrganisationId | None = None
) -> list[AccountId]:
    """The accounts that have given something to that client, by their numbers."""
    mine = consents.c
    asked = sa.select(mine.account_id).where(mine.client_id == client_id, mine.account_id > after)
    asked = only_members(asked, mine.account_id, whose)
    return [AccountId(each) for each in conn.scalars(asked.order_by(mine.account_id).limit(limit))]


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


def _begins(conn: sa.Connection, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
    """Whether a reference begins like this: by bytes also where the database compares by a language."""
    last = text + "~"  # after every letter and digit
    if conn.dialect.name == "postgresql":
        from_it, to_it = column.op("~>=~", is_comparison=True), column.op("~<~", is_comparison=True)
        return sa.and_(from_it(text), to_it(last))
    return sa.and_(column >= text, column < last)


_CLIENT_NOT_ENTERED = clients.c.entered_as.is_(None) | (clients.c.entered_as != clients.c.name)
_NOT_ENTERED = accounts.c.entered_as.is_(None) | (accounts.c.entered_as != accounts.c.name)
