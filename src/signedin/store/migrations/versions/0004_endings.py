"""The log of endings and who must have read it: for processes that answer from memory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the log, its counter and the nodes; code of version 0002 does not know them."""
    op.create_table(
        "endings",
        sa.Column("seq", own.Int64, autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("account_id", own.Int64, nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.Column("cut_off", own.Int64, nullable=False),
        sa.Column("at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_endings")),
        comment="what ended, for who answers from memory; forgotten after an hour",
    )
    head = op.create_table(
        "endings_head",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", own.Int64, nullable=False),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_endings_head")),
        comment="the number of the latest ending: one row, locked while an ending commits, so without gaps",
    )
    op.bulk_insert(head, [{"only": 1, "seq": 0}])
    op.create_table(
        "nodes",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("renewals", own.Int64, nullable=False),
        sa.Column("applied", own.Int64, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_nodes")),
        comment="who may answer from memory: deliberately without times",
    )
