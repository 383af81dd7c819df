"""The first schema: accounts, sessions and their tombstones, consents, access keys, journal, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own
from signedin.store.tombstones import NO_RETURN

revision = "0001"
down_revision = None

PARTITIONED = (
    "access_keys",
    "accounts",
    "activity",
    "consents",
    "familiar_places",
    "journal",
    "journal_personal",
    "known_browsers",
    "outbox",
    "passwords",
    "sessions",
    "tombstones",
)


def upgrade() -> None:
    """Make the tables, and the trigger that refuses the return of an ended session."""
    op.create_table(
        "access_keys",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", own.Json(), nullable=False),
        sa.Column("issued_at", own.Moment(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=False),
        sa.Column("expires_at", own.Moment(), nullable=True),
        sa.Column("last_at", own.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "key_id", name=op.f("pk_access_keys")),
        sa.UniqueConstraint("account_id", "digest", name=op.f("uq_access_keys_account_id_digest")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "accounts",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", own.Moment(), nullable=False),
        sa.Column("organisation_id", own.Int64, nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("number", own.Int64, nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("epoch", own.Int64, nullable=False),
        sa.Column("epoch_at", own.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "activity",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("last_at", own.Moment(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("last_day", own.Day(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("address_mac", sa.LargeBinary(), nullable=True),
        sa.Column("masked_ip", sa.Text(), nullable=True),
        sa.Column("place", own.Where(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "row_id", name=op.f("pk_activity")),
        comment="last use of a session or consent; the address is of the last use and encrypted",
        sqlite_with_rowid=False,
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "addresses",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("account_id", own.Int64, nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_addresses")),
        comment="which account an address signs in to; a directory of its own, by address",
    )
    op.create_table(
        "attempts",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", own.Moment(), nullable=False),
        sa.Column("blocked_until", own.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_last_at", "attempts", ["last_at"], unique=False)
    op.create_table(
        "clients",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("logo", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_clients")),
    )
    op.create_table(
        "consents",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("consent_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("first_proof", own.Int64, nullable=False),
        sa.Column("consented_at", own.Moment(), nullable=False),
        sa.Column("changed_at", own.Moment(), nullable=True),
        sa.Column("idle", own.Span(), nullable=False),
        sa.Column("scopes", own.Json(), nullable=False),
        sa.Column("is_used", sa.Boolean(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "consent_id", name=op.f("pk_consents")),
        sa.UniqueConstraint("account_id", "client_id", name=op.f("uq_consents_account_id_client_id")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "familiar_places",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("first_at", own.Moment(), nullable=False),
        sa.Column("last_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_familiar_places")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "invitations",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("expires_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_invitations")),
    )
    op.create_table(
        "jobs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ran_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_jobs")),
    )
    op.create_table(
        "journal",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("number", own.Int64, autoincrement=False, nullable=False),
        sa.Column("at", own.Moment(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("by_session", sa.Text(), nullable=True),
        sa.Column("facts", own.Json(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_journal")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "journal_personal",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("number", own.Int64, autoincrement=False, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("fields", own.Json(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("pk_journal_personal")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "known_browsers",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", own.Moment(), nullable=False),
        sa.Column("last_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_known_browsers")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "outbox",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fields", own.Json(), nullable=False),
        sa.Column("queued_at", own.Moment(), nullable=False),
        sa.Column("due_at", own.Moment(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "message_id", name=op.f("pk_outbox")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"], unique=False)
    op.create_table(
        "passwords",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("changed_at", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_passwords")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "sessions",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("app_type", sa.Text(), nullable=False),
        sa.Column("organisation_id", own.Int64, nullable=True),
        sa.Column("made_by", sa.Text(), nullable=True),
        sa.Column("first_proof", own.Int64, nullable=False),
        sa.Column("began_at", own.Moment(), nullable=False),
        sa.Column("idle", own.Span(), nullable=False),
        sa.Column("overall_until", own.Moment(), nullable=False),
        sa.Column("is_shared_computer", sa.Boolean(), nullable=False),
        sa.Column("factors", own.Json(), nullable=False),
        sa.Column("device", own.What(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("ruleset", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("masked_ip", sa.Text(), nullable=False),
        sa.Column("place", own.Where(), nullable=False),
        sa.Column("noticed", own.Json(), nullable=True),
        sa.Column("recognised", own.Json(), nullable=True),
        sa.Column("recognised_at", own.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "session_id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("account_id", "digest", name=op.f("uq_sessions_account_id_digest")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_table(
        "tombstones",
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", own.Moment(), nullable=False),
        sa.Column("number", own.Int64, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "session_id", name=op.f("pk_tombstones")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )
    op.create_index("ix_tombstones_account_id_digest", "tombstones", ["account_id", "digest"], unique=False)
    op.create_index("ix_tombstones_ended_at", "tombstones", ["ended_at"], unique=False)
    own.make_partitions(op.get_bind(), PARTITIONED)
    for statement in NO_RETURN[op.get_bind().dialect.name]:
        op.execute(statement)
