"""The logos of clients: uploaded by operators, kept by their digests, and never fetched from anywhere."""

from __future__ import annotations

from hashlib import sha256

import sqlalchemy as sa

from signedin.rules.registration import Picture
from signedin.store.schema import insert, metadata

logos = sa.Table(
    "logos",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("picture", sa.LargeBinary, nullable=False),
)


def keep(conn: sa.Connection, picture: Picture) -> str:
    """Keep a picture; returns its name, which is another for another picture."""
    name = sha256(picture.bytes).hexdigest()[:40]
    values = {"name": name, "media_type": picture.media_type, "picture": picture.bytes}
    conn.execute(insert(conn, logos).values(**values).on_conflict_do_nothing())
    return name


def find(conn: sa.Connection, name: str) -> Picture | None:
    """The picture with that name, or `None`."""
    row = conn.execute(sa.select(logos).where(logos.c.name == name)).one_or_none()
    return Picture(row.media_type, row.picture) if row else None
