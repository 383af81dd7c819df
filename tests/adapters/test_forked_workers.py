"""A Django and a Flask app under Gunicorn, made before it forks its workers: each is another node of the service."""

from __future__ import annotations

import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import combinations
from pathlib import Path

import pytest

from adapters.example_apps import WORDS, started
from client.shops import issued, until
from nemesis.history import SLACK, WAITS_AT_MOST
from people import SAFARI_ON_IPHONE, done_apart
from signedin.store import endings

pytestmark = [
    pytest.mark.xdist_group("forked workers"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks on this machine"),
]
WORKERS = 3


def gunicorn_words(port):
    return [
        sys.executable, "-m", "gunicorn", "--preload", "--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}",
        "--pythonpath", Path(__file__).parent, "--no-control-socket", "--log-level", "warning", "preloaded:app",
    ]  # fmt: skip


class Workers:
    """The workers of one app; what a browser is told is asked of each of them."""

    def __init__(self, house, app, key_id):
        self.house, self.app, self.key_id = house, app, key_id

    def asked_by(self, browser):
        """What each worker answers: its process, and the statuses of all that it was asked."""
        told = {}

        def ask(_):
            answer = self.app.asked_by(browser)
            told.setdefault(int(answer.headers["x-process"]), set()).add(answer.status_code)

        def ask_many():
            list(at_once.map(ask, range(4 * WORKERS)))
            return len(told) == WORKERS

        with ThreadPoolExecutor(2 * WORKERS) as at_once:
            until(ask_many)
        return told

    @property
    def nodes(self):
        """How many nodes the service knows of this app."""
        database = self.house.means.database
        return done_apart(database.read(endings.count_of, f"{self.key_id}:"))

    def let_in(self, browser):
        """Have every worker let this browser in, and hold a lease; their processes."""
        until(lambda: set.union(*self.asked_by(browser).values()) == {200})
        return set(self.asked_by(browser))

    def revoked(self, browser):
        """End a session from another browser; how long that took."""
        laptop, row = self.house.signed_in(), browser.current()["id"]
        began = time.monotonic()
        assert laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code == 204
        return time.monotonic() - began


@contextmanager
def workers(house, example, **more):
    key_id, key = issued(house)
    with started(gunicorn_words, house.base_url, key, EXAMPLE=example, **more) as app:
        yield Workers(house, app, key_id)
        app.process.terminate()  # in good order: the next test's endings would wait for who is killed
        app.process.wait(30)


def connections(process):
    """The open sockets of a process, by what the system calls them."""
    links = set()
    for each in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            links.add(str(each.readlink()))
    return {link for link in links if link.startswith("socket:")}


def everywhere(processes, status):
    """What all of them answer, and nothing else."""
    return {process: {status} for process in processes}


@pytest.mark.guide("R42", "R48", "D34")
@pytest.mark.security("7.4.1", "attack-1", "attack-25")
@pytest.mark.parametrize("example", WORDS)
def test_each_worker_holds_a_lease_of_its_own_and_revoke_waits_for_all_of_them(house, phone, example):
    laptop = house.signed_in()
    with workers(house, example) as forked:
        processes = forked.let_in(phone)
        until(lambda: forked.nodes == WORKERS)
        assert forked.revoked(phone) < WAITS_AT_MOST / 2, "acknowledged by each, and nobody waited out"
        assert forked.asked_by(phone) == everywhere(processes, 401)
        another = house.signed_in(agent=SAFARI_ON_IPHONE)
        paused = min(forked.let_in(another))
        os.kill(paused, signal.SIGSTOP)
        took = forked.revoked(another)
        os.kill(paused, signal.SIGCONT)
        assert WAITS_AT_MOST / 4 < took < WAITS_AT_MOST + SLACK, "one of them was silent, and was waited for"
        assert not set.union(*forked.asked_by(another).values()) - {401, 503}
        until(lambda: forked.asked_by(another) == everywhere(processes, 401))
        assert forked.let_in(laptop) == processes


@pytest.mark.guide("R48", "D34")
@pytest.mark.security("attack-25")
@pytest.mark.parametrize("example", WORDS)
def test_what_is_forked_while_the_library_runs_shares_neither_memory_nor_connections_with_its_parent(
    house, phone, example
):
    with workers(house, example, COOKIE=phone.secret) as forked:
        assert forked.nodes >= 1, "the parent's own"
        processes = forked.let_in(phone)
        until(lambda: forked.nodes == WORKERS + 1)
        if Path("/proc/self/fd").exists():
            held = [connections(each) for each in (forked.app.process.pid, *processes)]
            listening = set.intersection(*held)
            assert len(listening) == 1
            assert [one & other for one, other in combinations(held, 2) if one & other != listening] == []
        assert forked.revoked(phone) < WAITS_AT_MOST / 2, "the parent acknowledges too"
        assert forked.asked_by(phone) == everywhere(processes, 401)


@pytest.mark.guide("R48", "D34")
def test_workers_that_end_leave_so_that_nobody_waits_for_them(house, phone):
    with workers(house, "flask", COOKIE=phone.secret) as forked:
        forked.let_in(phone)
        until(lambda: forked.nodes == WORKERS + 1)
        forked.app.process.send_signal(signal.SIGTERM)
        forked.app.process.wait(30)
        assert forked.nodes == 0
        assert forked.revoked(phone) < WAITS_AT_MOST / 2
