"""Real processes: the service of two workers on either database, an app with the client library, and what goes wrong between them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from client.shops import until
from databases import ON_POSTGRES, own_server
from nemesis.fault_proxy import FaultProxy, Wire
from nemesis.history import SLACK, WAITS_AT_MOST
from postgres_server import make_database
from served import a_place, served

APP = Path(__file__).parent / "app_process.py"
pytestmark = pytest.mark.xdist_group("processes of apps")


class App:
    """An app in a process of its own."""

    def __init__(self, address, key):
        self.process = subprocess.Popen(
            [sys.executable, APP, address, key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def asked(self, question):
        self.ask(question)
        return self.answer()

    def ask(self, question):
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def knows(self, cookie):
        """Wait until it lets that session in from memory."""
        assert self.asked("lease")
        until(lambda: self.asked(cookie) == {"answer": "in", "from_memory": True})

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.process.kill()
        self.process.communicate()


class Stage:
    """The service, a person with two browsers, and an app behind a wire that can be cut."""

    def __init__(self, server, key):
        self.server, self.key = server, key
        self.laptop, self.phone = server.signed_in(), server.signed_in()
        self.wire = FaultProxy(server.place.port)
        self.app = App(f"http://localhost:{self.wire.port}", key)
        self.cookie = self.phone.secret
        self.app.knows(self.cookie)

    def revoked(self):
        """End the phone's session; how long that took."""
        row = self.phone.current()["id"]
        began = time.monotonic()
        answer = self.laptop.http.delete(f"/v1/sessions/{row}", headers=self.laptop.own())
        assert answer.status_code == 204, answer.text
        return time.monotonic() - began

    def close(self):
        self.app.stop()
        self.wire.close()


@contextmanager
def a_service():
    settings = {"SIGNEDIN_WORKERS": "2"}
    if ON_POSTGRES:
        name = f"apps_{time.monotonic_ns()}"
        make_database(own_server().url("postgres"), name)
        settings["SIGNEDIN_DATABASE_URL"] = own_server().url(name)
    with a_place(**settings) as place:
        place.somebody()
        issued = place.run(
            "key", "issue", "--service", "shop", "--scope", "sessions:check", "--app-type", "web", "--json"
        )
        assert issued.returncode == 0, issued.stderr
        with served(place) as server:
            yield server, json.loads(issued.stdout)["token"]


@pytest.fixture(scope="module")
def service():
    with a_service() as made:
        yield made


@pytest.fixture
def stage(service):
    made = Stage(*service)
    yield made
    made.close()


@pytest.mark.guide("R48", "D34")
def test_when_revoke_has_returned_an_app_in_another_process_refuses_at_its_next_request(stage):
    took = stage.revoked()
    assert stage.app.asked(stage.cookie) == {"answer": "out", "from_memory": False}
    assert took < 2.5, "the app has acknowledged"


@pytest.mark.guide("R48", "D34")
@pytest.mark.security("attack-25")
def test_an_app_that_was_paused_over_a_revoke_lets_nothing_in_when_it_goes_on(stage):
    stage.app.signal(signal.SIGSTOP)
    stage.app.ask(stage.cookie)
    took = stage.revoked()
    assert took < WAITS_AT_MOST + SLACK, "a silent app is waited for no longer than its lease"
    stage.app.signal(signal.SIGCONT)
    assert stage.app.answer()["answer"] in {"out", "unavailable"}
    until(lambda: stage.app.asked(stage.cookie)["answer"] == "out")


@pytest.mark.guide("R48", "D34")
@pytest.mark.parametrize("wire", [Wire.STALLED, Wire.REPLIES_LOST, Wire.QUESTIONS_LOST, Wire.RESET])
def test_an_app_that_is_cut_off_over_a_revoke_lets_nobody_in(stage, wire):
    stage.wire.set(wire)
    assert stage.revoked() < WAITS_AT_MOST + SLACK
    assert stage.app.asked(stage.cookie)["answer"] == "unavailable", (
        "nobody is let in, and nobody is signed out"
    )
    stage.wire.set(Wire.FINE)
    until(lambda: stage.app.asked(stage.cookie)["answer"] == "out")


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
def test_when_the_service_is_gone_the_app_refuses_and_when_it_is_back_it_goes_on():
    with a_service() as (server, key):
        stage = Stage(server, key)
        try:
            server.stop()
            until(lambda: stage.app.asked(stage.cookie)["answer"] == "unavailable")
            with served(server.place):
                until(lambda: stage.app.asked(stage.cookie) == {"answer": "in", "from_memory": True})
        finally:
            stage.close()
