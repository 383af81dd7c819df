"""Hours of use are kept beside the notes of use, once an hour for each session, and nobody waits for them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from databases import only_on_postgres, only_on_sqlite
from people import ADA, BERLIN, CHROME_ON_MACOS, Clock
from signedin.actions.note_use import flush, write_first
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.errors import DatabaseProblem
from signedin.rules.session import AppType
from signedin.store import accounts, activity, used_hours

NOW = Clock()().replace(minute=5)
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


class Home:
    """Ada, her sessions, and what is kept of the hours in which she was there."""

    def __init__(self, means):
        self.means = means
        self.ada = means.database.write_now(accounts.add, ADA, "Ada Lovelace", NOW)

    def signed_in(self, app_type=AppType.WEB):
        given = (self.means, self.ada, VISIT, Ticks(), 0, NOW, None, app_type)
        return self.means.database.write_now(begin, *given).session.id

    def uses(self, *rows, at):
        for row_id in rows:
            self.means.recent.note(self.ada.id, row_id, BERLIN, at)
        asyncio.run(flush(self.means.recent, self.means.database, self.means.keyring, self.means.places))

    def hours(self):
        kept = self.means.database.read_now(used_hours.of, self.ada.id)
        return [((hour - NOW.replace(minute=0)) // timedelta(hours=1), times) for hour, times in kept.hours()]


@pytest.fixture
def home(means):
    return Home(means)


def test_each_session_counts_once_in_an_hour_however_often_it_is_used(home):
    laptop, phone = home.signed_in(), home.signed_in(AppType.MOBILE)
    assert home.hours() == []
    for minute in (1, 20, 50):
        home.uses(laptop, at=NOW + timedelta(minutes=minute))
    assert home.hours() == [(0, 1)]
    for minute in (60, 70):
        home.uses(laptop, phone, at=NOW + timedelta(minutes=minute))
    assert home.hours() == [(0, 1), (1, 2)]
    for days in (30, 31):
        home.uses(phone, at=NOW + timedelta(days=days))
    assert home.hours() == [(30 * 24, 1), (31 * 24, 1)], "the first day is forgotten"


def test_what_works_by_itself_is_left_out(home):
    sync = home.signed_in(AppType.SYNC)
    home.uses(sync, at=NOW + timedelta(hours=3))
    assert home.hours() == []


def test_a_use_that_is_told_late_moves_nothing(home):
    laptop = home.signed_in()
    home.uses(laptop, at=NOW + timedelta(hours=5))
    home.uses(laptop, at=NOW + timedelta(hours=2))
    assert home.hours() == [(5, 1)]


def test_another_use_in_the_same_hour_asks_and_writes_nothing_more(home):
    laptop, statements = home.signed_in(), []
    home.uses(laptop, at=NOW + timedelta(minutes=1))

    def asked(conn, cursor, statement, *_):
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", asked)
    try:
        home.uses(laptop, at=NOW + timedelta(minutes=5))
        assert not [each for each in statements if "used_hours" in each]
        home.uses(laptop, at=NOW + timedelta(hours=1))
        assert len([each for each in statements if "used_hours" in each]) == 2
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", asked)


def test_it_goes_and_a_session_that_is_gone_brings_nothing_back(home):
    laptop = home.signed_in()
    home.uses(laptop, at=NOW + timedelta(hours=1))
    home.means.database.write_now(used_hours.forget, home.ada.id)
    assert home.hours() == []
    late = activity.Use(home.ada.id, "never", NOW + timedelta(hours=2))
    home.means.database.note_now(used_hours.note, [late])
    assert home.hours() == []


def test_what_cannot_be_read_is_begun_anew_and_loses_no_note(home):
    laptop = home.signed_in()
    damaged = used_hours.used_hours.insert().values(
        account_id=home.ada.id, last_day=NOW.date(), hours=b"short"
    )
    home.means.database.write_now(lambda conn: conn.execute(damaged))
    home.uses(laptop, at=NOW + timedelta(hours=1))
    assert home.hours() == [(1, 1)]
    assert len(home.means.recent) == 0


@only_on_postgres("On SQLite whoever writes is alone.")
def test_a_row_that_somebody_is_busy_with_is_left_out_and_the_note_of_use_is_written(home):
    laptop, hours = home.signed_in(), count(1)
    home.uses(laptop, at=NOW + timedelta(hours=next(hours)))

    def last_at():
        asked = sa.select(activity.activity.c.last_at)
        return home.means.database.read_now(lambda conn: conn.scalar(asked))

    with home.means.database.engine.connect() as busy, busy.begin():
        busy.execute(sa.select(used_hours.used_hours).with_for_update())
        home.uses(laptop, at=NOW + timedelta(hours=next(hours)))
        assert last_at() == NOW + timedelta(hours=2)
    home.uses(laptop, at=NOW + timedelta(hours=next(hours)))
    assert home.hours() == [(1, 1), (3, 1)]


def refusing(home, monkeypatch):
    """The table of hours takes nothing, as without a grant: the statement begins, and is refused."""
    statement = sa.text("INSERT INTO used_hours (account_id, last_day, hours) VALUES (1, NULL, NULL)")
    monkeypatch.setattr(used_hours, "_write", lambda conn, rows: conn.execute(statement))


def test_hours_that_cannot_be_written_refuse_nobody_and_are_told_once(home, monkeypatch, log_lines):
    laptop, means = home.signed_in(), home.means
    refusing(home, monkeypatch)
    log_lines()
    for hours in (1, 2):
        at = NOW + timedelta(hours=hours)
        means.recent.note(home.ada.id, laptop, BERLIN, at)
        asyncio.run(
            write_first(means.recent, means.database, means.keyring, means.places, home.ada.id, laptop)
        )
    assert len(means.recent) == 0
    asked = sa.select(activity.activity.c.last_at, activity.activity.c.counts)
    [row] = means.database.read_now(lambda conn: conn.execute(asked).all())
    assert row.last_at == NOW + timedelta(hours=2)
    assert sum(row.counts) == 3, "the sign-in, and each use once"
    [said] = log_lines()
    assert said["event"] == "the hours of use cannot be written, and are left out"
    monkeypatch.undo()
    home.uses(laptop, at=NOW + timedelta(hours=3))
    assert home.hours() == [(3, 1)]


@only_on_sqlite("On PostgreSQL each statement of a note is a transaction of its own.")
def test_hours_that_fail_halfway_leave_nothing_of_themselves(home, monkeypatch):
    laptop, write = home.signed_in(), used_hours._write

    def halfway(conn, rows):
        write(conn, rows)
        raise ValueError(rows)

    monkeypatch.setattr(used_hours, "_write", halfway)
    home.uses(laptop, at=NOW + timedelta(hours=1))
    assert home.hours() == []
    assert len(home.means.recent) == 0


def test_where_the_whole_transaction_is_gone_the_note_waits_again(home, monkeypatch):
    laptop = home.signed_in()

    def gone(conn, _):
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        conn.connection.driver_connection.rollback()  # as SQLite does by itself where the disk is full
        raise ValueError

    monkeypatch.setattr(used_hours, "_write", gone)
    with pytest.raises(DatabaseProblem):
        home.uses(laptop, at=NOW + timedelta(hours=1))
    assert len(home.means.recent) == 1
