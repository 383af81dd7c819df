"""By what connected apps are found: a directory of their names, from the beginning of each word on."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.rules.finding import LAST, terms_of
from signedin.store.schema import TextByBytes, metadata

client_lookup = sa.Table(
    "client_lookup",
    metadata,
    sa.Column("term", TextByBytes, primary_key=True),
    sa.Column("client_id", sa.Text, primary_key=True),
    sa.Index("ix_client_lookup_client_id", "client_id"),
    comment="by what operators find a connected app, from the beginning of each word of its name on",
)


def enter(conn: sa.Connection, client_id: str, name: str) -> None:
    """Let a client be found by its name as it is now."""
    conn.execute(client_lookup.delete().where(client_lookup.c.client_id == client_id))
    rows = [{"term": term, "client_id": client_id} for term in sorted(terms_of("", name))]
    if rows:
        conn.execute(client_lookup.insert(), rows)


def beginning(conn: sa.Connection, term: str, limit: int) -> list[str]:
    """The clients with a word in their name that begins like this, each once."""
    mine, other = client_lookup.c, client_lookup.alias("other").c
    earlier = sa.exists().where(other.client_id == mine.client_id, other.term >= term, other.term < mine.term)
    asked = sa.select(mine.client_id).where(mine.term >= term, mine.term < term + LAST, ~earlier)
    return list(conn.scalars(asked.order_by(mine.term, mine.client_id).limit(limit)))
