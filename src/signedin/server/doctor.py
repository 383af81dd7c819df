"""The doctor: what usually goes wrong with an installation, and what to do about it."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from signedin.gate.languages import zone_of
from signedin.rules.errors import Refused
from signedin.rules.health import Finding
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
FETCH = "Run `signedin geo update`; where nobody can be asked for consent, with --accept-license."
LITTLE_ROOM_MIB = 200
NETWORK_SHARES = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "ceph", "glusterfs"})


def examine(settings: Settings, now: datetime | None = None) -> list[Finding]:
    """Look at everything; what cannot be looked at is itself a finding, and hides no other."""
    moment, database = now or utc_now(), database_of(settings)
    findings = _of_machine(settings, database, moment)
    try:
        with suppress(OSError):  # what may not be looked at is told by the look into the database
            if not database.is_there():
                what = "Start the server or run `signedin db upgrade`."
                nothing = f"There is no database at {database.said} yet."
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
    files = {
        settings.secret_file: "the keyring",
        settings.geo_db: "the place file",
        settings.mail_dir: "the folder for mail",
    }
    if isinstance(database, SqliteDatabase):
        files |= {database.path: "the database", database.path.absolute().parent: "the disk of the database"}
    return [without_paths(each, files) for each in found]


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
        sentence = (
            f"SQLite {version} has the WAL-reset bug; every write and checkpoint here holds one file lock."
        )
        what = "Nothing, as long as no other program opens the file; SQLite 3.51.3 and newer are free of it."
        return Finding("SQLite", "good", sentence, what)
    return Finding("SQLite", "good", f"SQLite {version} is free of the WAL-reset bug.")


def _time_zones() -> Finding:
    if zone_of("Europe/Lisbon") is None:
        sentence = "This machine does not know the world's time zones, so everybody is told times in UTC."
        return Finding("time zones", "look", sentence, "Install the system's package tzdata.")
    return Finding("time zones", "good", "People are told times by their own clocks.")


def _keyring(path: Path, database: Database) -> Finding:
    is_there = isinstance(database, SqliteDatabase) and database.is_there()
    if not path.exists() and is_there:
        sentence, what = f"There is a database, but no keyring at {path}.", "Restore it from your backup."
        return Finding("keyring", "bad", sentence, what)
    if not path.exists():
        return Finding(
            "keyring", "look", f"There is no keyring at {path} yet.", "It is made at the first start."
        )
    Keyring.load(path)
    return Finding(
        "keyring", "good", f"{path} can be read, by its owner only. Keep a copy with your backups."
    )


def _places(path: Path, now: datetime) -> Finding:
    places = Places(path)
    if places.problem:
        return Finding("place file", "look", places.problem, FETCH)
    age = places.age_days(now)
    if age is not None and timedelta(days=age) > OLD_PLACE_FILE:
        return Finding("place file", "look", f"It is {age:.0f} days old.", FETCH)
    return Finding("place file", "good", f"{path} is in use.")


def _proxies(settings: Settings) -> Finding:
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        sentence = "SIGNEDIN_TRUSTED_PROXIES names the whole world: anybody can claim to be anywhere."
        return Finding("proxies", "bad", sentence, "Name the networks of your own proxies only.")
    return Finding("proxies", "good", "Nobody but the named proxies is believed about who a client is.")


def _disk(database: Path) -> Finding:
    folder = next(each for each in database.absolute().parents if each.exists())
    kind = file_system_of(folder)
    if kind in NETWORK_SHARES:
        sentence = f"{folder} is on a network share ({kind}), where SQLite's locks do not hold."
        return Finding("disk", "bad", sentence, "Keep the database on a local disk.")
    free = shutil.disk_usage(folder).free // 2**20
    if free < LITTLE_ROOM_MIB:
        verdict = "look" if free else "bad"
        return Finding("disk", verdict, f"There are {free} MiB left on {folder}.", "Make room on the disk.")
    return Finding("disk", "good", f"There are {free} MiB left on {folder}.")


def _rights(database: Path, mail: Path) -> Finding:
    files = (database, Path(f"{database}-wal"), Path(f"{database}-shm"))
    open_to_all = [path for path in (*files, mail) if path.exists() and path.stat().st_mode & 0o077]
    if open_to_all:
        sentence = f"{' and '.join(map(str, open_to_all))} may be read by others."
        what = f"Run: chmod -R go= {shlex.join(map(str, open_to_all))}"
        return Finding("rights", "look", sentence, what)
    return Finding("rights", "good", "The database and letters in a folder may be read by their owner only.")


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
