"""Service keys: of the installation, in no account's part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table, and room for the last use of keys that were issued before; code of version 0007 knows neither."""
    op.create_table(
        "service_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", own.Json(), nullable=False),
        sa.Column("app_types", own.Json(), nullable=False),
        sa.Column("issued_at", own.Moment(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("expires_at", own.Moment(), nullable=True),
        sa.Column("revoked_at", own.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_service_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_service_keys_digest")),
    )
    never = sa.bindparam("never", bytes(30), type_=sa.LargeBinary())
    op.get_bind().execute(
        sa.text(
            "INSERT INTO activity (account_id, row_id, last_at, counts, last_day)"
            " SELECT account_id, key_id, 0, :never, 0 FROM access_keys"
        ).bindparams(never)
    )
