"""What the doctor looks at in the database."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

import sqlalchemy as sa

from signedin.actions.sweep import JOB
from signedin.rules.health import Finding
from signedin.rules.location import is_local_address
from signedin.rules.wording import marked as _
from signedin.rules.wording import worded
from signedin.server.doctor_leases import of_leases
from signedin.server.doctor_standby import of_standby
from signedin.server.doctor_waiting import of_letters, of_sign_outs
from signedin.server.finding import looked
from signedin.server.means import reads
from signedin.server.settings import Settings
from signedin.store import activity, durability, installation, schema_version
from signedin.store.database import Database
from signedin.store.keyring import Keyring
from signedin.store.postgres import PostgresDatabase
from signedin.store.sqlite import SqliteDatabase

LATE_SWEEP = timedelta(hours=1)
SLOW = 1.0
"""Seconds after which whoever waits for a new connection notices."""
MANY = 5
"""So many sessions with one private address are no chance."""
MOST_COUNTED = 1000
"""So many of what waits are counted at a glance."""
Looks = dict[str, Callable[[sa.Connection], Finding]]


def of_database(database: Database, settings: Settings, now: datetime) -> list[Finding]:
    """Its version, whether it is whole and can be written to, and what its rows tell of clock, proxies and jobs."""
    version = looked("database", lambda: _version(database))
    if version.verdict != "good":
        return [version]
    found = _read(database, {
        "database": _integrity,
        "keyring": lambda conn: _keyring_fits(conn, settings.secret_file, activity.sealed(conn, 5)),
        "clock": lambda conn: _clock(conn.scalar(sa.select(sa.func.max(activity.activity.c.last_at))), now),
        **_short(settings, now, None),
    })  # fmt: skip
    if isinstance(database, PostgresDatabase):
        found.append(looked("connecting", lambda: _connecting(database)))
        found += _of_servers(database)
    return [version, *found, looked("writing", lambda: _writing(database))]


def at_a_glance(database: Database, settings: Settings, now: datetime) -> list[Finding]:
    """The same as far as a few short reads tell it, in the database that a server is open to."""
    version = looked("database", lambda: _version(database))
    if version.verdict != "good":
        return [version]
    looks: Looks = {
        "keyring": lambda conn: _keyring_fits(conn, settings.secret_file, []),
        "clock": lambda conn: _clock(installation.job_last_ran(conn, JOB), now),
        **_short(settings, now, MOST_COUNTED),
    }
    if isinstance(database, PostgresDatabase):
        return [version, *_read(database, {"database": _flushing, **looks}), *_of_servers(database)]
    return [version, *_read(database, looks), looked("writing", lambda: _may_write(database))]


def _read(database: Database, looks: Looks) -> list[Finding]:
    return [looked(subject, partial(database.read_now, look)) for subject, look in looks.items()]


def _short(settings: Settings, now: datetime, most: int | None) -> Looks:
    """What a few short reads tell; of what waits, `most` are counted."""
    return {
        "sweep": lambda conn: _sweep(conn, now),
        "proxies": lambda conn: _addresses(conn, settings),
        "mail": lambda conn: of_letters(conn, most),
        "sign-outs": lambda conn: of_sign_outs(conn, most),
    }


def _of_servers(database: PostgresDatabase) -> list[Finding]:
    standby = looked("standby", partial(database.read_now, of_standby))
    return [standby, looked("leases", lambda: of_leases(database))]


def _version(database: Database) -> Finding:
    current, newest = schema_version.current(database), schema_version.newest()
    schema_version.refuse_newer(database)
    if current and current > newest:
        sentence = worded("It has a newer schema ({schema}) that this version may use.", schema=current)
        return Finding("database", "good", sentence)
    if current != newest:
        return Finding(
            "database", "bad", _("The database is older than this version."), _("Run `signedin db upgrade`.")
        )
    return Finding("database", "good", worded("It has this version's schema ({schema}).", schema=current))


def _integrity(conn: sa.Connection) -> Finding:
    if conn.dialect.name == "postgresql":
        return _flushing(conn)
    said = conn.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    if said == ["ok"]:
        return Finding("database", "good", _("Its quick check finds nothing wrong."))
    sentence = worded("It is damaged: {problem}", problem=said[0])
    return Finding("database", "bad", sentence, _("Stop the server and restore a backup."))


def _flushing(conn: sa.Connection) -> Finding:
    """Whether an ending that was told as done outlives a crash of the machine (docs/revocation.md, P3)."""
    if not durability.flushes_to_disk(conn):
        sentence = worded("fsync is off: at power failure endings may come back.")
        what = _("Set fsync = on in postgresql.conf, and restart PostgreSQL.")
        return Finding("database", "bad", sentence, what)
    return Finding("database", "good", _("A commit that has returned is on disk."))


def _keyring_fits(conn: sa.Connection, path: Path, sealed: list[tuple[int, bytes]]) -> Finding:
    ring = Keyring.load(path) if path.exists() else None
    is_ours = ring is not None and installation.keyring_mark(conn) in {None, ring.mark}
    if ring is None or not is_ours or not reads(ring, sealed):
        sentence = worded("{path} is not the keyring that this database was written with.", path=path)
        return Finding("keyring", "bad", sentence, _("Restore that one from your backup."))
    return Finding("keyring", "good", _("It reads what the database has under it."))


def _writing(database: Database) -> Finding:
    rights = _may_write(database)
    if rights.verdict != "good":
        return rights
    database.write_now(durability.commit_something)
    return Finding("writing", "good", _("The database can be written to, and nobody keeps it locked."))


def _may_write(database: Database) -> Finding:
    files = (database.path, database.path.parent) if isinstance(database, SqliteDatabase) else ()
    rights = [path for path in files if not os.access(path, os.W_OK)]
    if rights:
        what = _("Let the server's user own the file and its folder.")
        return Finding("writing", "bad", worded("{path} may not be written to.", path=rights[0]), what)
    return Finding("writing", "good", _("The server's user may write to the file and its folder."))


def _connecting(database: PostgresDatabase) -> Finding:
    began = monotonic()
    database.connect_once()
    took = monotonic() - began
    if took < SLOW:
        milliseconds = worded("A new connection takes {time} ms.", time=f"{took * 1000:.0f}")
        return Finding("connecting", "good", milliseconds)
    sentence = worded("A new connection takes {time} s.", time=f"{took:.1f}")
    what = _(
        "Where SIGNEDIN_DATABASE_URL names several hosts, put the one that answers first, and take out who is gone."
    )
    return Finding("connecting", "look", sentence, what)


def _sweep(conn: sa.Connection, now: datetime) -> Finding:
    ran = installation.job_last_ran(conn, JOB)
    if ran is None or now - ran > LATE_SWEEP:
        when = worded("It last ran at {moment} UTC.", moment=_moment(ran)) if ran else _("It has never run.")
        return Finding("sweep", "look", when, _("Start the server, or run `signedin sweep` by a timer."))
    return Finding("sweep", "good", _("It ran within the last hour."))


def _clock(latest: datetime | None, now: datetime) -> Finding:
    """Whether the latest moment that the database knows of has come; at a glance that of its last sweep."""
    if latest is not None and latest > now + timedelta(minutes=2):
        sentence = worded(
            "The database was used at {moment} UTC, which has not come yet.", moment=_moment(latest)
        )
        return Finding("clock", "bad", sentence, _("Set the clock of this machine, by NTP."))
    well = worded("It is {moment} UTC, and nothing known is later.", moment=_moment(now))
    return Finding("clock", "good", well)


def _moment(at: datetime) -> str:
    """As a machine tells it, in every language."""
    return f"{at:%Y-%m-%d %H:%M}"


def _addresses(conn: sa.Connection, settings: Settings) -> Finding:
    shared = activity.only_masked(conn, MANY)
    alone = shared is not None and is_local_address(_unmasked(shared))
    if not alone or settings.base_url.startswith("http://localhost"):
        return Finding("proxies", "good", _("People's addresses can be told apart, as far as there are any."))
    sentence = worded("All sessions share the private address {address}.", address=shared)
    what = (
        _("Make the proxy in front say in X-Forwarded-For who its clients are.")
        if settings.trusted_proxies
        else _("The proxy in front hides people's addresses: set SIGNEDIN_TRUSTED_PROXIES to its network.")
    )
    return Finding("proxies", "look", sentence, what)


def _unmasked(text: str) -> str:
    """Some address that is masked like this."""
    return text.replace(":•••", "::1").replace("•••", "1")
