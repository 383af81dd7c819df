"""A standby takes over while nobody has stopped the old primary, and one of two workers is still on the old one."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException

import psycopg
import pytest

from nemesis.cluster import Cluster, wait_for
from nemesis.fault_proxy import FaultProxy, Wire
from nemesis.standby import StandbyOf
from postgres_server import programs

SESSIONS = 5
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def served(tmp_path):
    """A server of two workers on a primary whose standby follows, and stands first in the address, behind a wire."""
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine")
    cluster = Cluster(tmp_path, found, nodes=1, fakes_time=False)
    standby, [node] = StandbyOf(cluster.database, is_awaited=False), cluster.nodes
    wire = FaultProxy(standby.port)
    wire.set(Wire.RESET)
    ports = f"{wire.port},{cluster.database.port}"
    node.environment |= {
        "SIGNEDIN_DATABASE_URL": f"postgresql://signedin@/signedin?host=127.0.0.1,127.0.0.1&port={ports}",
        "SIGNEDIN_WORKERS": "2",
    }
    try:
        cluster.start()
        yield cluster, node, standby, wire
    finally:
        node.signal(signal.SIGTERM)
        node.process.wait(30)
        wire.close()
        standby.destroy()
        cluster.close()


@pytest.mark.guide("R48", "R68")
@pytest.mark.security("attack-25")
@pytest.mark.parametrize("is_paused", [False, True], ids=["goes on", "is paused meanwhile"])
def test_nothing_that_ends_on_the_new_primary_is_let_in_by_the_worker_that_is_still_on_the_old_one(
    served, is_paused
):
    cluster, node, standby, wire = served
    account = cluster.account(0)
    (_, owner), *others = [cluster.session(account) for _ in range(SESSIONS + 1)]
    behind = Worker(node)
    pid, other = pids_of(cluster, behind.name)
    for token in (owner, *dict(others).values()):
        wait_for(lambda token=token: behind.check(token) == 200, 30)
    follows(cluster, standby)
    standby.promote()
    assert behind.promised()["timeline"] == 1, "nobody has stopped the old one, and it is held on to"
    os.kill(other, signal.SIGKILL)
    if is_paused:
        wait_for(lambda: node.workers() - {pid, other}, 60)  # one is begun, and has asked nobody yet
        os.kill(pid, signal.SIGSTOP)
    wire.set(Wire.FINE)  # what is begun finds the new one
    ahead = Worker.at(node, timeline=2)
    asking = Asking(behind, dict(others).values())
    if not is_paused:
        asking.begin()
    over = {}
    for row, token in others[: 1 if is_paused else -1]:  # who is paused for half a minute is replaced
        assert ahead.end(row, owner) == 204
        over[token] = time.monotonic()
    if is_paused:
        os.kill(pid, signal.SIGCONT)
        asking.begin()
    asking.until_it_has_asked(20 * SESSIONS)
    late = [status for token, asked, status in asking.seen if asked > over.get(token, asked)]
    assert len(late) >= len(over)
    assert set(late) <= {401, 503}, "not known, or over: nobody who was told to be out was let in"

    wait_for(lambda: behind.check(owner) == 200, 30)
    assert behind.promised()["timeline"] == 2, "it has come to the new one by what the other has noted"
    row, last = others[-1]
    assert behind.check(last) == ahead.check(last) == 200
    assert behind.end(row, owner) == 204
    for token in (*over, last):
        assert behind.check(token) == ahead.check(token) == 401
    assert ahead.check(owner) == 200


class Worker:
    """One worker of a server, over a connection of its own that stays with it."""

    def __init__(self, node, name=None):
        self.name, self._node = name, node
        self._met(lambda said: name in {None, said["this"]["node"]})

    @classmethod
    def at(cls, node, timeline):
        """The first that is met on this timeline."""
        made = cls(node)
        made._met(lambda said: said["timeline"] == timeline)
        return made

    def promised(self):
        return json.loads(self._asked("GET", "/health/revocation")[1])

    def check(self, token):
        return self._asked("GET", "/v1/check", {"cookie": f"signedin={token}"})[0]

    def end(self, row, owner):
        own = {"cookie": f"signedin={owner}", "origin": self._node.base_url, "sec-fetch-site": "same-origin"}
        return self._asked("DELETE", f"/v1/sessions/{row}", own)[0]

    def hear(self):
        with self._http.getresponse() as answer:
            return answer.status, answer.read()

    def _asked(self, method, path, headers=None):
        try:
            self._http.request(method, path, headers=headers or {})
            return self.hear()
        except (OSError, HTTPException):  # it lay idle for too long: the same worker, over another
            self._met(lambda said: said["this"]["node"] == self.name)
            self._http.request(method, path, headers=headers or {})
            return self.hear()

    def _met(self, is_meant):
        """Connect until it is the one that is meant."""

        def is_met():
            self._http = HTTPConnection("localhost", self._node.port, timeout=30)
            try:
                self._http.request("GET", "/health/revocation")
                self._http.auto_open = 0
                status, text = self.hear()
            except (OSError, HTTPException):
                return False
            said = json.loads(text)
            if status != 200 or not is_meant(said):
                return False
            self.name = said["this"]["node"]
            return True

        wait_for(is_met, 60)


class Asking:
    """Asks one worker about many sessions without pause; each answer with when it was asked for."""

    def __init__(self, worker, tokens):
        self.seen, self._worker, self._tokens = [], worker, list(tokens)
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def begin(self):
        self._thread.start()

    def until_it_has_asked(self, more):
        already = len(self.seen)
        wait_for(lambda: len(self.seen) > already + more, 60)
        self._enough.set()
        self._thread.join(30)

    def _ask(self):
        while not self._enough.is_set():
            for token in self._tokens:
                began = time.monotonic()
                self.seen.append((token, began, self._worker.check(token)))


def pids_of(cluster, name):
    """The process of the worker that has this name, and that of the other, once both are there."""
    pids = {}

    def are_there():
        with psycopg.connect(cluster.database.url("signedin")) as conn:
            found = conn.execute("SELECT node_id = %s, about FROM nodes", (name,)).fetchall()
        pids.update({is_it: int(about.split()[-1]) for is_it, about in found})
        return len(found) == len(pids) == 2

    wait_for(are_there, 60)
    return pids[True], pids[False]


def follows(cluster, standby):
    """Wait until the standby has everything."""
    with psycopg.connect(cluster.database.url("postgres")) as conn:
        now = conn.execute("SELECT pg_current_wal_lsn()").fetchone()
    with psycopg.connect(standby.url("postgres"), autocommit=True) as conn:
        has = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        wait_for(lambda: conn.execute(has, now).fetchone() == (True,), 30)
