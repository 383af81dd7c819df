"""Connections to PostgreSQL: what is durable on each, whatever the database says by default."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import threading
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from databases import empty_database_in, only_on_postgres
from people import ADA, CHROME_ON_MACOS, PASSWORD, Clock, recognised, settings_in
from postgres_server import PostgresServer, make_database, programs
from signedin.actions import operate
from signedin.actions.begin_session import Vouched, begin_session
from signedin.actions.issue_key import issue_service_key
from signedin.actions.keep_lease import Leases
from signedin.actions.lend import Lending
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device
from signedin.rules.access_key import Wish
from signedin.rules.errors import DatabaseProblem, Unavailable
from signedin.rules.presence import Presence, Service
from signedin.rules.scope import OF_SERVICES
from signedin.rules.session import AppType
from signedin.server.means import close_means, open_means
from signedin.store import accounts, durability, endings, held, postgres, problems
from signedin.store.held import HeldLines
from signedin.store.line import MOST_WAITING, Line
from signedin.store.postgres_checks import PostgresChecks
from signedin.store.standby import Standby

pytestmark = only_on_postgres("It is about connections to PostgreSQL.")


@pytest.fixture
def database(tmp_path):
    made = empty_database_in(tmp_path)
    yield made
    made.close()


def commits(conn):
    return conn.scalar(sa.text("SHOW synchronous_commit"))


@pytest.mark.guide("R48")
def test_endings_are_durable_also_where_the_database_is_careless_by_default(database):
    database.write_now(
        lambda conn: conn.execute(
            sa.text(f"ALTER DATABASE {database.url.database} SET synchronous_commit = off")
        )
    )
    database.engine.dispose()
    assert database.write_now(commits) == "on"
    assert database.note_now(commits) == "off"


AWKWARD = {
    "client_encoding": "LATIN1", "TimeZone": "Asia/Kathmandu", "DateStyle": "SQL, DMY", "IntervalStyle": "sql_standard",
    "bytea_output": "escape", "standard_conforming_strings": "off", "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on", "client_min_messages": "error", "statement_timeout": "1ms",
    "lock_timeout": "1ms", "idle_in_transaction_session_timeout": "1ms", "idle_session_timeout": "1ms",
    "extra_float_digits": "-15", "transform_null_equals": "on", "synchronous_commit": "off",
}  # fmt: skip
"""What a role or a database may be set to for the sake of others, and Signedin does not go by."""


@pytest.mark.guide("R48")
def test_people_sign_in_at_once_and_are_ended_however_the_database_is_set(tmp_path):
    settings, clock = settings_in(tmp_path, 8000), Clock()
    with psycopg.connect(settings.database_url, autocommit=True) as conn:
        for name, value in AWKWARD.items():
            conn.execute(f"ALTER DATABASE {conn.info.dbname} SET {name} = '{value}'")
    means = open_means(settings)
    where = Visit("203.0.113.7", CHROME_ON_MACOS, read_device(CHROME_ON_MACOS), "1")
    name = "Łucja \\ 'Ada' 愛 🌍"

    async def all_of_it():
        await add_by_operator(means, Applicant(ADA, name, PASSWORD), clock())
        account = await means.database.read(accounts.find_by_email, ADA)
        key = (await issue_service_key(means, Wish("shop", OF_SERVICES), [AppType.WEB], clock())).key
        shop = Service(key.id, key.name, frozenset(key.scopes), frozenset(key.app_types))
        ada = Vouched(str(account.id), AppType.WEB)
        coming = [sign_in(means, ADA, PASSWORD, where, Ticks(), clock())]
        coming += [begin_session(means, shop, ada, where, clock()) for _ in range(19)]
        tokens = [each.token for each in await asyncio.gather(*coming)]
        await operate.disable(means, ADA, clock())
        await means.lines.close()
        return account, tokens

    account, tokens = asyncio.run(all_of_it())
    assert account.name == name
    assert len(set(tokens)) == 20
    assert not any(isinstance(each, Presence) for each in recognised(means, *tokens, now=clock()))
    close_means(means)


def test_a_process_takes_as_many_connections_as_it_is_said_to_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(held, "SECONDS", 60)
    page = Path(__file__).resolve().parents[2] / "docs" / "running.md"
    said = int(re.search(r"A process holds up to (\d+) connections", page.read_text())[1])
    means = open_means(settings_in(tmp_path, 8000))
    counted = [0]

    def connections():
        ours = "application_name = 'signedin' AND datname = current_database()"
        return outside.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {ours}").fetchone()[0]

    async def crowd():
        database, lock = means.database, "SELECT pg_advisory_xact_lock_shared(1)"
        lines = means.lines._held()
        own = [Leases(means)._line._line, Lending(means)._line._line, lines.checks, lines.endings]
        ways = (database.write, database.read, database.note)
        deeds = [way(lambda conn: conn.exec_driver_sql(lock)) for way in ways for _ in range(20)]
        deeds += [line.ask(lock, ()) for line in own for _ in range(20)]
        listening = [
            asyncio.create_task(means.bus.listen(asyncio.Event())) for _ in range(2)
        ]  # the lease, and the ear
        waiting = [asyncio.create_task(each) for each in deeds]
        while max(counted) <= said and counted.count(said) < 50:
            counted.append(await asyncio.to_thread(connections))
        outside.execute("SELECT pg_advisory_unlock(1)")
        await asyncio.gather(*waiting, return_exceptions=True)
        for each in listening:
            each.cancel()
        for each in own:
            await each.close()

    with psycopg.connect(settings_in(tmp_path, 8000).database_url, autocommit=True) as outside:
        outside.execute("SELECT pg_advisory_lock(1)")
        asyncio.run(crowd())
    close_means(means)
    assert max(counted) == said
    assert f"a process of Signedin takes up to {said}." in problems.BY_STATE["53300"][2]


@pytest.mark.security("16.2.5", "13.3.1")
def test_what_a_statement_was_asked_with_is_in_no_error(database):
    def asks(conn):
        conn.execute(sa.text("SELECT :it FROM nowhere"), {"it": "a secret of somebody"})

    with pytest.raises(sa.exc.ProgrammingError) as problem:
        database.read_now(asks)
    assert "a secret of somebody" not in str(problem.value)
    assert "nowhere" in str(problem.value)


@pytest.mark.guide("R48")
def test_nobody_notices_that_the_database_was_started_again_meanwhile(tmp_path):
    means = open_means(settings_in(tmp_path, 8000))

    async def asked():
        return await means.lines.number(1), await means.database.read(endings.head)

    async def twice():
        before = await asked()
        await means.database.note(lambda conn: conn.execute(sa.text("SELECT 1")))
        await asyncio.to_thread(end_every_connection, means.database)
        return before == await asked(), await means.database.note(commits)

    assert asyncio.run(twice()) == (True, "off")
    close_means(means)


def end_every_connection(database):
    """As a restart does."""
    plain = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(plain, autocommit=True) as conn:
        conn.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")


def test_who_reads_never_changes_anything(database):
    with pytest.raises(DatabaseProblem) as problem:
        database.read_now(lambda conn: conn.execute(sa.text("CREATE TABLE t (n int)")))
    assert "read-only" in str(problem.value.__cause__)


@pytest.mark.guide("R48")
def test_what_was_told_as_not_known_has_not_begun_or_is_taken_back(database, monkeypatch):
    monkeypatch.setattr(postgres, "WRITE_SECONDS", 0.3)
    database.write_now(lambda conn: conn.execute(sa.text("CREATE TABLE told (n int)")))
    begun = threading.Barrier(postgres.WRITERS + 1)

    def slow(conn, number):
        conn.execute(sa.text("INSERT INTO told VALUES (:n)"), {"n": number})
        if number < postgres.WRITERS:
            begun.wait(10)

    async def all_of_them():
        deeds = [asyncio.create_task(database.write(slow, number)) for number in range(postgres.WRITERS + 20)]
        answers = await asyncio.gather(*deeds, return_exceptions=True)
        assert {type(each) for each in answers} == {Unavailable}
        assert await database.read(lambda conn: conn.scalar(sa.text("SELECT 7"))) == 7, (
            "pages are read meanwhile"
        )
        await asyncio.to_thread(begun.wait, 10)

    asyncio.run(all_of_them())
    database.write_now(lambda conn: None)
    assert database.read_now(lambda conn: conn.scalar(sa.text("SELECT count(*) FROM told"))) == 0


@pytest.fixture
def own_server():
    """A PostgreSQL that nobody else uses."""
    server = PostgresServer(programs(), "synchronous_standby_names=nobody_there", "synchronous_commit=local")
    make_database(server.url("postgres"), "signedin")
    yield server
    server.signal(signal.SIGCONT)
    server.destroy()


@pytest.mark.guide("R48")
@pytest.mark.parametrize("client_min_messages", ["notice", "error"])
def test_a_commit_that_was_told_not_to_wait_for_its_standby_is_not_told_as_kept(
    own_server, client_min_messages
):
    with psycopg.connect(own_server.url("postgres"), autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute(f"ALTER ROLE signedin SET client_min_messages = {client_min_messages}")
    database = postgres.PostgresDatabase(own_server.url("signedin"))
    answers = []

    def deed(conn):
        conn.execute(sa.text("CREATE TABLE IF NOT EXISTS told (n int)"))
        return "kept"

    def commit():
        try:
            answers.append(database.write_now(deed))
        except DatabaseProblem as problem:
            answers.append(problem)

    writing = threading.Thread(target=commit)
    writing.start()
    with psycopg.connect(own_server.url("postgres"), autocommit=True) as conn:
        waits = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        while conn.execute(f"SELECT pg_cancel_backend(pid) {waits}").fetchone() is None:
            assert not answers
    writing.join(10)
    assert isinstance(answers[0], DatabaseProblem), answers
    database.close()


def test_who_asks_a_server_that_has_gone_silent_is_told_in_time_and_whole_again_after(
    own_server, monkeypatch
):
    monkeypatch.setattr(held, "SECONDS", 0.5)
    url = sa.make_url(own_server.url("signedin"))

    async def asked():
        lines = HeldLines(url, postgres.CONNECT, 1)
        assert await lines.ask("SELECT 1", ()) == [(1,)]
        own_server.signal(signal.SIGSTOP)
        began = time.monotonic()
        for _ in ("on the connection that is held", "on a new one"):
            with pytest.raises(Unavailable):
                await lines.ask("SELECT 2", ())
        took = time.monotonic() - began
        own_server.signal(signal.SIGCONT)
        monkeypatch.setattr(held, "SECONDS", 10)
        assert await lines.ask("SELECT 3", ()) == [(3,)]
        await lines.close()
        return took

    assert asyncio.run(asked()) < 5, "psycopg by itself waits for ten seconds more"


def behind_a_silent_host(silent, server):
    """An address of two hosts, the first of which takes connections and never says a word."""
    at = sa.make_url(server.url("signedin"))
    ports = f"{silent.getsockname()[1]},{at.port}"
    return at.set(host=None, port=None, query={"host": "127.0.0.1,127.0.0.1", "port": ports})


def test_behind_a_silent_host_the_next_one_is_reached_although_who_asked_first_gave_up(
    own_server, monkeypatch
):
    monkeypatch.setattr(held, "SECONDS", 0.5)

    async def asked(url):
        lines = HeldLines(url, postgres.CONNECT, 2)
        refused = 0
        for _ in range(60):
            try:
                answers = await asyncio.gather(*(lines.ask("SELECT 1", ()) for _ in range(5)))
            except Unavailable:
                refused += 1
                assert len(lines._coming) <= 2, "connecting never takes more than the lines there are"
                continue
            await lines.close()
            return refused, answers
        raise AssertionError("the second host was never reached")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        refused, answers = asyncio.run(asked(behind_a_silent_host(silent, own_server)))
    assert refused
    assert answers == [[(1,)]] * 5


@pytest.mark.guide("R48")
def test_an_ending_waits_until_it_is_known_to_hold_behind_a_silent_host(own_server):
    database = postgres.PostgresDatabase(own_server.url("signedin"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = behind_a_silent_host(silent, own_server)
        assert held.seconds_to_connect(url, postgres.CONNECT) == 3
        assert held.seconds_to_connect(database.url, postgres.CONNECT) == 0

        async def asked():
            checks = PostgresChecks(url, postgres.CONNECT)
            try:
                return await checks._held().endings.ask("SELECT 2", ())
            finally:
                await checks.close()

        assert asyncio.run(asked()) == [(2,)]
    database.close()


@pytest.mark.guide("R48")
def test_a_write_that_is_given_up_at_its_commit_is_never_said_to_have_changed_nothing(
    own_server, monkeypatch
):
    monkeypatch.setattr(postgres, "WRITE_SECONDS", 0.5)
    database = postgres.PostgresDatabase(own_server.url("signedin"))

    async def written():
        with pytest.raises(Unavailable) as refused:
            await database.write(lambda conn: conn.execute(sa.text("CREATE TABLE told (n int)")))
        return refused.value

    refused = asyncio.run(written())
    assert refused.hint == postgres.NOT_KNOWN
    wait_no_more(own_server)
    database.close()
    with psycopg.connect(own_server.url("signedin")) as conn:
        assert conn.execute("SELECT count(*) FROM told").fetchone() == (0,), "it had been done"


def wait_no_more(server):
    """Let every commit go that waits for a standby."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
        waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        while conn.execute(f"SELECT pg_cancel_backend(pid) {waiting}").fetchone() is None:
            pass


@pytest.mark.guide("R48")
def test_a_database_whose_commits_wait_for_an_absent_standby_is_not_ready(own_server, monkeypatch):
    database = postgres.PostgresDatabase(own_server.url("signedin"))
    with pytest.raises(DatabaseProblem, match="waits for a synchronous standby that is not there") as problem:
        asyncio.run(database.write(durability.commit_something))
    assert problem.value.reason == "standby_missing"
    monkeypatch.setattr(postgres, "WRITE_SECONDS", 0.5)
    asyncio.run(database.write(lambda _: None))  # a commit of nothing waits for nobody
    monkeypatch.setattr(
        durability, "next_one", lambda _: Standby.HIDDEN
    )  # as a role may see that may not look
    with pytest.raises(Unavailable):
        asyncio.run(database.write(durability.commit_something))
    wait_no_more(own_server)
    database.close()


def test_what_was_given_up_counts_until_it_is_out_of_the_line():
    line, blocked = Line(1, "test"), threading.Event()

    async def many():
        first = asyncio.create_task(line.run(60, blocked.wait))
        await asyncio.sleep(0)
        begun = []
        for _ in range(3 * MOST_WAITING):
            with pytest.raises(Unavailable):
                await line.run(0, lambda: begun.append("too late"))
        assert line._pool._work_queue.qsize() < MOST_WAITING
        blocked.set()
        await first
        assert await line.run(60, lambda: "again") == "again"
        assert begun == []

    asyncio.run(many())
    line.close()
