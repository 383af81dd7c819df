"""Several processes behind one port: one file, one set-up code, none dropped at a restart, none left alone."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path

import httpx
import pytest

from people import Browser
from ports import free_port, free_ports
from server.conftest import answer_of, is_refused


def workers_of(parent):
    """The processes that it began and that answer."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {child for child in children if b"spawn_main" in words_of(child)}


def words_of(process):
    """What it was started with; nothing of one that has just ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def until(happened, seconds=60.0):
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if happened():
            return
        pause.wait(0.05)
    raise TimeoutError("it did not happen")


@pytest.fixture
def served(installed, process):
    """A server of two processes; its port, and the process that began them."""
    port = free_port()
    server = process("serve", "--port", str(port), "--workers", "2")
    answer_of(f"http://localhost:{port}/health/ready")
    until(lambda: len(workers_of(server.running.pid)) == 2)
    return port, server


@pytest.mark.guide("R48")
def test_what_one_process_ends_is_over_in_all_of_them(served):
    port, server = served
    laptop, phone = Browser(f"http://localhost:{port}"), Browser(f"http://localhost:{port}")
    for browser in (laptop, phone):
        assert browser.sign_in().status_code == 303
    row = phone.current()["id"]
    assert laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code == 204
    for _ in range(20):
        with httpx.Client(
            base_url=f"http://localhost:{port}", cookies=phone.http.cookies
        ) as another_connection:
            assert another_connection.get("/settings/sessions/alive").status_code == 401
    assert server.stopped().status == 0


def test_a_restart_drops_no_request_and_every_process_is_a_new_one(served):
    port, server = served
    before, answers, enough = workers_of(server.running.pid), [], threading.Event()

    def ask():
        while not enough.is_set():
            answers.append(httpx.get(f"http://localhost:{port}/health/live", timeout=30).status_code)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for each in asking:
        each.start()
    server.running.send_signal(signal.SIGHUP)
    until(
        lambda: (
            len(workers_of(server.running.pid) - before) == 2 and not workers_of(server.running.pid) & before
        )
    )
    enough.set()
    for each in asking:
        each.join(60)
    assert set(answers) == {200}
    assert len(answers) > 10


def test_who_comes_while_several_processes_stop_is_refused_at_once_and_what_is_under_way_is_answered(served):
    port, server = served
    begun = "POST /v1/leaked-tokens HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n["
    with socket.create_connection(("127.0.0.1", port), 30) as under_way:
        under_way.sendall(begun.encode())
        assert httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
        server.running.send_signal(signal.SIGTERM)
        until(lambda: is_refused(port))
        assert workers_of(server.running.pid), "one still waits for what is under way"
        under_way.sendall(b"]")
        assert under_way.recv(100).startswith(b"HTTP/1.1 2")
    assert server.running.wait(60) == 0


def test_the_ports_of_the_metrics_stay_the_same_however_often_the_processes_are_replaced(
    installed, process, monkeypatch
):
    first, *_ = free_ports(3)
    port = free_port()
    monkeypatch.setenv("SIGNEDIN_METRICS", f"127.0.0.1:{first}")
    server = process("serve", "--port", str(port), "--workers", "2")

    def all_answer():
        return all(answers(f"http://127.0.0.1:{each}/metrics") for each in (first, first + 1))

    until(all_answer)
    before = workers_of(server.running.pid)
    server.running.send_signal(signal.SIGHUP)
    until(
        lambda: (
            len(workers_of(server.running.pid) - before) == 2 and not workers_of(server.running.pid) & before
        )
    )
    until(all_answer)
    assert not answers(f"http://127.0.0.1:{first + 2}/metrics")
    assert server.stopped().status == 0


def answers(url):
    try:
        return httpx.get(url, timeout=20).status_code == 200
    except httpx.TransportError:
        return False


def test_a_process_that_dies_is_replaced(served):
    port, server = served
    victim = next(iter(workers_of(server.running.pid)))
    os.kill(int(victim), signal.SIGKILL)
    until(lambda: victim not in workers_of(server.running.pid) and len(workers_of(server.running.pid)) == 2)
    assert answer_of(f"http://localhost:{port}/health/ready").status_code == 200


def test_when_the_first_process_is_killed_the_others_end_and_leave_the_port(served):
    port, server = served
    left = workers_of(server.running.pid)
    server.running.kill()
    server.running.wait()
    until(lambda: not any(Path(f"/proc/{each}").exists() for each in left))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://localhost:{port}/health/live")
