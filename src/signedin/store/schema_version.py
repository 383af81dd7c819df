"""Which version of the schema a database has, and bringing it forward; never backward."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _
from signedin.store import installation
from signedin.store.database import Database

_UPGRADING = 0x5169_6E65_64
_NO_CODE = "none may"  # later than every version
_SCRIPTS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The version this code works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(database: Database) -> str | None:
    """The version of the database, or `None` when it has no tables."""
    return database.read_now(lambda conn: MigrationContext.configure(conn).get_current_revision())


def upgrade(database: Database, to: str = "head") -> str:
    """Bring the database forward to a version, in one transaction, made first if there is none; returns it.

    A newer one that this code may use stays as it is.

    Raises:
        DatabaseProblem: it is too new for this code.
    """
    database.create()
    refuse_newer(database)
    database.write_now(_upgrade, to)
    return current(database) or ""


def refuse_newer(database: Database) -> None:
    """Refuse a database that is too new for this code.

    While servers are upgraded one after another the old ones go on: a database says itself what the oldest code
    is that may use it, by the version that code works with.

    Raises:
        DatabaseProblem: with what to do.
    """
    if database.read_now(_is_too_new):
        raise DatabaseProblem(
            _("The database is newer than this version of Signedin."),
            hint=_("Start the newer version, or restore a backup from before the upgrade."),
            reason="newer",
        )


def _is_too_new(conn: sa.Connection) -> bool:
    return _is_newer(conn) and (installation.oldest_code(conn) or _NO_CODE) > newest()


def _is_newer(conn: sa.Connection) -> bool:
    version = MigrationContext.configure(conn).get_current_revision()
    return version is not None and version > newest()


def _upgrade(conn: sa.Connection, to: str) -> None:
    if conn.dialect.name == "postgresql":  # on SQLite whoever writes is alone
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADING)))
    if _is_newer(conn):
        return
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, to)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
