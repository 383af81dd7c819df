"""What the oldest code is that may use this database, told by the database itself.

A migration that takes away what older code needs says so in the same row.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Say it; code of version 0004 goes on as before."""
    facts = sa.table("facts", sa.column("name", sa.Text), sa.column("value", sa.Text))
    op.bulk_insert(facts, [{"name": "oldest_code", "value": "0004"}])
    if op.get_bind().dialect.name == "postgresql":  # SQLite knows no comments
        op.create_table_comment(
            "facts", "base_url: the address people use; oldest_code: the oldest version that may use this"
        )
