"""Which lineage of the database its endings belong to: after a fail-over the leases of before have to run out."""

from __future__ import annotations

from alembic import op

from signedin.store.lineage import LINEAGE

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Note it, on PostgreSQL; code of version 0006 knows nothing of it."""
    if op.get_bind().dialect.name == "postgresql":
        noted = f"INSERT INTO facts (name, value) VALUES ('lineage', {LINEAGE}) ON CONFLICT DO NOTHING"  # noqa: S608
        op.execute(noted)
