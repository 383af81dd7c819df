"""Starting and stopping a real server: clean at a signal, one sentence where it cannot listen."""

from __future__ import annotations

import signal
import socket
import sqlite3
import threading
from contextlib import closing

import pytest

from people import Browser
from ports import free_port
from server.conftest import answer_of, is_refused

STOPPED_BY = pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=["TERM", "INT", "HUP"]
)


@STOPPED_BY
@pytest.mark.guide("R15")
def test_a_server_told_to_stop_writes_what_it_noted_tidies_the_log_and_ends_with_status_0(
    installed, process, number
):
    port = free_port()
    server = process("serve", "--port", str(port))
    answer_of(f"http://localhost:{port}/health/ready")
    browser = Browser(f"http://localhost:{port}")
    assert browser.sign_in().status_code == 303
    assert browser.is_signed_in
    assert browser.open("/settings/sessions").status_code == 200
    said = server.stopped(number)
    assert said.status == 0, said
    assert '"event": "stopped"' in said.err
    beside = {path.name for path in installed.database.parent.glob("signedin.db*")}
    assert beside <= {"signedin.db", "signedin.db.lock", "signedin.db.servers"}
    with closing(sqlite3.connect(installed.database)) as conn:
        last_at, began_at = conn.execute("SELECT last_at, began_at FROM activity, sessions").fetchone()
    assert last_at > began_at


def test_the_collector_of_a_server_leaves_alone_what_was_made_at_the_start(installed, process):
    first = "import gc, uvicorn; uvicorn.Server.run = lambda *_: print(gc.get_freeze_count(), len(gc.get_objects()))"
    said = process("serve", "--port", "0", first=first).ended()
    frozen, looked_at = map(int, said.out.split()[-2:])
    assert looked_at < frozen / 20


def test_a_thread_that_computes_lets_checks_through_sooner_than_python_usually_does(installed, process):
    first = "import sys, uvicorn; uvicorn.Server.run = lambda *_: print(sys.getswitchinterval())"
    said = process("serve", "--port", "0", first=first).ended()
    assert float(said.out.split()[-1]) < 0.001


@STOPPED_BY
def test_a_server_told_to_stop_while_it_starts_ends_with_status_0_too(installed, process, number):
    server = process("serve", "--port", str(free_port()))
    assert server.line().startswith("Signedin is at")
    said = server.stopped(number)
    assert said.status == 0, said
    assert "Traceback" not in said.err
    assert not installed.database.with_name("signedin.db-wal").exists()


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_that_is_taken_costs_one_sentence_and_nothing_is_opened_or_printed(signedin, process, command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = process(command, "--port", str(port)).ended()
    assert said.status == 1
    assert said.out == ""
    assert said.err.splitlines() == [
        f"Another program listens on port {port} of 127.0.0.1 already.",
        "Stop it, or choose another port by --port.",
    ]
    assert list(signedin.folder.iterdir()) == []


def test_an_address_that_this_machine_does_not_have_is_told(signedin):
    said = signedin("serve", "--host", "192.0.2.1", "--port", str(free_port()))
    assert said.status == 1
    assert "Nobody can listen on port" in said.err
    assert signedin("serve", "--port", "70000").status == 2


def test_port_0_is_any_free_one_and_the_address_that_is_printed_names_it(signedin, process):
    server = process("serve", "--host", "localhost", "--port", "0")
    address = server.line().split()[-1]
    assert answer_of(f"{address}/health/ready").text == "ready\n"
    assert server.stopped().status == 0


def test_a_connection_that_was_taken_before_a_stop_still_gets_its_answer(installed, process):
    port = free_port()
    server = process("serve", "--port", str(port))
    answer_of(f"http://localhost:{port}/health/ready")
    with socket.create_connection(("127.0.0.1", port)) as early:
        server.running.send_signal(signal.SIGTERM)
        while not is_refused(port):
            pass
        early.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = early.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in answer
    assert server.stopped().status == 0


@pytest.mark.guide("R48")
def test_an_ending_that_waits_for_a_silent_process_is_finished_by_a_server_that_stops(installed, process):
    port = free_port()
    server = process("serve", "--port", str(port))
    answer_of(f"http://localhost:{port}/health/ready")
    laptop, phone = Browser(f"http://localhost:{port}"), Browser(f"http://localhost:{port}")
    assert {laptop.sign_in().status_code, phone.sign_in().status_code} == {303}
    row, answers = phone.current()["id"], []
    silent = "INSERT INTO nodes VALUES ('an-app:silent', 'boot', 1, 0, 'an app that is paused')"
    with closing(sqlite3.connect(installed.database, isolation_level=None)) as conn:
        conn.execute(silent)
        revoking = threading.Thread(
            target=lambda: answers.append(
                laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code
            )
        )
        revoking.start()
        while conn.execute("SELECT count(*) FROM tombstones").fetchone() == (0,):
            assert not answers
    assert server.stopped().status == 0
    revoking.join()
    assert answers == [204]
