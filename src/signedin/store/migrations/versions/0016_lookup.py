"""By what operators find accounts: a directory of addresses and names, and indexes beside it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the directory, which servers fill by themselves, indexes, and a column, with its index in the next version.

    Code of version 0015 knows none of them.
    """
    op.create_table(
        "lookup",
        sa.Column("term", own.TextByBytes, nullable=False),
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "account_id", name=op.f("pk_lookup")),
        comment="by what operators find an account, from its beginning on; a directory of its own, by that",
    )
    op.create_index("ix_lookup_account_id", "lookup", ["account_id"])
    by_beginning = {"session_id": "text_pattern_ops", "consent_id": "text_pattern_ops"}
    for table, column in (("sessions", "session_id"), ("consents", "consent_id")):
        op.create_index(
            f"ix_{table}_{column}", table, [column], postgresql_ops={column: by_beginning[column]}
        )
    op.create_index("ix_consents_client_id", "consents", ["client_id", "account_id"])
    op.create_index("ix_activity_masked_ip", "activity", ["masked_ip", "account_id"])
    op.add_column("accounts", sa.Column("entered_as", sa.Text(), nullable=True))
