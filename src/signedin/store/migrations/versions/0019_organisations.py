"""Organisations, who belongs to them, and the rules that they set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add three tables; code of 0018 knows none of them, and no rule binds what it lets in.

    That an account belongs to any organisation stands in a column that every version has had.
    """
    op.create_table(
        "organisations",
        sa.Column("organisation_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("created_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("folded", name=op.f("uq_organisations_folded")),
        comment="what accounts are grouped under, for rules and for operators of their own",
    )
    op.create_table(
        "memberships",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("organisation_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("since", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "organisation_id", name=op.f("pk_memberships")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    own.make_partitions(op.get_bind(), ["memberships"])
    op.create_index("ix_memberships_organisation_id", "memberships", ["organisation_id", "account_id"])
    op.create_table(
        "policies",
        sa.Column("organisation_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("app_type", sa.Text(), nullable=False),
        sa.Column("idle", own.Span(), nullable=True),
        sa.Column("overall", own.Span(), nullable=True),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.Column("too_many", sa.Text(), nullable=False),
        sa.Column("is_read_only", sa.Boolean(), nullable=False),
        sa.Column("networks", own.Json(), nullable=False),
        sa.Column("shortest_password", sa.Integer(), nullable=True),
        sa.Column("changed_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "app_type", name=op.f("pk_policies")),
        comment="what an organisation wants of its members' sessions, for one app type or all",
    )
