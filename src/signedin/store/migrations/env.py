"""How Alembic runs a migration: on the connection, and in the transaction, that it is given."""

from __future__ import annotations

from alembic import context

import signedin.store.tables  # noqa: F401  # every table must be known to the metadata
from signedin.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True
)
context.run_migrations()
