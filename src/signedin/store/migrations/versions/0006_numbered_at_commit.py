"""On PostgreSQL an ending is numbered by its commit: no transaction that waits for its process holds the counter."""

from __future__ import annotations

from alembic import op

from signedin.store.endings import NUMBERED

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the trigger; code of version 0005 numbers its endings itself, which the trigger leaves alone."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in NUMBERED:
            op.execute(statement)
