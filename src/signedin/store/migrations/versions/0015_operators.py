"""Operators with roles, and the record of what they did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0015"
down_revision = "0014"
ROLES = ("viewer", "helper", "owner")


def upgrade() -> None:
    """Add a table and an index; code of version 0014 knows neither, and only that an operator is one.

    Whoever was an operator before there were roles could do everything, and is an owner.
    """
    accounts = sa.table("accounts", sa.column("operator_role", sa.Text()))
    of_before = accounts.c.operator_role.is_not(None) & accounts.c.operator_role.not_in(ROLES)
    op.execute(accounts.update().where(of_before).values(operator_role="owner"))
    is_one = sa.text("operator_role IS NOT NULL")
    op.create_index(
        "ix_accounts_operator_role", "accounts", ["operator_role"],
        sqlite_where=is_one, postgresql_where=is_one,
    )  # fmt: skip
    op.create_table(
        "operator_deeds",
        sa.Column("at", own.Moment(), nullable=False),
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("number", own.Int64, autoincrement=False, nullable=False),
        sa.Column("operator", own.Int64, nullable=True),
        sa.PrimaryKeyConstraint("at", "account_id", "number", name=op.f("pk_operator_deeds")),
        comment="what operators did, by time: leads to the entry in the account's journal; holds nothing personal",
    )
