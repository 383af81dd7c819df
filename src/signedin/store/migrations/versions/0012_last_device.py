"""On which device a session was last used, where that is another than it began on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add both columns; code of version 0011 leaves them as they are, and tells nothing of the last device."""
    op.add_column("activity", sa.Column("agent_mac", sa.LargeBinary(), nullable=True))
    op.add_column("activity", sa.Column("device", own.What(), nullable=True))
