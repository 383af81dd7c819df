"""Deeds and questions: what a question may do."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from signedin.rules.errors import DatabaseProblem
from signedin.store import schema_version
from signedin.store.database import Database


@pytest.fixture
def database(tmp_path: Path):
    made = Database(tmp_path / "signedin.db")
    schema_version.upgrade(made)
    yield made
    made.close()


def forget_everybody(conn):
    conn.execute(sa.text("DELETE FROM sessions"))


def test_a_question_cannot_change_anything_even_by_mistake(database):
    with pytest.raises(DatabaseProblem):
        database.read_now(forget_everybody)
    database.write_now(forget_everybody)
