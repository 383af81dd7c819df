"""An upgrade goes version by version on PostgreSQL, and nobody who reads waits for what takes long in it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from databases import empty_database_in, only_on_postgres
from signedin.rules.errors import DatabaseProblem
from signedin.store import schema_version
from signedin.store.postgres import PostgresDatabase

pytestmark = only_on_postgres("Tables are locked one by one there.")
OLD_TABLES = "SELECT oid::regclass::text, pg_relation_filenode(oid) FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
SHUT = "SELECT relation::regclass::text FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'AccessExclusiveLock' AND relation IS NOT NULL"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, 'CREATE INDEX')"


@pytest.fixture
def database(tmp_path):
    database = empty_database_in(tmp_path)
    yield database
    database.close()


@pytest.fixture
def another(database):
    another = PostgresDatabase(database.url.render_as_string(hide_password=False))
    yield another
    another.close()


def lock(conn, table, mode="ACCESS SHARE"):
    """Hold a table as pg_dump does, or a write, for as long as it takes on a slow machine."""
    conn.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    conn.execute(sa.text(f"LOCK TABLE {table} IN {mode} MODE"))


def versions():
    scripts = ScriptDirectory.from_config(schema_version._config())
    return sorted(each.revision for each in scripts.walk_revisions())


def tables(database):
    """The tables there are, each with the file it is kept in."""
    return dict(database.read_now(lambda conn: conn.exec_driver_sql(OLD_TABLES).all()))


@contextmanager
def judged(database):
    """Collects what is done while a table that was there before keeps its readers out, but for adding columns."""
    old, wrong = tables(database), []

    def judge(conn, cursor, statement, *_):
        is_quick = " ADD COLUMN " in statement or "alembic_version" in statement
        if not is_quick:
            shut = {row[0] for row in conn.connection.driver_connection.execute(SHUT)} & set(old)
            if shut:
                wrong.append((statement, sorted(shut)))

    sa.event.listen(database.engine, "before_cursor_execute", judge)
    try:
        yield wrong
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", judge)
    now = tables(database)
    wrong += [("is written anew", [name]) for name in old if now.get(name) != old[name]]


def test_no_version_does_anything_slow_while_it_keeps_the_readers_of_a_table_out(database):
    first, *later = versions()
    schema_version.upgrade(database, first)
    for version in later:
        with judged(database) as wrong:
            schema_version.upgrade(database, version)
        assert wrong == [], version
    assert schema_version.current(database) == schema_version.newest()


@pytest.mark.parametrize(
    "slow",
    [
        "CREATE INDEX ix_slow ON facts (value)",
        "UPDATE facts SET value = ''",
        "CREATE TABLE others (name text)",
        "ALTER TABLE facts ALTER COLUMN added TYPE bigint",
    ],
)
def test_a_version_that_would_is_noticed(database, slow):
    schema_version.upgrade(database)

    def step(conn):
        conn.exec_driver_sql("ALTER TABLE facts ADD COLUMN added integer")
        conn.exec_driver_sql(slow)

    with judged(database) as wrong:
        database.write_now(step)
    assert (slow, ["facts"]) in wrong


def test_a_version_that_writes_a_table_anew_is_noticed(database):
    schema_version.upgrade(database)
    anew = "ALTER TABLE facts ADD COLUMN added double precision DEFAULT random()"
    with judged(database) as wrong:
        database.write_now(lambda conn: conn.exec_driver_sql(anew))
    assert wrong == [("is written anew", ["facts"])]


@pytest.mark.parametrize(
    ("version", "table"),
    [("0010", "passwords"), ("0015", "sessions"), ("0016", "accounts"), ("0020", "journal")],
)
def test_everything_is_read_while_an_index_of_the_upgrade_is_held_up(
    database, another, monkeypatch, version, table
):
    monkeypatch.setattr(schema_version, "WAITS", "60s")  # for whoever writes; who reads waits for five
    schema_version.upgrade(database, version)
    old = tables(database)
    with another.engine.connect() as writer, ThreadPoolExecutor(1) as pool:
        lock(writer, table, "ROW EXCLUSIVE")
        upgrading = pool.submit(schema_version.upgrade, database)
        try:
            until = monotonic() + 30
            while another.read_now(lambda conn: conn.exec_driver_sql(WAITING).scalar()) == 0:
                assert monotonic() < until, "it waits to build the index"
            for name in old:
                another.read_now(lambda conn, name=name: conn.exec_driver_sql(f"SELECT count(*) FROM {name}"))
        finally:
            writer.rollback()
        assert upgrading.result() == schema_version.newest()


def test_what_an_upgrade_has_reached_stays_and_the_next_one_goes_on_from_there(
    database, another, monkeypatch
):
    monkeypatch.setattr(schema_version, "TRIES", 2)
    schema_version.upgrade(database, "0001")
    with another.engine.connect() as backup:
        lock(backup, "passwords")
        with pytest.raises(DatabaseProblem, match="Somebody else uses the tables") as told:
            schema_version.upgrade(database, pause=lambda _: None)
    assert "goes on from where it is" in told.value.hint
    assert schema_version.current(database) == "0009", "0010 adds a column there"
    assert schema_version.upgrade(database) == schema_version.newest()


def test_each_version_has_its_own_tries(database, another, monkeypatch):
    monkeypatch.setattr(schema_version, "TRIES", 3)
    schema_version.upgrade(database, "0001")
    paused, first, second = [], another.engine.connect(), another.engine.connect()
    with first, second:
        lock(first, "tombstones")  # 0002
        lock(second, "passwords")  # 0010

        def over(_):
            paused.append(schema_version.current(database))
            if len(paused) == 2:
                first.rollback()
            if len(paused) == 4:
                second.rollback()

        assert schema_version.upgrade(database, pause=over) == schema_version.newest()
    assert paused == ["0001", "0001", "0009", "0009"]


def test_a_version_that_somebody_else_has_reached_meanwhile_is_not_made_again(database, another):
    schema_version.upgrade(database, "0009")
    with another.engine.connect() as backup:
        lock(backup, "passwords")

        def over(_):
            backup.rollback()
            assert schema_version.upgrade(another, "0015") == "0015"

        assert schema_version.upgrade(database, pause=over) == schema_version.newest()
