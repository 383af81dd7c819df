"""Up to which cut-off an account's rows are tidied, and after how long without use a session had ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both; code of version 0001 leaves them alone, which only means that more is looked at."""
    op.add_column("accounts", sa.Column("tidied", own.Int64, nullable=False, server_default="0"))
    op.add_column("tombstones", sa.Column("idle", own.Span(), nullable=True))
    op.create_index(
        "ix_accounts_epoch_at",
        "accounts",
        ["epoch_at"],
        sqlite_where=sa.text("epoch > tidied"),
        postgresql_where=sa.text("epoch > tidied"),
    )
