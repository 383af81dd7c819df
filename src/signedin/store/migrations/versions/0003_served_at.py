"""What a server tells the command line: the address people use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table and an index over what 0002 added; code of before knows nothing of either."""
    waits = sa.text("epoch > tidied")
    op.create_index(
        "ix_accounts_epoch_at",
        "accounts",
        ["epoch_at"],
        sqlite_where=waits,
        postgresql_where=waits,
        if_not_exists=True,
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
        comment="what a server tells the command line; base_url: the address people use",
    )
