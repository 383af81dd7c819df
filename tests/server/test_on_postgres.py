"""PostgreSQL for a newcomer: what is wrong at the start costs one sentence each, and a restore ends everything."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest

from databases import empty_database_in, only_on_postgres, own_server
from fences import beginning
from people import ADA
from ports import free_port
from postgres_server import PostgresServer, programs
from server.conftest import answer_of
from server.test_workers import until, workers_of
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.secret import Kind, WayKeys, make_token
from signedin.server import doctor_leases, serving
from signedin.server import means as server_means
from signedin.server.means import close_means, open_means, shared_now
from signedin.server.settings import load
from signedin.store import accounts, endings
from signedin.store.keyring import Keyring

pytestmark = only_on_postgres("It is about PostgreSQL.")
KEYS = WayKeys("0", {"0": b"k" * 32})


@pytest.fixture
def on_postgres(signedin, monkeypatch, tmp_path):
    """The command line on a PostgreSQL without any tables."""
    database = empty_database_in(tmp_path)
    monkeypatch.setenv("SIGNEDIN_DATABASE_URL", database.url.set(drivername="postgresql").render_as_string())
    yield signedin, database
    database.close()


@pytest.fixture
def newcomer(tmp_path):
    """A role that may connect, and nothing else; the address by which it does."""
    with psycopg.connect(own_server().url("postgres"), autocommit=True) as conn:
        conn.execute("CREATE ROLE newcomer LOGIN")
        database = empty_database_in(tmp_path)
        try:
            yield database.url.set(drivername="postgresql", username="newcomer").render_as_string()
        finally:
            database.close()
            conn.execute("DROP ROLE newcomer")


@pytest.mark.parametrize("words", [("db", "upgrade"), ("doctor",)])
def test_a_missing_database_a_port_where_nobody_answers_and_an_unknown_role_are_each_told(
    signedin, monkeypatch, words
):
    url = own_server().url("nowhere")
    for where, sentence in (
        (url, "There is no such database on the server."),
        (f"postgresql://signedin@127.0.0.1:{free_port()}/signedin", "Nobody answers at the address"),
        (url.replace("signedin@", "stranger@"), "The database's server has no such role"),
    ):
        monkeypatch.setenv("SIGNEDIN_DATABASE_URL", where)
        said = signedin(*words)
        assert said.status == 1
        assert sentence in said.err + said.out


EVERY_START = (("db", "upgrade"), ("db", "status"), ("doctor",), ("serve", "--port", "0"))


@pytest.mark.parametrize("words", EVERY_START)
def test_a_database_in_another_encoding_and_a_server_without_tls_are_each_told_at_every_start(
    signedin, monkeypatch, words
):
    with psycopg.connect(own_server().url("postgres"), autocommit=True) as conn:
        conn.execute("CREATE DATABASE in_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        try:
            for where, sentence, hint in (
                (own_server().url("in_ascii"), "The database is not in UTF-8", "ENCODING 'UTF8'"),
                (own_server().url("postgres") + "?sslmode=verify-full", "speaks no TLS", "Turn TLS on there"),
            ):
                monkeypatch.setenv("SIGNEDIN_DATABASE_URL", where)
                said = signedin(*words)
                assert said.status == 1
                assert sentence in said.err + said.out
                assert hint in said.err + said.out
        finally:
            conn.execute("DROP DATABASE in_ascii WITH (FORCE)")


def test_a_role_that_may_not_make_tables_is_told_so_without_any_sql(signedin, monkeypatch, newcomer):
    monkeypatch.setenv("SIGNEDIN_DATABASE_URL", newcomer)
    said = signedin("db", "upgrade")
    assert said.status == 1
    assert said.err.splitlines() == [
        "The database's user may not do that.",
        "Let it own the database and its schema public, as docs/running.md says.",
    ]


def test_a_role_and_a_database_as_the_page_makes_them_are_enough(signedin, monkeypatch):
    made = beginning("docs/running.md", "CREATE ROLE").splitlines()
    with psycopg.connect(own_server().url("postgres"), autocommit=True) as conn:
        for line in made:  # the tests' own superuser has the name of the page
            conn.execute(line.replace("signedin", "somebodys").encode())
        try:
            own = own_server().url("somebodys").replace("signedin@", "somebodys:...@")
            monkeypatch.setenv("SIGNEDIN_DATABASE_URL", own)
            assert signedin("db", "upgrade").status == 0
            assert "may not do that" not in signedin("doctor").out
        finally:
            conn.execute("DROP DATABASE somebodys")
            conn.execute("DROP ROLE somebodys")


def test_a_second_machine_with_another_keyring_is_refused_before_anything_is_encrypted(on_postgres):
    signedin, _ = on_postgres
    signedin.done("db", "upgrade")
    signedin.keyring.rename(signedin.keyring.with_name("first.json"))
    other = signedin.keyring.with_name("other.json")
    signedin.environment["SIGNEDIN_SECRET_FILE"] = str(other)
    Keyring.load(other)
    for words in (("db", "upgrade"), ("account", "list"), ("serve", "--port", "0")):
        said = signedin(*words)
        assert said.status == 1
        assert "is not the keyring that this database was written with" in said.err
    assert "is not the keyring" in signedin("doctor").out


def test_a_rotated_keyring_is_still_the_databases_own(on_postgres):
    signedin, _ = on_postgres
    signedin.done("db", "upgrade")
    signedin.done("secret", "rotate")
    assert signedin("account", "list").status == 0


@pytest.mark.guide("R48")
def test_after_a_restore_everything_of_everybody_is_ended_by_one_command(on_postgres, monkeypatch):
    signedin, _ = on_postgres
    monkeypatch.setattr(doctor_leases.refuse_while_served, "__defaults__", (lambda _: None,))
    signedin.done("db", "upgrade")
    signedin.somebody()
    signedin.done("key", "issue", "--account", ADA, "--name", "backup", "--scope", "account:read")
    assert "This needs a yes" in signedin("account", "end-all").err
    value = signedin.done("account", "end-all", "--yes", "--json").value
    assert (value["accounts"], value["access_keys_ended"]) == (1, 1)
    assert signedin.done("key", "list", "--account", ADA).out == "There are no keys.\n"
    assert signedin.done("verify-audit").status == 0


def test_a_process_that_cannot_begin_says_why_once_each_time_and_waits_longer(monkeypatch):
    begun, waited = [], []

    def build(settings, *, setup):
        begun.append(setup)
        if len(begun) < 8:
            raise doctor_leases.DatabaseProblem
        return "a server"

    monkeypatch.setattr(serving, "build", build)
    assert serving._built(None, "code", waited.append) == "a server"
    assert waited == [1, 2, 4, 8, 16, 30, 30]


def test_a_worker_that_dies_while_the_database_is_away_waits_for_it_and_is_stopped_at_once(
    signedin, process, monkeypatch
):
    postgres = PostgresServer(programs())
    try:
        monkeypatch.setenv("SIGNEDIN_DATABASE_URL", postgres.url("postgres"))
        port = free_port()
        server = process("serve", "--port", str(port), "--workers", "2")
        answer_of(f"http://localhost:{port}/health/ready")
        until(lambda: len(workers_of(server.running.pid)) == 2)
        postgres.stop("immediate")
        before = workers_of(server.running.pid)
        victim = min(before)
        os.kill(int(victim), signal.SIGKILL)
        seen, said = threading.Event(), []

        def listen():
            for line in server.running.stderr:
                said.append(line)
                # The other one may have been about to begin, and lost what it had asked: it says so, and tries again.
                if "cannot begin" in line and "Nobody answers" in line:
                    seen.set()

        hearing = threading.Thread(target=listen)
        hearing.start()
        assert seen.wait(60)
        began = time.monotonic()
        server.running.send_signal(signal.SIGTERM)
        assert server.running.wait(60) == 0
        took = time.monotonic() - began
        hearing.join(10)
    finally:
        postgres.destroy()
    assert "Traceback" not in "".join(said)
    assert "Nobody answers at the address of the database." in "".join(said)
    assert took < 10, took


@pytest.fixture
def with_a_silent_host(signedin, monkeypatch):
    """A PostgreSQL of one's own behind an address whose first host takes connections and says nothing."""
    postgres = PostgresServer(programs())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ports = f"{silent.getsockname()[1]},{postgres.port}"
        url = f"postgresql://signedin@/postgres?host=127.0.0.1,127.0.0.1&port={ports}"
        monkeypatch.setenv("SIGNEDIN_DATABASE_URL", url)
        signedin.environment["SIGNEDIN_DATABASE_URL"] = url
        yield postgres
    postgres.destroy()


@pytest.mark.guide("R48")
def test_behind_a_silent_host_checks_answer_endings_return_and_the_doctor_says_why_it_is_slow(
    signedin, process, with_a_silent_host
):
    port = free_port()
    server = process("serve", "--port", str(port))
    home = f"http://localhost:{port}"
    answer_of(f"{home}/health/live")
    signedin.somebody()
    # A stranger's token is looked up in the database: until it is reached that is not known.
    stranger = {"authorization": f"Bearer {make_token(Kind.SES, 7, KEYS)}"}
    until(lambda: httpx.get(f"{home}/v1/sessions", headers=stranger, timeout=20).status_code == 401)
    until(lambda: httpx.get(f"{home}/health/ready", timeout=20).status_code == 200)
    assert signedin("session", "logout-all", ADA, "--reason", "lost").status == 0
    said = signedin("doctor").out
    assert "A new connection takes 3." in said
    assert "put the one that answers first" in said
    server.running.send_signal(signal.SIGTERM)
    assert server.running.wait(60) == 0


@pytest.mark.guide("R48")
def test_while_every_commit_waits_for_a_standby_that_is_gone_nobody_says_that_it_is_ready(
    signedin, process, monkeypatch
):
    postgres = PostgresServer(programs())
    try:
        monkeypatch.setenv("SIGNEDIN_DATABASE_URL", postgres.url("postgres"))
        signedin.environment["SIGNEDIN_DATABASE_URL"] = postgres.url("postgres")
        port = free_port()
        process("serve", "--port", str(port))
        ready = f"http://localhost:{port}/health/ready"
        assert answer_of(ready).status_code == 200
        standby_is_awaited(postgres, "nobody")
        until(lambda: httpx.get(ready, timeout=20).status_code == 503)
        assert "a synchronous standby that is not there" in httpx.get(ready, timeout=20).text
        promised = httpx.get(ready.replace("ready", "revocation"), timeout=20)
        assert (promised.status_code, promised.json()["reason"]) == (503, "standby_missing")
        assert "a synchronous standby that is not there" in signedin("doctor").out
        standby_is_awaited(postgres, "")
        until(lambda: httpx.get(ready, timeout=20).status_code == 200)
    finally:
        postgres.destroy()


def standby_is_awaited(postgres, name):
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute(f"ALTER SYSTEM SET synchronous_standby_names TO '{name}'")
        conn.execute("SELECT pg_reload_conf()")


@pytest.mark.guide("R74", "R48")
def test_the_command_line_goes_by_the_databases_clock_however_wrong_its_machines_is(on_postgres, monkeypatch):
    signedin, _ = on_postgres
    signedin.done("db", "upgrade")
    signedin.somebody()
    settings = load(os.environ, Path("none.toml"))
    opened = open_means(settings, upgrade=False)
    ada = opened.database.read_now(accounts.find_by_email, ADA)
    visit, now = Visit("203.0.113.5", "", read_device("", {}), ruleset()), shared_now(opened)
    opened.database.write_now(begin, opened, ada, visit, Ticks(), 1, now)
    close_means(opened)
    monkeypatch.setattr(server_means, "utc_now", lambda: now + timedelta(days=400))
    [row] = signedin.done("session", "list", ADA, "--json").value
    assert signedin.done("session", "revoke", row["id"], "--reason", "lost").out == "Ended.\n"
    assert signedin.done("session", "list", ADA).out == "Nothing is signed in.\n"
    issued = signedin.done(
        "key", "issue", "--account", ADA, "--name", "b", "--scope", "account:read", "--json"
    ).value
    assert datetime.fromisoformat(issued["issued_at"]) < now + timedelta(days=1)


def test_nothing_is_ended_at_once_for_all_while_a_server_runs(on_postgres):
    signedin, database = on_postgres
    signedin.done("db", "upgrade")
    with pytest.raises(doctor_leases.DatabaseProblem, match="A server uses this database"):
        doctor_leases.refuse_while_served(
            database, lambda _: database.write_now(endings.join, "a", "boot", "somebody")
        )
