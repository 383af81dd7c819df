"""Opening and closing what actions work with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from signedin.actions.means import Means
from signedin.actions.note_use import RecentUse
from signedin.rules.errors import DatabaseProblem
from signedin.server.settings import Settings
from signedin.store import activity, installation, journal, schema_version
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
    _refuse_a_lost_keyring(path, settings.secret_file)
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
    company = _in_company(settings) if serving else None
    database, keyring = open_store(settings)
    journal.keyed_by(database.engine, keyring.mac)
    try:
        if upgrade:
            schema_version.upgrade(database)
        schema_version.refuse_newer(database)
        refuse_another_keyring(database, keyring, settings.secret_file)
        if serving:
            database.write_now(
                installation.job_ran, "start", utc_now()
            )  # what cannot be written ends nothing
        checks = Checks(database.path)
    except BaseException:
        database.close()
        if company is not None:
            company.close()
        raise
    return Means(
        database, checks, keyring, PasswordHasher(),
        Places(settings.geo_db), RecentUse(), settings.lifetimes, settings.registration, settings.host,
        settings.brand_name, settings.support_contact, company=company,
    )  # fmt: skip


def _in_company(settings: Settings) -> Company:
    """Join the servers before the database is opened, so that a restore that is under way is waited for."""
    _refuse_a_lost_keyring(settings.database_url, settings.secret_file)
    return Company(settings.database_url)


def _refuse_a_lost_keyring(database: Path, keyring: Path) -> None:
    try:
        database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_lost = database.exists() and not keyring.exists()
    except OSError as error:
        # Told where the command was given, to whoever runs it: never on a page.
        sentence = f"{error.filename}: {error.strerror}."
        hint = "Check the folders of the database and the keyring, their owner and their rights."
        raise DatabaseProblem(sentence, hint=hint, reason="unreachable") from error
    if is_lost:
        raise KeyringProblem(
            f"There is a database at {database} but no keyring at {keyring}. Restore it from your backup."
        )


def refuse_another_keyring(database: Database, keyring: Keyring, path: Path) -> None:
    """Refuse a keyring that reads nothing of what the database has under one: nobody would stay signed in.

    Raises:
        KeyringProblem: it is another installation's.
    """
    if not reads(keyring, database.read_now(activity.sealed, 5)):
        raise KeyringProblem(
            f"{path} is not the keyring that this database was written with. Restore that one from your backup."
        )


def reads(keyring: Keyring, sealed: list[tuple[int, bytes]]) -> bool:
    """Whether a keyring can be the one that these addresses are encrypted under."""
    read = (keyring.decrypt("address", account_id, each) for account_id, each in sealed)
    return not sealed or any(each is not None for each in read)


def close_means(means: Means) -> None:
    """Let go of everything; whoever closes last tidies the file's log, so the write lock is held."""
    means.hasher.close()
    if means.company is not None:
        means.company.close()
    with means.database.writing():
        means.checks.close()
    means.database.close()
