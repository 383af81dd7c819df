"""The migrations make what the code believes to be there, step by step, and old code can go on meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from time import monotonic

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from databases import empty_database_in, only_on_postgres
from signedin.rules.errors import DatabaseProblem
from signedin.store import held, schema_version
from signedin.store.postgres import PostgresDatabase
from signedin.store.schema import metadata
from signedin.store.tables import TABLES


@pytest.fixture
def database(tmp_path):
    database = empty_database_in(tmp_path)
    yield database
    database.close()


def is_known(thing, name, kind, reflected, _):
    """The parts of a partitioned table are made beside it: the code asks the table, never a part."""
    table = name if kind == "table" else thing.table.name
    return not (reflected and kind in ("table", "index") and table.rpartition("_")[2].isdigit())


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database):
    schema_version.upgrade(database)

    def differences(conn):
        options = {"compare_type": False, "include_object": is_known}
        return compare_metadata(MigrationContext.configure(conn, opts=options), metadata)

    assert database.read_now(differences) == []
    assert {table.name for table in TABLES} == set(metadata.tables)


def test_a_database_of_the_first_version_is_brought_forward_and_keeps_what_it_holds(database):
    schema_version.upgrade(database, "0001")
    values = {"chain": b"", "no": False}
    database.write_now(
        lambda conn: conn.execute(
            sa.text(
                "INSERT INTO accounts (account_id, email, name, state, created_at, is_demo, number, chain, epoch)"
                " VALUES (7, 'ada@example.org', 'Ada', 'active', 0, :no, 3, :chain, 2)"
            ),
            values,
        )
    )
    assert schema_version.current(database) == "0001"
    schema_version.upgrade(database)
    assert schema_version.current(database) == schema_version.newest()
    asked = sa.text("SELECT email, epoch, tidied FROM accounts")
    assert database.read_now(lambda conn: conn.execute(asked).all()) == [("ada@example.org", 2, 0)]


def test_a_database_that_is_newer_than_the_code_is_refused_in_one_sentence(database):
    schema_version.upgrade(database)
    database.write_now(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    database.write_now(lambda conn: conn.exec_driver_sql("DELETE FROM facts WHERE name = 'oldest_code'"))
    with pytest.raises(DatabaseProblem, match="newer than this version"):
        schema_version.upgrade(database)


@pytest.mark.parametrize(("oldest", "may_run"), [("0001", True), ("9998", False), ("9999", False)])
def test_a_newer_database_says_itself_whether_this_code_may_still_use_it(database, oldest, may_run):
    schema_version.upgrade(database)

    def as_if_upgraded_by_newer_code(conn):
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        conn.exec_driver_sql("DELETE FROM facts WHERE name = 'oldest_code'")
        conn.execute(sa.text("INSERT INTO facts (name, value) VALUES ('oldest_code', :it)"), {"it": oldest})

    database.write_now(as_if_upgraded_by_newer_code)
    if may_run:
        assert schema_version.upgrade(database) == "9999", "and it leaves the tables as they are"
    else:
        with pytest.raises(DatabaseProblem, match="newer than this version"):
            schema_version.upgrade(database)


def test_servers_that_start_at_once_on_an_empty_database_make_the_tables_once(database, tmp_path):
    ready = Barrier(4)

    def starts(_):
        another = empty_database_in(tmp_path)
        try:
            ready.wait(timeout=30)
            return schema_version.upgrade(another)
        finally:
            another.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(starts, range(4))) == [schema_version.newest()] * 4
    asked = sa.text("SELECT count(*) FROM endings_head")
    assert database.read_now(lambda conn: conn.scalar(asked)) == 1


@only_on_postgres("Two connections change one database at once there; who writes a file is alone.")
def test_who_comes_second_waits_until_the_tables_are_made_and_makes_none(database, monkeypatch):
    made = []
    both_have_looked = Barrier(2)

    def counted(conn, cursor, statement, *_):
        if statement.lstrip().startswith("CREATE TABLE sessions "):
            made.append(statement)

    refuse_newer = schema_version.refuse_newer

    def looked(asking):
        refuse_newer(asking)
        both_have_looked.wait(timeout=30)

    monkeypatch.setattr(schema_version, "refuse_newer", looked)
    sa.event.listen(sa.Engine, "before_cursor_execute", counted)
    another = PostgresDatabase(database.url.render_as_string(hide_password=False))
    try:
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(schema_version.upgrade, (database, another)))
    finally:
        another.close()
        sa.event.remove(sa.Engine, "before_cursor_execute", counted)
    assert done == [schema_version.newest()] * 2
    assert len(made) == 1


READS = "SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE accounts IN ACCESS SHARE MODE"
"""What pg_dump does with every table, for as long as it takes."""


@only_on_postgres("Tables are locked one by one there.")
def test_an_upgrade_beside_a_backup_is_tried_again_until_the_backup_is_over(database):
    schema_version.upgrade(database, "0001")
    paused = []

    def over(seconds):
        paused.append(seconds)
        backup.rollback()

    with PostgresDatabase(database.url.render_as_string(hide_password=False)).engine.connect() as backup:
        backup.execute(sa.text(READS))
        assert schema_version.upgrade(database, pause=over) == schema_version.newest()
    assert paused == [schema_version.PAUSE]


@only_on_postgres("Tables are locked one by one there.")
def test_an_upgrade_beside_a_backup_that_goes_on_says_so_and_changes_nothing(database, monkeypatch):
    monkeypatch.setattr(schema_version, "TRIES", 3)
    schema_version.upgrade(database, "0001")
    paused = []
    with PostgresDatabase(database.url.render_as_string(hide_password=False)).engine.connect() as backup:
        backup.execute(sa.text(READS))
        with pytest.raises(DatabaseProblem, match="Somebody else uses the tables"):
            schema_version.upgrade(database, pause=paused.append)
    assert len(paused) == 2
    assert schema_version.current(database) == "0001"


@only_on_postgres("Tables are locked one by one there.")
def test_who_reads_behind_an_upgrade_that_waits_is_answered_within_the_time_of_a_check(database):
    schema_version.upgrade(database, "0001")
    read, waited, asked = Event(), [], sa.text("SELECT count(*) FROM accounts")
    another = PostgresDatabase(database.url.render_as_string(hide_password=False))

    def reads():
        while not read.is_set():
            began = monotonic()
            another.read_now(lambda conn: conn.scalar(asked))
            waited.append(monotonic() - began)

    def over(_):
        if len(paused) == 2:
            backup.rollback()
        paused.append(1)

    paused = []
    with another.engine.connect() as backup, ThreadPoolExecutor(1) as pool:
        backup.execute(sa.text(READS))
        reading = pool.submit(reads)
        try:
            assert schema_version.upgrade(database, pause=over) == schema_version.newest()
        finally:
            read.set()
        reading.result()
    another.close()
    assert len(waited) > 1
    assert max(waited) < held.SECONDS


@only_on_postgres("Tables are locked one by one there.")
def test_who_waits_for_another_upgrade_waits_longer_than_for_anything_else(database):
    schema_version.upgrade(database, "0001")
    limits = []

    def noted(conn, cursor, statement, *_):
        if "pg_advisory_xact_lock" in statement:
            limits.append(conn.exec_driver_sql("SHOW lock_timeout").scalar())

    sa.event.listen(sa.Engine, "before_cursor_execute", noted)
    try:
        schema_version.upgrade(database)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", noted)
    assert set(limits) == {"1min"}
