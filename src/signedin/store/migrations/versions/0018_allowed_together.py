"""What was allowed a client together: which scopes for which resource server, or for this service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add a column; code of version 0017 leaves it as it is, so it counts only as far as the scopes do."""
    op.add_column("consents", sa.Column("scopes_for", own.Json(), nullable=True))
