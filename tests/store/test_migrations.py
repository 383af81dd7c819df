"""The migrations make what the code believes to be there, step by step, and old code can go on meanwhile."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from signedin.rules.errors import DatabaseProblem
from signedin.store import schema_version
from signedin.store.schema import metadata
from signedin.store.sqlite import SqliteDatabase
from signedin.store.tables import TABLES


@pytest.fixture
def database(tmp_path):
    database = SqliteDatabase(tmp_path / "signedin.db")
    yield database
    database.close()


def test_the_migrations_make_exactly_the_tables_that_the_code_knows(database):
    schema_version.upgrade(database)

    def differences(conn):
        context = MigrationContext.configure(conn, opts={"compare_type": False})
        return compare_metadata(context, metadata)

    assert database.read_now(differences) == []
    assert {table.name for table in TABLES} == set(metadata.tables)


def test_a_database_of_the_first_version_is_brought_forward_and_keeps_what_it_holds(database):
    schema_version.upgrade(database, "0001")
    database.write_now(
        lambda conn: conn.exec_driver_sql(
            "INSERT INTO accounts (account_id, email, name, state, created_at, is_demo, number, chain, epoch)"
            " VALUES (7, 'ada@example.org', 'Ada', 'active', 0, 0, 3, x'', 2)"
        )
    )
    assert schema_version.current(database) == "0001"
    schema_version.upgrade(database)
    assert schema_version.current(database) == schema_version.newest()
    with closing(sqlite3.connect(database.path)) as conn:
        assert conn.execute("SELECT email, epoch, tidied FROM accounts").fetchall() == [
            ("ada@example.org", 2, 0)
        ]


def test_a_database_that_is_newer_than_the_code_is_refused_in_one_sentence(database):
    schema_version.upgrade(database)
    database.write_now(lambda conn: conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseProblem, match="newer than this version"):
        schema_version.upgrade(database)
