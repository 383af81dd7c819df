"""Which version of the schema a database has, and bringing it forward; never backward."""

from __future__ import annotations

import time
from collections.abc import Callable
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
WAITS = "400ms"
"""Whoever reads behind a migration that waits for a table waits as long: less than a check may."""
TRIES = 60
PAUSE = 1.0
"""Seconds between two tries, in which those who waited behind the last one get on."""
_IN_LINE = "60s"
"""How long somebody else may bring the same database forward meanwhile."""
_NO_CODE = "none may"  # later than every version
_SCRIPTS = Path(__file__).parent / "migrations"


def newest() -> str:
    """The version this code works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def current(database: Database) -> str | None:
    """The version of the database, or `None` when it has no tables."""
    return database.read_now(lambda conn: MigrationContext.configure(conn).get_current_revision())


def upgrade(database: Database, to: str = "head", pause: Callable[[float], object] = time.sleep) -> str:
    """Bring the database forward to a version, made first if there is none; returns the version it has then.

    A newer one that this code may use stays as it is. On SQLite, and where there are no tables yet, all is one
    transaction; on PostgreSQL each version is one, so that no table is locked for what a later version takes long to
    build. There a table that somebody else uses is never waited for long, because whoever reads it would have to wait
    behind: the version is taken back and tried again.

    Raises:
        DatabaseProblem: it is too new for this code, or somebody else has used its tables all the time: what was
            reached before stays, and the next upgrade goes on from there.
    """
    database.create()
    refuse_newer(database)
    while not _one_step(database, to, pause):
        pass
    return current(database) or ""


def _one_step(database: Database, to: str, pause: Callable[[float], object]) -> bool:
    """One transaction of an upgrade, with its tries; returns whether it was the last."""
    tries = TRIES if database.engine.dialect.name == "postgresql" else 1
    for left in reversed(range(tries)):
        try:
            return database.write_now(_upgrade, to)
        except DatabaseProblem as problem:
            if problem.reason != "in_use":
                raise
            if not left:
                raise _used_by_others() from problem
            pause(PAUSE)
    return True


def _used_by_others() -> DatabaseProblem:
    return DatabaseProblem(
        _("Somebody else uses the tables of the database, or brings it forward: it could not be upgraded."),
        hint=_(
            "Wait until a backup (pg_dump) or another upgrade is over, and try again: it goes on from where it is."
        ),
        reason="in_use",
    )


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


def _upgrade(conn: sa.Connection, to: str) -> bool:
    """Go on by one version on PostgreSQL, else by all; returns whether it has the wanted version now."""
    if conn.dialect.name == "postgresql":  # on SQLite whoever writes is alone
        conn.execute(sa.text(f"SET LOCAL lock_timeout = '{_IN_LINE}'"))
        conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADING)))
        conn.execute(sa.text(f"SET LOCAL lock_timeout = '{WAITS}'"))
    if _is_newer(conn):
        return True
    config = _config()
    config.attributes["connection"] = conn
    step = _next_step(conn, to)
    command.upgrade(config, step or to)
    return step is None


def _next_step(conn: sa.Connection, to: str) -> str | None:
    """The version that comes first on the way, or `None` where the rest is one transaction."""
    now = MigrationContext.configure(conn).get_current_revision()
    if conn.dialect.name != "postgresql" or now is None:
        return None
    wanted = newest() if to == "head" else to
    known = sorted(each.revision for each in ScriptDirectory.from_config(_config()).walk_revisions())
    return next((each for each in known if now < each < wanted), None)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    return config
