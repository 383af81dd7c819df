"""One-time tickets, and the cookies of single hosts that they are exchanged for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add both tables, and an index over what 0010 added; code of 0010 knows none of them, and gives no tickets."""
    is_old = sa.text("family IS NOT NULL")
    op.create_index(
        "ix_passwords_family",
        "passwords",
        ["family"],
        sqlite_where=is_old,
        postgresql_where=is_old,
        if_not_exists=True,
    )
    op.create_table(
        "tickets",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("until", own.Moment, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_tickets")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_index("ix_tickets_until", "tickets", ["until"])
    op.create_table(
        "host_cookies",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("made_at", own.Moment, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_host_cookies")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_index("ix_host_cookies_account_id_session_id", "host_cookies", ["account_id", "session_id"])
    own.make_partitions(op.get_bind(), ["tickets", "host_cookies"])
