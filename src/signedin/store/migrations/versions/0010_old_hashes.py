"""Hashes that other apps have made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table and the column; code of version 0009 cannot read such hashes, and lets nobody in by them."""
    op.create_table(
        "old_hashes",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("parameters", own.Json(), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_old_hashes")),
        comment="which families of hashes other apps have made are here, each with the costliest parameters",
    )
    op.add_column("passwords", sa.Column("family", sa.Text(), nullable=True))
    is_old = sa.text("family IS NOT NULL")
    op.create_index(
        "ix_passwords_family", "passwords", ["family"], sqlite_where=is_old, postgresql_where=is_old
    )
