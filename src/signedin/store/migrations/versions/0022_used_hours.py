"""In which hours accounts were used, for the picture at Settings > Activity."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add a table, which servers fill by themselves; code of 0021 does not know it, and leaves hours out."""
    op.create_table(
        "used_hours",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("last_day", own.Day(), nullable=False),
        sa.Column("hours", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_used_hours")),
        postgresql_partition_by=own.BY_ACCOUNT,
        comment="in which hours of the last days people were there: how many of their sessions, four bits an hour",
    )
    own.make_partitions(op.get_bind(), ["used_hours"])
