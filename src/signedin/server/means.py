"""Opening and closing what actions work with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.note_use import RecentUse
from signedin.server.settings import Settings
from signedin.store import journal, schema_version
from signedin.store.bus import PostgresBus, RedisBus
from signedin.store.checks import Checks
from signedin.store.company import Company
from signedin.store.database import Database
from signedin.store.keyring import Keyring, KeyringProblem
from signedin.store.passwords import PasswordHasher
from signedin.store.places import Places
from signedin.store.postgres import CONNECT, AnyDatabase, PostgresDatabase
from signedin.store.postgres_checks import PostgresChecks


def utc_now() -> datetime:
    """The moment it is, in UTC: the server's clock and no other (R74)."""
    return datetime.now(UTC)


def open_store(settings: Settings) -> tuple[AnyDatabase, Keyring]:
    """Open the database and the keyring; the keyring is made when the database is.

    Raises:
        KeyringProblem: the keyring cannot be used, or has gone; says what to do.
        DatabaseProblem: the database cannot be asked whether it is new.
    """
    where = settings.database_url
    database: AnyDatabase = (
        PostgresDatabase(where) if isinstance(where, str) else Database(_with_folder(where))
    )
    if not settings.secret_file.exists() and _is_there(database, where):
        database.close()
        raise KeyringProblem(
            f"There is a database at {_shown(where)} but no keyring at {settings.secret_file}."
            " Restore it from your backup."
        )
    # The keyring is made before the database: who finds a database finds the keyring too, also when two
    # processes start at once or one is killed in between.
    return database, Keyring.load(settings.secret_file)


def _with_folder(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _is_there(database: AnyDatabase, where: Path | str) -> bool:
    return where.exists() if isinstance(where, Path) else schema_version.current(database) is not None


def _shown(where: Path | str) -> str:
    return str(where) if isinstance(where, Path) else sa.make_url(where).render_as_string(hide_password=True)


def open_means(settings: Settings, *, upgrade: bool = True, serving: bool = False) -> Means:
    """Open the database, the keyring and the place file.

    Raises:
        DatabaseProblem: the database cannot be used; says why.
        KeyringProblem: the keyring cannot be used; says why.
    """
    database, keyring = open_store(settings)
    journal.keyed_by(database.engine, keyring.mac)
    try:
        if upgrade:
            schema_version.upgrade(database)
        schema_version.refuse_newer(database)
        parts = _parts(database, settings, serving=serving)
    except BaseException:
        database.close()
        raise
    return Means(
        database, keyring=keyring, hasher=PasswordHasher(), places=Places(settings.geo_db), recent=RecentUse(),
        lifetimes=settings.lifetimes, registration=settings.registration, host=settings.host,
        brand=settings.brand_name, **parts,
    )  # fmt: skip


def _parts(database: AnyDatabase, settings: Settings, *, serving: bool) -> dict[str, Any]:
    """What checks read with: the file itself on SQLite; lines and a bus on PostgreSQL."""
    if isinstance(database, PostgresDatabase):
        by_redis = settings.bus != "postgres"
        bus = RedisBus(settings.bus) if by_redis else PostgresBus(database.url, CONNECT)
        return {"checks": None, "lines": PostgresChecks(database.url, CONNECT), "bus": bus}
    company = Company(database.path) if serving else None
    return {"checks": Checks(database.path), "company": company}


def close_means(means: Means) -> None:
    """Let go of everything; whoever closes last tidies the file's log, so the write lock is held."""
    means.hasher.close()
    if means.company is not None:
        means.company.close()
    with means.database.writing():
        if means.checks is not None:
            means.checks.close()
    means.database.close()
