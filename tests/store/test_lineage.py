"""A process goes to no database that is older than the one it has been on, by whichever of its connections."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from databases import empty_database_in, only_on_postgres, own_server
from signedin.rules.errors import DatabaseProblem
from signedin.rules.lineage import Lineage
from signedin.store import lineage as lineages
from signedin.store.bus import PostgresBus
from signedin.store.held import HeldLines
from signedin.store.lineage import Known, known_at
from signedin.store.lineage_note import LineageNote
from signedin.store.postgres import CONNECT, WRITERS, PostgresDatabase

pytestmark = only_on_postgres("SQLite has no successors.")
ONE = sa.text("SELECT 1")


@pytest.fixture
def database(tmp_path):
    made = empty_database_in(tmp_path)
    yield made
    made.close()


def one(conn):
    return conn.scalar(ONE)


def is_refused(database, reason):
    with pytest.raises(DatabaseProblem) as refused:
        database.read_now(one)
    return refused.value.reason == reason


def after_a_promotion(known):
    """As if this process had seen one that took over from the one it reaches."""
    known.newest = known.newest._replace(timeline=known.newest.timeline + 1)
    return known.newest


@pytest.mark.guide("R48", "R68")
def test_whoever_has_seen_the_one_that_took_over_asks_the_old_one_nothing_however_often_it_tries(database):
    assert database.read_now(one) == 1
    newest = after_a_promotion(database.known)
    for _ in range(2 * WRITERS):
        assert is_refused(database, "older_lineage"), "also by a connection of before"
        with pytest.raises(DatabaseProblem):
            database.write_now(one)
    assert database.known.newest == newest
    database.known.newest = newest._replace(timeline=newest.timeline - 1)
    assert database.read_now(one) == database.write_now(one) == 1, "no connection was lost by that"


@pytest.mark.guide("R48")
def test_what_was_committed_on_the_old_one_after_another_took_over_is_not_told_as_kept(database):
    database.write_now(lambda conn: conn.execute(sa.text("CREATE TABLE told (n int)")))

    def deed(conn):
        conn.execute(sa.text("INSERT INTO told VALUES (1)"))
        after_a_promotion(database.known)

    with pytest.raises(DatabaseProblem, match="could not make sure that this is kept"):
        database.write_now(deed)


@pytest.mark.guide("R48", "R68")
def test_another_system_is_refused_until_the_process_begins_anew(database):
    database.known.newest = Lineage("7301", 1)
    assert is_refused(database, "another_database")
    again = PostgresDatabase(database.url.render_as_string(hide_password=False))
    assert again.known is database.known, "all that connect to one address know the same"
    again.close()


@pytest.mark.guide("R48", "R68")
def test_held_lines_and_the_bus_refuse_it_too(database):
    assert database.read_now(one) == 1

    async def asked():
        lines = HeldLines(database.url, CONNECT, 2)
        assert await lines.ask("SELECT 1", ()) == [(1,)]
        after_a_promotion(database.known)
        for _ in range(4):
            with pytest.raises(DatabaseProblem) as refused:
                await lines.ask("SELECT 1", ())
            assert refused.value.reason == "older_lineage"
        with pytest.raises(DatabaseProblem):
            await PostgresBus(database.url, CONNECT)._listen(asyncio.Event())
        await lines.close()

    asyncio.run(asked())


@pytest.mark.guide("R48")
def test_a_refused_one_is_told_in_one_line_and_not_at_every_attempt(database):
    assert database.read_now(one) == 1
    newest = after_a_promotion(database.known)
    with capture_logs() as told:
        for _ in range(5):
            assert is_refused(database, "older_lineage")
    [line] = [each for each in told if each["event"] == "an older or another database is refused"]
    assert line["newest"] == "/".join(map(str, newest))


@pytest.mark.guide("R48")
def test_of_several_hosts_the_one_that_took_over_is_found_behind_an_old_one(database, monkeypatch):
    """Both hosts are the same server here; the first answer is made to be one of before."""
    assert database.read_now(one) == 1
    answers = [Lineage(database.known.newest.system, 0)]
    read = Lineage.read
    monkeypatch.setattr(
        lineages, "Lineage", type("", (), {"read": lambda text: answers.pop() if answers else read(text)})
    )
    at = database.url.set(drivername="postgresql")
    both = at.set(
        host=None, port=None, query={"host": f"{at.host},{at.host}", "port": f"{at.port},{at.port}"}
    )
    known = Known()
    known.newest = database.known.newest
    with known.connect(both.render_as_string(hide_password=False), **CONNECT) as conn:
        assert not known.is_old(conn)
    assert not answers


@pytest.mark.guide("R48", "R68")
def test_what_a_server_has_noted_holds_for_every_process_of_the_machine(database, tmp_path):
    keyring = tmp_path / "secret.json"
    assert database.read_now(one) == 1
    seen = database.known.newest
    command, server = LineageNote(keyring, written=False), LineageNote(keyring, written=True)
    command.write(seen)
    assert command.read() is None, "what does not serve notes nothing"
    for noted, reason in ((seen, None), (seen._replace(timeline=seen.timeline + 1), "older_lineage")):
        server.write(noted)
        assert command.read().lineage == noted
        assert server.path.stat().st_mode & 0o777 == 0o600
        other = Known()
        other.note = command
        database.known, kept = other, database.known
        database.engine.dispose()
        if reason is None:
            assert database.write_now(one) == 1
        else:
            with pytest.raises(DatabaseProblem) as refused:
                database.write_now(one)
            assert refused.value.reason == reason
        database.known = kept
    server.write(Lineage("another", 9))
    beginning = Known()
    beginning.note = server
    database.known = beginning
    database.engine.dispose()
    assert database.write_now(one) == 1, "a restored one is taken at a start"
    assert command.read().lineage == seen


def test_a_note_that_says_nothing_lets_nobody_in_and_one_that_cannot_be_written_is_told(database, tmp_path):
    note = LineageNote(tmp_path / "secret.json", written=True)
    note.path.write_text("{")
    known = Known()
    known.note = note
    with capture_logs() as told, pytest.raises(DatabaseProblem):
        known.connect(database.url.set(drivername="postgresql").render_as_string(hide_password=False))
    assert told[0]["path"] == str(note.path)
    with capture_logs() as told:
        LineageNote(tmp_path / "nowhere" / "secret.json", written=True).write(Lineage("7301", 1))
    assert told[0]["event"] == "the lineage of the database cannot be noted"


@pytest.mark.guide("R48")
def test_a_connection_of_before_is_used_no_more_when_another_process_of_the_machine_has_seen_the_new_one(
    database, tmp_path
):
    note = LineageNote(tmp_path / "secret.json", written=True)
    database.known.note = LineageNote(tmp_path / "secret.json", written=False)

    async def asked():
        lines = HeldLines(database.url, CONNECT, 1)
        assert await lines.ask("SELECT 1", ()) == [(1,)]
        note.write(database.known.newest._replace(timeline=2))
        with pytest.raises(DatabaseProblem) as refused:
            await lines.ask("SELECT 1", ())
        await lines.close()
        return refused.value.reason

    assert database.read_now(one) == database.write_now(one) == 1
    note.write(database.known.newest)
    assert database.read_now(one) == 1
    assert asyncio.run(asked()) == "older_lineage"
    assert is_refused(database, "older_lineage")
    with pytest.raises(DatabaseProblem):
        database.write_now(one)
    note.path.write_text("{")
    assert is_refused(database, "lineage_unread"), "nobody is let in on a note that says nothing"


@pytest.mark.guide("R48")
def test_while_a_lease_of_before_may_run_in_another_process_of_the_machine_every_lease_is_waited_for(
    database, tmp_path, monkeypatch
):
    clock = [500.0]
    monkeypatch.setattr(lineages, "boot_time", lambda: clock[0])
    assert database.read_now(one) == 1
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    before, now = database.known.newest._replace(timeline=0), database.known.newest
    note = LineageNote(tmp_path / "secret.json", written=True)

    def begun():
        """A process that begins, and connects."""
        known = Known()
        known.note = note
        known.connect(address, **CONNECT).close()
        return known

    assert not begun().has_just_succeeded(), (
        "the first of all servers here: nobody can have a lease of before"
    )
    note.write(before)
    first, second = begun(), begun()
    assert note.read().lineage == now
    clock[0] += 3.1
    assert first.has_just_succeeded()
    assert second.has_just_succeeded(), "also one that has never seen the old one"
    clock[0] += 0.1
    assert not first.has_just_succeeded()
    assert not second.has_just_succeeded()
    assert not begun().has_just_succeeded()
    note.path.unlink()
    first.newest = before
    first.connect(address, **CONNECT).close()
    assert first.has_just_succeeded()
    clock[0] = 1.0  # the machine has started anew, and no lease of before with it
    assert not second.has_just_succeeded()


@pytest.mark.guide("R48")
def test_a_role_without_any_rights_may_ask_for_the_lineage(tmp_path):
    url = own_server().url("postgres")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE ROLE stranger LOGIN")
        try:
            at = sa.make_url(url).set(username="stranger")
            known = known_at(at)
            known.connect(at.render_as_string(), **CONNECT).close()
            assert known.newest.timeline == 1
        finally:
            conn.execute("DROP ROLE stranger")


@pytest.mark.guide("R48")
def test_a_note_that_a_slower_process_has_put_back_is_put_right_at_the_next_question(database, tmp_path):
    note = LineageNote(tmp_path / "secret.json", written=True)
    database.known.note = note
    assert database.read_now(one) == 1
    newest = database.known.newest
    LineageNote(tmp_path / "secret.json", written=True).write(newest._replace(timeline=newest.timeline - 1))
    assert database.read_now(one) == 1, "what is newest is asked on"
    assert note.read().lineage == newest
    assert database.known.has_just_succeeded(), "whoever began on what was noted may hold a lease there"
