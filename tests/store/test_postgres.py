"""Connections to PostgreSQL: what is durable on each, whatever the database says by default."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from databases import empty_database_in, only_on_postgres

pytestmark = only_on_postgres("It is about connections to PostgreSQL.")


@pytest.fixture
def database(tmp_path):
    made = empty_database_in(tmp_path)
    yield made
    made.close()


def durability(conn):
    return conn.scalar(sa.text("SHOW synchronous_commit"))


@pytest.mark.guide("R48")
def test_endings_are_durable_also_where_the_database_is_careless_by_default(database):
    database.write_now(
        lambda conn: conn.execute(
            sa.text(f"ALTER DATABASE {database.url.database} SET synchronous_commit = off")
        )
    )
    database.engine.dispose()
    assert database.write_now(durability) == "on"
    assert database.note_now(durability) == "off"


@pytest.mark.security("16.2.5", "13.3.1")
def test_what_a_statement_was_asked_with_is_in_no_error(database):
    def asks(conn):
        conn.execute(sa.text("SELECT :it FROM nowhere"), {"it": "a secret of somebody"})

    with pytest.raises(sa.exc.ProgrammingError) as problem:
        database.read_now(asks)
    assert "a secret of somebody" not in str(problem.value)
    assert "nowhere" in str(problem.value)
