"""Up to which cut-off an account's rows are tidied, and after how long without use a session had ended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both, with the index over the first in the next version; code of version 0001 leaves them alone, which only means that more is looked at."""
    op.add_column("accounts", sa.Column("tidied", own.Int64, nullable=False, server_default="0"))
    op.add_column("tombstones", sa.Column("idle", own.Span(), nullable=True))
