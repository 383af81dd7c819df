"""By what operators find connected apps: a directory of their names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the directory, which servers fill by themselves, a column, and an index over what 0016 added."""
    is_not = sa.text("entered_as IS NULL OR entered_as <> name")
    op.create_index(
        "ix_accounts_not_entered",
        "accounts",
        ["account_id"],
        sqlite_where=is_not,
        postgresql_where=is_not,
        if_not_exists=True,
    )
    op.create_table(
        "client_lookup",
        sa.Column("term", own.TextByBytes, nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("term", "client_id", name=op.f("pk_client_lookup")),
        comment="by what operators find a connected app, from the beginning of each word of its name on",
    )
    op.create_index("ix_client_lookup_client_id", "client_lookup", ["client_id"])
    op.add_column("clients", sa.Column("entered_as", sa.Text(), nullable=True))
