"""Deeds and questions: what a question may do."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from databases import empty_database_in
from signedin.rules.errors import DatabaseProblem
from signedin.store import schema_version


@pytest.fixture
def database(tmp_path: Path):
    made = empty_database_in(tmp_path)
    schema_version.upgrade(made)
    yield made
    made.close()


def forget_everybody(conn):
    conn.execute(sa.text("DELETE FROM sessions"))


def test_a_question_cannot_change_anything_even_by_mistake(database):
    with pytest.raises(DatabaseProblem):
        database.read_now(forget_everybody)
    database.write_now(forget_everybody)


@pytest.mark.only_on_sqlite("It is about the rights of the file.")
def test_a_new_database_and_what_stands_beside_it_may_be_read_by_their_owner_only(database):
    database.write_now(forget_everybody)
    modes = {path.name: path.stat().st_mode & 0o777 for path in database.path.parent.glob("signedin.db*")}
    for name in ("signedin.db", "signedin.db-wal", "signedin.db-shm"):
        assert modes[name] == 0o600, name


@pytest.mark.only_on_sqlite("It is about the rights of the file.")
def test_a_database_that_is_there_keeps_the_rights_its_owner_gave_it(database):
    database.path.chmod(0o640)
    database.create()
    assert database.path.stat().st_mode & 0o777 == 0o640
