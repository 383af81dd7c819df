"""Opening and closing what actions work with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from signedin.actions.means import Means
from signedin.actions.note_use import RecentUse
from signedin.actions.told_device import ToldDevice
from signedin.gate.user_agent import read_again, ruleset
from signedin.rules.errors import DatabaseProblem
from signedin.rules.moments import from_micros
from signedin.server.settings import Settings
from signedin.store import activity, endings, installation, journal, schema_version
from signedin.store.bus import PostgresBus, RedisBus
from signedin.store.checks import Checks
from signedin.store.company import Company
from signedin.store.database import Database
from signedin.store.file_bus import FileBus
from signedin.store.keyring import Keyring, KeyringProblem
from signedin.store.lineage_note import LineageNote
from signedin.store.notebook import Notebook
from signedin.store.passwords import PasswordHasher
from signedin.store.places import Places
from signedin.store.postgres import CONNECT, PostgresDatabase
from signedin.store.postgres_checks import PostgresChecks
from signedin.store.sqlite import SqliteDatabase


def utc_now() -> datetime:
    """The moment it is, in UTC: the server's clock and no other (R74)."""
    return datetime.now(UTC)


def shared_now(means: Means) -> datetime:
    """The moment it is for all processes: on PostgreSQL the database's, because this machine's clock may be wrong."""
    if means.lines is None:
        return utc_now()
    return from_micros(means.database.read_now(endings.database_time))


def database_of(settings: Settings) -> Database:
    """The database that the settings name, not looked at yet."""
    where = settings.database_url
    return SqliteDatabase(where) if isinstance(where, Path) else _postgres(where, settings.secret_file)


def _postgres(where: str, keyring: Path, *, serving: bool = False) -> PostgresDatabase:
    database = PostgresDatabase(where)
    database.known.note = LineageNote(keyring, written=serving)
    return database


def open_store(settings: Settings, *, serving: bool = False) -> tuple[Database, Keyring]:
    """Open the database and the keyring; the keyring is made when the database is.

    Raises:
        KeyringProblem: the keyring cannot be used, or has gone; says what to do.
        DatabaseProblem: the database cannot be asked whether it is new.
    """
    where = settings.database_url
    if isinstance(where, Path):
        _refuse_a_lost_keyring(where, settings.secret_file)
        return SqliteDatabase(where), Keyring.load(settings.secret_file)
    database = _postgres(where, settings.secret_file, serving=serving)
    is_made = schema_version.current(database) is not None  # asked first: another process may be making both
    if is_made and not settings.secret_file.exists():
        database.close()
        raise KeyringProblem(_lost(database.said, settings.secret_file))
    # The keyring is made before the database: who finds a database finds the keyring too, also when two
    # processes start at once or one is killed in between.
    return database, Keyring.load(settings.secret_file)


def open_means(settings: Settings, *, upgrade: bool = True, serving: bool = False) -> Means:
    """Open the database, the keyring and the place file.

    Raises:
        DatabaseProblem: the database cannot be used; says why.
        KeyringProblem: the keyring cannot be used; says why.
    """
    where = settings.database_url
    company = _in_company(where, settings.secret_file) if serving and isinstance(where, Path) else None
    database, keyring = open_store(settings, serving=serving)
    journal.keyed_by(database.engine, keyring.mac)
    try:
        if upgrade:
            schema_version.upgrade(database)
        schema_version.refuse_newer(database)
        refuse_another_keyring(database, keyring, settings.secret_file)
        if upgrade:
            mark_keyring(database, keyring, settings.secret_file)
        if serving:
            database.write_now(
                installation.job_ran, "start", utc_now()
            )  # what cannot be written ends nothing
        parts = _parts(database, settings)
    except BaseException:
        database.close()
        if company is not None:
            company.close()
        raise
    notebook = Notebook(settings.secret_file) if serving else None
    recent = RecentUse(ToldDevice(read_again, ruleset()), notebook)
    return Means(
        database, keyring=keyring, hasher=PasswordHasher(), places=Places(settings.geo_db), recent=recent,
        lifetimes=settings.lifetimes, registration=settings.registration, host=settings.host,
        brand=settings.brand_name, contact=settings.support_contact, issuer=settings.base_url, company=company,
        **parts,
    )  # fmt: skip


def _parts(database: Database, settings: Settings) -> dict[str, Any]:
    """What checks read with: the file itself on SQLite; lines and a bus on PostgreSQL."""
    if isinstance(database, SqliteDatabase):
        checks = Checks(database.path)
        return {"checks": checks, "bus": FileBus(checks)}
    assert isinstance(database, PostgresDatabase)
    by_redis = settings.bus != "postgres"
    bus = RedisBus(settings.bus) if by_redis else PostgresBus(database.url, CONNECT)
    return {"checks": None, "lines": PostgresChecks(database.url, CONNECT), "bus": bus}


def _in_company(where: Path, keyring: Path) -> Company:
    """Join the servers before the database is opened, so that a restore that is under way is waited for."""
    _refuse_a_lost_keyring(where, keyring)
    return Company(where)


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
        raise KeyringProblem(_lost(str(database), keyring))


def _lost(database: str, keyring: Path) -> str:
    return f"There is a database at {database} but no keyring at {keyring}. Restore it from your backup."


def refuse_another_keyring(database: Database, keyring: Keyring, path: Path) -> None:
    """Refuse a keyring that reads nothing of what the database has under one: nobody would stay signed in.

    Raises:
        KeyringProblem: it is another installation's.
    """
    mark = database.read_now(installation.keyring_mark)
    if mark not in {None, keyring.mark} or not reads(keyring, database.read_now(activity.sealed, 5)):
        raise KeyringProblem(
            f"{path} is not the keyring that this database was written with. Restore that one from your backup."
        )


def mark_keyring(database: Database, keyring: Keyring, path: Path) -> None:
    """Let the database know its keyring, so that a machine with another is refused before anything is encrypted.

    Raises:
        KeyringProblem: somebody else was first, with another.
    """
    if database.read_now(installation.keyring_mark) is None:
        database.write_now(installation.mark, keyring.mark)
        refuse_another_keyring(database, keyring, path)


def reads(keyring: Keyring, sealed: list[tuple[int, bytes]]) -> bool:
    """Whether a keyring can be the one that these addresses are encrypted under."""
    read = (keyring.decrypt("address", account_id, each) for account_id, each in sealed)
    return not sealed or any(each is not None for each in read)


def close_means(means: Means) -> None:
    """Let go of everything; whoever closes last tidies the file's log, so the write lock is held."""
    means.hasher.close()
    if means.recent.notebook is not None and not len(means.recent):
        means.recent.notebook.close()
    if means.company is not None:
        means.company.close()
    with means.database.writing():
        if means.checks is not None:
            means.checks.close()
    means.database.close()
