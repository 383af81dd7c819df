"""The doctor: what usually goes wrong with an installation, and what to do about it."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from signedin.gate.languages import zone_of
from signedin.rules.errors import Refused
from signedin.rules.health import Finding
from signedin.rules.wording import Wording, counted, worded
from signedin.rules.wording import marked as _
from signedin.server.doctor_database import at_a_glance, of_database
from signedin.server.finding import looked, without_paths
from signedin.server.means import database_of, utc_now
from signedin.server.settings import Settings
from signedin.store.database import Database
from signedin.store.keyring import Keyring
from signedin.store.places import Places
from signedin.store.sqlite import SqliteDatabase
from signedin.store.write_lock import needs_write_lock

OLD_PLACE_FILE = timedelta(days=45)
FETCH = _("Run `signedin geo update`; where nobody can be asked for consent, with --accept-license.")
LITTLE_ROOM_MIB = 200
NETWORK_SHARES = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"})


def examine(settings: Settings, now: datetime | None = None) -> list[Finding]:
    """Look at everything; what cannot be looked at is itself a finding, and hides no other."""
    moment, database = now or utc_now(), database_of(settings)
    findings = _of_machine(settings, database, moment)
    try:
        with suppress(OSError):  # what may not be looked at is told by the look into the database
            if not database.is_there():
                what = _("Start the server or run `signedin db upgrade`.")
                nothing = worded("There is no database at {place} yet.", place=database.said)
                return [*findings, Finding("database", "look", nothing, what)]
        return findings + of_database(database, settings, moment)
    finally:
        with suppress(Refused):  # whatever keeps it from closing in good order was found before
            database.close()


def glance(settings: Settings, database: Database, now: datetime) -> list[Finding]:
    """What a server looks at when an operator asks: in the database it is open to, by short reads, naming no path.

    Whatever reads a table or a file as a whole, or waits for its turn to write, is left to the command.
    """
    found = [*_of_machine(settings, database, now), *at_a_glance(database, settings, now)]
    files = _names_of_files(settings, database)
    return [without_paths(each, files) for each in found]


def _names_of_files(settings: Settings, database: Database) -> dict[Path, Wording]:
    # Translators: such a name stands for {path}, {file}, {files}, {folder} or {quoted}; word these sentences so that
    # it is their subject, or stands after a colon. At the beginning of a sentence it gets its capital letter.
    names = {
        settings.secret_file: worded("the keyring"),
        settings.geo_db: worded("the place file"),
        settings.mail_dir: worded("the folder for mail"),
    }
    if isinstance(database, SqliteDatabase):
        file, log, index = _files_of(database.path)
        names |= {
            file: worded("the database"),
            log: worded("the database-wal"),
            index: worded("the database-shm"),
            file.absolute().parent: worded("the disk of the database"),
        }
    return names


def _files_of(database: Path) -> tuple[Path, Path, Path]:
    return database, Path(f"{database}-wal"), Path(f"{database}-shm")


def _of_machine(settings: Settings, database: Database, now: datetime) -> list[Finding]:
    looks: list[Callable[[], Finding]] = [
        _time_zones,
        lambda: _keyring(settings.secret_file, database),
        lambda: _places(settings.geo_db, now),
        lambda: _proxies(settings),
    ]
    if isinstance(database, SqliteDatabase):
        looks += [
            _wal_reset_bug,
            partial(_disk, database.path),
            partial(_rights, database.path, settings.mail_dir),
        ]
    return [looked("system", look) for look in looks]


def _wal_reset_bug() -> Finding:
    version = sqlite3.sqlite_version
    if needs_write_lock():
        sentence = worded(
            "SQLite {version} has the WAL-reset bug; every write and checkpoint here holds one file lock.",
            version=version,
        )
        what = _(
            "Nothing, as long as no other program opens the file; SQLite 3.51.3 and newer are free of it."
        )
        return Finding("SQLite", "good", sentence, what)
    return Finding(
        "SQLite", "good", worded("SQLite {version} is free of the WAL-reset bug.", version=version)
    )


def _time_zones() -> Finding:
    if zone_of("Europe/Lisbon") is None:
        sentence = _("This machine does not know the world's time zones, so everybody is told times in UTC.")
        return Finding("time zones", "look", sentence, _("Install the system's package tzdata."))
    return Finding("time zones", "good", _("People are told times by their own clocks."))


def _keyring(path: Path, database: Database) -> Finding:
    is_there = isinstance(database, SqliteDatabase) and database.is_there()
    if not path.exists() and is_there:
        sentence = worded("There is a database, but no keyring at {path}.", path=path)
        return Finding("keyring", "bad", sentence, _("Restore it from your backup."))
    if not path.exists():
        sentence = worded("There is no keyring at {path} yet.", path=path)
        return Finding("keyring", "look", sentence, _("It is made at the first start."))
    Keyring.load(path)
    well = worded("{path} can be read, by its owner only. Keep a copy with your backups.", path=path)
    return Finding("keyring", "good", well)


def _places(path: Path, now: datetime) -> Finding:
    places = Places(path)
    if places.problem:
        return Finding("place file", "look", places.problem, FETCH)
    age = places.age_days(now)
    if age is not None and timedelta(days=age) > OLD_PLACE_FILE:
        return Finding("place file", "look", counted("It is {n} day old.", "It is {n} days old.", age), FETCH)
    return Finding("place file", "good", worded("{path} is in use.", path=path))


def _proxies(settings: Settings) -> Finding:
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        sentence = _("SIGNEDIN_TRUSTED_PROXIES names the whole world: anybody can claim to be anywhere.")
        return Finding("proxies", "bad", sentence, _("Name the networks of your own proxies only."))
    return Finding("proxies", "good", _("Nobody but the named proxies is believed about who a client is."))


def _disk(database: Path) -> Finding:
    folder = next(each for each in database.absolute().parents if each.exists())
    kind = file_system_of(folder)
    if kind in NETWORK_SHARES:
        sentence = worded(
            "{folder} is on a network share ({kind}), where SQLite's locks do not hold.",
            folder=folder,
            kind=kind,
        )
        return Finding("disk", "bad", sentence, _("Keep the database on a local disk."))
    free = shutil.disk_usage(folder).free // 2**20
    room = worded("There are {free} MiB left on {folder}.", free=free, folder=folder)
    if free < LITTLE_ROOM_MIB:
        return Finding("disk", "look" if free else "bad", room, _("Make room on the disk."))
    return Finding("disk", "good", room)


def _rights(database: Path, mail: Path) -> Finding:
    open_to_all = [
        path for path in (*_files_of(database), mail) if path.exists() and path.stat().st_mode & 0o077
    ]
    if open_to_all:
        sentence = worded("{files} may be read by others.", files=_and(open_to_all))
        what = worded("Run: chmod -R go= {files}", files=shlex.join(map(str, open_to_all)))
        return Finding("rights", "look", sentence, what)
    return Finding(
        "rights", "good", _("The database and letters in a folder may be read by their owner only.")
    )


def _and(files: Sequence[Path]) -> str:
    *some, last = files
    return worded("{some} and {last}", some=_and(some), last=last) if some else str(last)


def file_system_of(folder: Path) -> str:
    """What kind of file system a folder is on, as Linux names it; empty where nobody says."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    mounts = {Path(line.split()[1]): line.split()[2] for line in lines}
    return next(
        (mounts[each] for each in (folder.resolve(), *folder.resolve().parents) if each in mounts), ""
    )
