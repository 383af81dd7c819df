"""The check reads the one file: when another takes its place, nobody is let in on what the old one says."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime

import pytest

from databases import only_on_sqlite
from signedin.rules.errors import DatabaseProblem
from signedin.store import accounts, checks, schema_version
from signedin.store.checks import Checks
from signedin.store.sqlite import SqliteDatabase

pytestmark = only_on_sqlite("It is about the file that is read; PostgreSQL is asked by other connections.")


@pytest.fixture
def database(tmp_path):
    database = SqliteDatabase(tmp_path / "signedin.db")
    schema_version.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def several(database):
    """A few accounts, each with another number of its latest event."""

    def added(conn, number):
        account = accounts.add(conn, f"{number}@example.org", "Somebody", datetime(2026, 11, 29, tzinfo=UTC))
        conn.execute(
            accounts.accounts.update()
            .where(accounts.accounts.c.account_id == account.id)
            .values(number=number)
        )
        return account.id

    return {database.write_now(added, number): number for number in (11, 22, 33, 44)}


@pytest.mark.guide("R48")
@pytest.mark.security("15.4.1")
def test_who_asks_from_another_thread_waits_until_the_answer_to_the_first_is_read(database, several):
    reading, (mine, theirs, *_) = Checks(database.path), several
    ask, others = reading._ask, []

    def interrupted(*question):
        reading._ask, asked = ask, ask(*question)
        others.append(apart.submit(reading.number, theirs))
        assert not wait(others, 0.2).done
        return asked

    reading._ask = interrupted
    with ThreadPoolExecutor(1) as apart:
        assert reading.number(mine) == several[mine]
    assert others[0].result() == several[theirs]
    reading.close()


@pytest.mark.security("15.4.1")
def test_many_threads_that_ask_at_once_each_read_their_own_row(database, several):
    reading = Checks(database.path)
    with ThreadPoolExecutor(len(several)) as threads:
        found = list(threads.map(reading.number, [*several] * 500))
    assert found == [*several.values()] * 500
    assert reading.version()
    reading.close()


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
