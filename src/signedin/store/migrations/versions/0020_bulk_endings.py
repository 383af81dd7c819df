"""Endings for many: what each means, and how far it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the table; code of 0019 does not know it, and goes on with none of them."""
    op.create_table(
        "bulk_endings",
        sa.Column("ending_id", sa.Text(), nullable=False),
        sa.Column("which", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_by", own.Int64, nullable=True),
        sa.Column("begun_at", own.Moment(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found", own.Json(), nullable=False),
        sa.Column("after", own.Int64, nullable=False),
        sa.Column("ended", own.Json(), nullable=False),
        sa.Column("told", own.Json(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_until", own.Moment(), nullable=False),
        sa.Column("moved_at", own.Moment(), nullable=False),
        sa.Column("finished_at", own.Moment(), nullable=True),
        sa.Column("entry_account", own.Int64, nullable=False),
        sa.Column("entry_number", own.Int64, nullable=False),
        sa.PrimaryKeyConstraint("ending_id", name=op.f("pk_bulk_endings")),
        comment="endings for many: which rows are meant, and after which account each goes on",
    )
    op.create_index("ix_bulk_endings_begun_at", "bulk_endings", ["begun_at", "ending_id"])
