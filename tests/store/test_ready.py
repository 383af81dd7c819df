"""Statements that are ready say and tell the same as by SQLAlchemy's own ways, in the same transactions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from databases import empty_database_in, only_on_sqlite
from signedin.rules.account import AccountId
from signedin.rules.errors import DatabaseProblem
from signedin.rules.grant import Grant, Refresh
from signedin.store import grants, schema_version
from signedin.store.grants import refresh_tokens
from signedin.store.ready import Ready

ADA, NOW = AccountId(5), datetime(2026, 11, 29, 12, 0, 0, 123456, UTC)
TABLE = grants.grants
FIND = sa.select(TABLE).where(TABLE.c.grant_id == sa.bindparam("which"))
USE = (
    refresh_tokens.update()
    .where(refresh_tokens.c.digest == sa.bindparam("secret"))
    .values(used_at=sa.bindparam("at"))
)
GIVEN = Grant(
    "g", ADA, "tidewater", ("openid", "émail"), 3, NOW, NOW, NOW, factors=("password",), nonce="%s ? :x"
)


@pytest.fixture
def database(tmp_path):
    made = empty_database_in(tmp_path)
    schema_version.upgrade(made)
    yield made
    made.close()


def test_a_row_is_told_as_by_sqlalchemy_by_name_and_by_place(database):
    database.write_now(grants.add, GIVEN)
    ready = Ready(FIND)

    def both(conn):
        return ready.first(conn, {"which": "g"}), conn.execute(FIND, {"which": "g"}).one()

    told, usual = database.read_now(both)
    assert tuple(told) == tuple(usual)
    assert told._asdict() == usual._asdict()
    assert database.read_now(grants.find, ADA, "g") == GIVEN
    assert database.read_now(ready.first, {"which": "nobody's"}) is None


def test_what_is_changed_is_counted_and_kept_with_its_transaction_alone(database):
    database.write_now(grants.add_refresh, ADA, b"d" * 32, Refresh("g", 0))
    ready, values = Ready(USE), {"secret": b"d" * 32, "at": NOW}

    def broken(conn):
        assert (ready.run(conn, values), ready.run(conn, values | {"secret": b"x"})) == (1, 0)
        raise KeyError

    with pytest.raises(KeyError):
        database.write_now(broken)
    assert database.read_now(grants.find_refresh, ADA, b"d" * 32).used_at is None
    assert database.write_now(ready.run, values) == 1
    assert database.read_now(grants.find_refresh, ADA, b"d" * 32).used_at == NOW


@only_on_sqlite("PostgreSQL reads each statement at a moment of its own (read committed).")
def test_a_reader_sees_one_moment_from_its_first_ready_statement_on(database):
    database.write_now(grants.add, GIVEN)
    ready = Ready(FIND)

    def between(conn):
        before = ready.first(conn, {"which": "g"})
        database.write_now(grants.turn, Grant(**{**_fields(GIVEN), "generation": 7}))
        return before.generation, ready.first(conn, {"which": "g"}).generation

    assert database.read_now(between) == (0, 0)
    assert database.read_now(grants.find, ADA, "g").generation == 7


def test_whoever_listens_to_statements_hears_these_too(database):
    ready, heard = Ready(FIND), []
    with database.engine.connect() as conn:
        sa.event.listen(conn, "before_cursor_execute", lambda *words: heard.append(words[2]))
        assert ready.first(conn, {"which": "g"}) is None
    assert [each.split()[0] for each in heard if "grants" in each] == ["SELECT"]


def test_what_is_wrong_with_the_database_is_told_in_the_same_sentences(database):
    gone = Ready(sa.select(sa.Table("no_such_table", sa.MetaData(), sa.Column("a", sa.Text))))
    with pytest.raises((DatabaseProblem, sa.exc.ProgrammingError)):
        database.read_now(gone.first, {})


def _fields(grant):
    return {name: getattr(grant, name) for name in Grant.__dataclass_fields__}
