"""Hashes that other apps have made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table, and the column, with its index in the next version; code of version 0009 cannot read such hashes, and lets nobody in by them."""
    op.create_table(
        "old_hashes",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("parameters", own.Json(), nullable=False),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_old_hashes")),
        comment="which families of hashes other apps have made are here, each with the costliest parameters",
    )
    op.add_column("passwords", sa.Column("family", sa.Text(), nullable=True))
