"""What an installation does, as numbers of each day, and an index by which sign-ins of a day are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add two tables, which servers fill by themselves; code of 0020 knows neither."""
    op.create_table(
        "overview_days",
        sa.Column("organisation_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("day", own.Day(), nullable=False),
        sa.Column("counted_at", own.Moment(), nullable=False),
        sa.Column("numbers", own.Json(), nullable=False),
        sa.Column("places", own.Json(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "day", name=op.f("pk_overview_days")),
        comment="how much there was on each day: numbers, never who; of everybody under organisation 0",
    )
    op.create_table(
        "refused_sign_ins",
        sa.Column("day", own.Day(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("count", own.Int64, nullable=False),
        sa.PrimaryKeyConstraint("day", "code", name=op.f("pk_refused_sign_ins")),
        comment="how many sign-ins were refused on each day, and why",
    )
    started = sa.text("kind = 'session_started'")
    op.create_index(
        "ix_journal_started_at", "journal", ["at"], sqlite_where=started, postgresql_where=started
    )
