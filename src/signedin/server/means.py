"""Opening and closing what actions work with."""

from __future__ import annotations

from datetime import UTC, datetime

from signedin.actions.means import Means
from signedin.actions.note_use import RecentUse
from signedin.server.settings import Settings
from signedin.store import journal, schema_version
from signedin.store.checks import Checks
from signedin.store.company import Company
from signedin.store.database import Database
from signedin.store.keyring import Keyring, KeyringProblem
from signedin.store.passwords import PasswordHasher
from signedin.store.places import Places


def utc_now() -> datetime:
    """The moment it is, in UTC: the server's clock and no other (R74)."""
    return datetime.now(UTC)


def open_store(settings: Settings) -> tuple[Database, Keyring]:
    """Open the database and the keyring; the keyring is made when the database is.

    Raises:
        KeyringProblem: the keyring cannot be used, or has gone; says what to do.
    """
    path = settings.database_url
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and not settings.secret_file.exists():
        raise KeyringProblem(
            f"There is a database at {path} but no keyring at {settings.secret_file}. Restore it from your backup."
        )
    # The keyring is made before the database: who finds a database finds the keyring too, also when two
    # processes start at once or one is killed in between.
    keyring = Keyring.load(settings.secret_file)
    return Database(path), keyring


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
        checks = Checks(database.path)
    except BaseException:
        database.close()
        raise
    return Means(
        database, checks, keyring, PasswordHasher(),
        Places(settings.geo_db), RecentUse(), settings.lifetimes, settings.registration, settings.host,
        settings.brand_name, company=Company(database.path) if serving else None,
    )  # fmt: skip


def close_means(means: Means) -> None:
    """Let go of everything; whoever closes last tidies the file's log, so the write lock is held."""
    means.hasher.close()
    if means.company is not None:
        means.company.close()
    with means.database.writing():
        if means.checks is not None:
            means.checks.close()
    means.database.close()
