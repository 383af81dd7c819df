"""People as the apps know them, and which accounts are operators'."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add both tables and the column; code of version 0008 knows none of them and makes no operators."""
    op.create_table(
        "outside_directory",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", own.Int64, nullable=False),
        sa.PrimaryKeyConstraint("service", "subject", name=op.f("pk_outside_directory")),
        comment="which account an app means by its own id; a directory of its own, by that id",
    )
    op.create_table(
        "outside_ids",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "service", "subject", name=op.f("pk_outside_ids")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    own.make_partitions(op.get_bind(), ["outside_ids"])
    op.add_column("accounts", sa.Column("operator_role", sa.Text(), nullable=True))
