"""The check reads the one file: when another takes its place, nobody is let in on what the old one says."""

from __future__ import annotations

import shutil

import pytest

from databases import only_on_sqlite
from signedin.rules.errors import DatabaseProblem
from signedin.store import checks, schema_version
from signedin.store.checks import Checks
from signedin.store.sqlite import SqliteDatabase

pytestmark = only_on_sqlite("It is about the file that is read; PostgreSQL is asked by other connections.")


@pytest.fixture
def database(tmp_path):
    database = SqliteDatabase(tmp_path / "signedin.db")
    schema_version.upgrade(database)
    yield database
    database.close()


@pytest.mark.guide("R48")
@pytest.mark.security("16.5.3")
@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_file_that_left_its_place_answers_no_check_any_more(database, monkeypatch, how):
    monkeypatch.setattr(checks, "LOOK_EVERY", 0.0)
    reading = Checks(database.path)
    assert reading.number(7) == 0
    copy = database.path.with_name("copy.db")
    shutil.copy(database.path, copy)
    if how == "replaced":
        copy.replace(database.path)
    else:
        database.path.unlink()
    for ask in (lambda: reading.number(7), lambda: reading.living(7, b"x"), lambda: reading.ended(7, b"x")):
        with pytest.raises(DatabaseProblem):
            ask()
    reading.close()
