"""OAuth: what clients have registered, what people gave them, and the tokens, codes and questions that come of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from signedin.store import schema as own

revision = "0013"
down_revision = "0012"
BY_ACCOUNT = ["grants", "codes", "refresh_tokens", "access_tokens"]


def upgrade() -> None:
    """Add tables, and columns that may be empty; code of version 0012 knows none of them, and gives no tokens."""
    _grants()
    _tokens()
    _of_nobody()
    own.make_partitions(op.get_bind(), BY_ACCOUNT)
    for name, kind in (("kind", sa.Text()), ("registered", own.Json()), ("secrets", own.Json()),
                       ("made_at", own.Moment()), ("disabled_at", own.Moment())):  # fmt: skip
        op.add_column("clients", sa.Column(name, kind, nullable=True))
    for name in ("hosts", "resources"):
        op.add_column("consents", sa.Column(name, own.Json(), nullable=True))


def _of_account(name: str, key: str, *columns: sa.Column[object]) -> None:
    kind = sa.Text() if key == "grant_id" else sa.LargeBinary()
    op.create_table(
        name,
        sa.Column("account_id", own.Int64, autoincrement=False, nullable=False),
        sa.Column(key, kind, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("account_id", key, name=op.f(f"pk_{name}")),
        postgresql_partition_by=own.BY_ACCOUNT,
    )


def _grants() -> None:
    _of_account(
        "grants", "grant_id",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=True),
        sa.Column("scopes", own.Json(), nullable=False),
        sa.Column("resources", own.Json(), nullable=False),
        sa.Column("first_proof", own.Int64, nullable=False),
        sa.Column("given_at", own.Moment(), nullable=False),
        sa.Column("authenticated_at", own.Moment(), nullable=False),
        sa.Column("until", own.Moment(), nullable=False),
        sa.Column("factors", own.Json(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("key_thumbprint", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
    )  # fmt: skip
    op.create_index("ix_grants_account_id_row_id", "grants", ["account_id", "row_id"])
    op.create_index("ix_grants_until", "grants", ["until"])


def _tokens() -> None:
    _of_account(
        "codes", "digest",
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("key_thumbprint", sa.Text(), nullable=False),
        sa.Column("until", own.Moment(), nullable=False),
        sa.Column("used_at", own.Moment(), nullable=True),
    )  # fmt: skip
    op.create_index("ix_codes_until", "codes", ["until"])
    _of_account(
        "refresh_tokens", "digest",
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("used_at", own.Moment(), nullable=True),
        sa.Column("successor", sa.LargeBinary(), nullable=True),
    )  # fmt: skip
    op.create_index("ix_refresh_tokens_account_id_grant_id", "refresh_tokens", ["account_id", "grant_id"])
    _of_account(
        "access_tokens", "digest",
        sa.Column("grant_id", sa.Text(), nullable=False),
        sa.Column("scopes", own.Json(), nullable=False),
        sa.Column("audience", own.Json(), nullable=False),
        sa.Column("made_at", own.Moment(), nullable=False),
        sa.Column("until", own.Moment(), nullable=False),
        sa.Column("key_thumbprint", sa.Text(), nullable=False),
    )  # fmt: skip
    op.create_index("ix_access_tokens_account_id_grant_id", "access_tokens", ["account_id", "grant_id"])
    op.create_index("ix_access_tokens_until", "access_tokens", ["until"])


def _of_nobody() -> None:
    """Of the installation: what has no account yet, or never will."""
    op.create_table(
        "device_codes",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("user_code", sa.LargeBinary(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("scopes", own.Json(), nullable=False),
        sa.Column("resources", own.Json(), nullable=False),
        sa.Column("about", own.Json(), nullable=False),
        sa.Column("until", own.Moment(), nullable=False),
        sa.Column("wait_seconds", sa.Integer(), nullable=False),
        sa.Column("asked_at", own.Moment(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("refused_at", own.Moment(), nullable=True),
        sa.Column("account_id", own.Int64, nullable=True),
        sa.Column("grant_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_device_codes")),
        sa.UniqueConstraint("user_code", name=op.f("uq_device_codes_user_code")),
    )
    op.create_index("ix_device_codes_until", "device_codes", ["until"])
    op.create_table(
        "asked",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("parameters", own.Json(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("until", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_asked")),
    )
    op.create_index("ix_asked_until", "asked", ["until"])
    op.create_table(
        "used_once",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("until", own.Moment(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", name=op.f("pk_used_once")),
    )
    op.create_index("ix_used_once_until", "used_once", ["until"])
    op.create_table(
        "signing_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("algorithm", sa.Text(), nullable=False),
        sa.Column("public", own.Json(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", own.Moment(), nullable=False),
        sa.Column("retired_at", own.Moment(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_keys")),
    )
