"""Which database the tests run on: a SQLite file, or with TEST_DATABASE=postgres a real PostgreSQL.

The PostgreSQL is that of TEST_PG_DSN, or one of the tests' own from this machine's programs or a wheel's.
"""

from __future__ import annotations

import atexit
import os
import shutil
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from postgres_server import PostgresServer, make_database, programs
from signedin.rules.lifetime import GRACE
from signedin.store import schema_version
from signedin.store.database import Database
from signedin.store.keyring import Keyring
from signedin.store.postgres import PostgresDatabase
from signedin.store.sqlite import SqliteDatabase

ON_POSTGRES = os.environ.get("TEST_DATABASE") == "postgres"
QUICK = ("fsync=off", "full_page_writes=off")
only_on_sqlite = pytest.mark.only_on_sqlite
only_on_postgres = pytest.mark.only_on_postgres
"""Marks of tests that are about one database, with the sentence that says why: on the other they do not count."""
HANDED_ON = "address"
_made: set[str] = set()
THE_OTHERS = "only_on_sqlite" if ON_POSTGRES else "only_on_postgres"
DOUBT = GRACE.seconds if ON_POSTGRES else 0
"""How many seconds past its period a session may still live: whether there is another process is known of a file only (D28)."""


def database_for(folder: Path) -> Path | str:
    """The address of a database that belongs to a folder: the same one at every call, made when there is none."""
    if not ON_POSTGRES:
        return folder / "signedin.db"
    handed_on = folder / HANDED_ON
    return handed_on.read_text() if handed_on.exists() else postgres_for(folder)


def hand_on(folder: Path, *, empty: bool = False) -> None:
    """Let other processes find the folder's database, by its address in a file: each has its own names for them."""
    if ON_POSTGRES:
        (folder / HANDED_ON).write_text(_empty_for(folder) if empty else postgres_for(folder))


def copied(folder: Path, to: Path) -> None:
    """A new folder with the same keyring and a database that holds the same; nobody has the first one open."""
    to.mkdir()
    shutil.copy2(folder / "secret.json", to)
    if not ON_POSTGRES:
        shutil.copy2(folder / "signedin.db", to)
        return
    make_database(_server_url(), _name(to), template=_name(folder))
    _made.add(_name(to))
    (to / HANDED_ON).write_text(_url(_name(to)))


def wait_for_the_dead(folder: Path) -> None:
    """PostgreSQL finishes what a killed process had asked for last, a commit too: wait until it has."""
    if not ON_POSTGRES:
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    with psycopg.connect(str(database_for(folder)), autocommit=True) as conn:
        while conn.execute(others).fetchone() != (0,):
            pass


def empty_database_in(folder: Path) -> Database:
    """A database without any tables."""
    if not ON_POSTGRES:
        return SqliteDatabase(folder / "signedin.db")
    return PostgresDatabase(_empty_for(folder))


@cache
def _empty_for(folder: Path) -> str:
    name = _name(folder) + "_empty"
    make_database(_server_url(), name)
    _made.add(name)
    return _url(name)


@cache
def postgres_for(folder: Path) -> str:
    """A PostgreSQL database with all tables that belongs to a folder."""
    Keyring.load(folder / "secret.json")  # as at the first start: who finds a database finds the keyring too
    make_database(_server_url(), _name(folder), template=_template())
    _made.add(_name(folder))
    return _url(_name(folder))


def kept_on_disk(database: Database) -> bytes:
    """Everything that lies on the disk of a database, also what was deleted and is not yet overwritten.

    A server that is named by TEST_PG_DSN has to let its files be read: as its superuser.
    """
    if isinstance(database, SqliteDatabase):
        return b"".join(file.read_bytes() for file in database.path.parent.glob(f"{database.path.name}*"))
    files = "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class WHERE relfilenode <> 0"
    assert isinstance(database, PostgresDatabase)
    plain = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as conn:
        conn.execute("CHECKPOINT")
        return b"".join(row[0] for row in conn.execute(files))


@cache
def own_server() -> PostgresServer:
    """One cluster for this process of tests; it goes when the process does."""
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine")
    server = PostgresServer(found, *QUICK)
    atexit.register(server.destroy)
    return server


@cache
def _template() -> str:
    name = f"signedin_template_{os.getpid()}"
    make_database(_server_url(), name)
    database = PostgresDatabase(_url(name))
    schema_version.upgrade(database)
    database.close()
    return name


def _name(folder: Path) -> str:
    return "t_" + sha256(f"{os.getpid()} {folder}".encode()).hexdigest()[:20]


def _server_url() -> str:
    return os.environ.get("TEST_PG_DSN") or own_server().url("postgres")


def _url(name: str) -> str:
    return urlsplit(_server_url())._replace(path=f"/{name}").geturl()


def drop(folder: Path) -> None:
    """Take a folder's databases away again, if there are any."""
    made = _made & {_name(folder), _name(folder) + "_empty"}
    for name in made:
        with psycopg.connect(_server_url(), autocommit=True) as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    _made.difference_update(made)
