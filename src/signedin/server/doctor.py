"""The doctor: what usually goes wrong with an installation, and what to do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from signedin.actions.sweep import JOB
from signedin.gate.languages import zone_of
from signedin.rules.errors import Refused
from signedin.rules.location import is_local_address
from signedin.server.means import utc_now
from signedin.server.settings import Settings
from signedin.store import installation, outbox, schema_version
from signedin.store.activity import activity
from signedin.store.database import Database
from signedin.store.keyring import Keyring, KeyringProblem
from signedin.store.places import Places
from signedin.store.write_lock import needs_write_lock

OLD_PLACE_FILE = timedelta(days=45)
LATE_SWEEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `good`, worth a `look`, or `bad`."""

    subject: str
    verdict: str
    sentence: str
    what_to_do: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def examine(settings: Settings, now: datetime | None = None) -> list[Finding]:
    """Look at everything; what cannot be looked at is itself a finding."""
    moment = now or utc_now()
    findings = [
        _wal_reset_bug(),
        _time_zones(),
        _keyring(settings.secret_file),
        _places(settings.geo_db, moment),
    ]
    path = settings.database_url
    if not path.exists():
        what = "Start the server or run `signedin db upgrade`."
        return [*findings, Finding("database", "look", f"There is no database at {path} yet.", what)]
    try:
        findings += _of_database(Database(path), settings, moment)
    except Refused as refusal:
        findings.append(Finding("database", "bad", refusal.sentence, refusal.hint))
    return findings


def _of_database(database: Database, settings: Settings, now: datetime) -> list[Finding]:
    current, newest = schema_version.current(database), schema_version.newest()
    if current != newest:
        schema_version.refuse_newer(database)
        what = "Run `signedin db upgrade`."
        return [Finding("database", "bad", "The database is older than this version.", what)]
    looks: list[Callable[[sa.Connection], Finding]] = [
        _integrity,
        lambda conn: _sweep(conn, now),
        lambda conn: _clock(conn, now),
        lambda conn: _addresses(conn, settings),
        _outbox,
    ]
    return [database.read_now(look) for look in looks]


def _wal_reset_bug() -> Finding:
    version = sqlite3.sqlite_version
    if needs_write_lock():
        sentence = (
            f"SQLite {version} has the WAL-reset bug; every write and checkpoint here holds one file lock."
        )
        return Finding("SQLite", "good", sentence)
    return Finding("SQLite", "good", f"SQLite {version} is free of the WAL-reset bug.")


def _time_zones() -> Finding:
    if zone_of("Europe/Lisbon") is None:
        sentence = "This machine does not know the world's time zones, so everybody is told times in UTC."
        return Finding("time zones", "look", sentence, "Install the system's package tzdata.")
    return Finding("time zones", "good", "People are told times by their own clocks.")


def _keyring(path: Path) -> Finding:
    if not path.exists():
        return Finding(
            "keyring", "look", f"There is no keyring at {path} yet.", "It is made at the first start."
        )
    try:
        Keyring.load(path)
    except KeyringProblem as problem:
        return Finding("keyring", "bad", str(problem))
    return Finding(
        "keyring", "good", f"{path} can be read, by its owner only. Keep a copy with your backups."
    )


def _places(path: Path, now: datetime) -> Finding:
    places = Places(path)
    if places.problem:
        return Finding("place file", "look", places.problem, "Run `signedin geo update`.")
    age = places.age_days(now)
    if age is not None and timedelta(days=age) > OLD_PLACE_FILE:
        return Finding("place file", "look", f"It is {age:.0f} days old.", "Run `signedin geo update`.")
    return Finding("place file", "good", f"{path} is in use.")


def _integrity(conn: sa.Connection) -> Finding:
    said = conn.exec_driver_sql("PRAGMA quick_check(3)").scalars().all()
    if said == ["ok"]:
        return Finding("database", "good", "Its quick check finds nothing wrong.")
    return Finding("database", "bad", f"It is damaged: {said[0]}", "Stop the server and restore a backup.")


def _sweep(conn: sa.Connection, now: datetime) -> Finding:
    ran = installation.job_last_ran(conn, JOB)
    if ran is None or now - ran > LATE_SWEEP:
        when = f"last ran at {ran:%Y-%m-%d %H:%M} UTC" if ran else "has never run"
        return Finding(
            "sweep", "look", f"It {when}.", "Start the server, or run `signedin sweep` by a timer."
        )
    return Finding("sweep", "good", "It ran within the last hour.")


def _clock(conn: sa.Connection, now: datetime) -> Finding:
    latest = conn.scalar(sa.select(sa.func.max(activity.c.last_at)))
    if latest is not None and latest > now + timedelta(minutes=2):
        sentence = f"A session was used at {latest:%Y-%m-%d %H:%M} UTC, which has not come yet."
        return Finding("clock", "bad", sentence, "Set the clock of this machine, by NTP.")
    return Finding("clock", "good", f"It is {now:%Y-%m-%d %H:%M} UTC, and nothing known is later.")


def _addresses(conn: sa.Connection, settings: Settings) -> Finding:
    rows = conn.execute(
        sa.select(activity.c.masked_ip, sa.func.count()).group_by(activity.c.masked_ip).limit(3)
    )
    found = [(masked, count) for masked, count in rows if masked]
    alone = len(found) == 1 and found[0][1] >= 5 and is_local_address(str(found[0][0]).replace("•••", "1"))
    if alone and not settings.base_url.startswith("http://localhost"):
        sentence = f"All {found[0][1]} sessions share the private address {found[0][0]}."
        what = "The proxy in front hides people's addresses: set SIGNEDIN_TRUSTED_PROXIES to its network."
        return Finding("proxies", "look", sentence, what)
    return Finding("proxies", "good", "People's addresses can be told apart, as far as there are any.")


def _outbox(conn: sa.Connection) -> Finding:
    waiting = outbox.backlog(conn)
    if waiting > 50:
        what = "Check SIGNEDIN_SMTP_URL and the mail server."
        return Finding("mail", "look", f"{waiting} letters wait to be delivered.", what)
    return Finding("mail", "good", f"{waiting} letters wait.")
