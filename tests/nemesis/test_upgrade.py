"""Servers are upgraded one after another: an old one serves beside a new one, and what ends at either is over at both.

The old one is the code of before the newest version of the schema (earlier_code.py), really started.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from earlier_code import code_of_before, schema_of
from nemesis.clients import Clients
from nemesis.cluster import SIGNEDIN, Cluster, wait_for
from nemesis.fault_proxy import Wire
from nemesis.history import SLACK, WAITS_AT_MOST, History
from people import ADA, PASSWORD, Browser
from postgres_server import programs
from signedin.actions.audit import audit
from signedin.rules.lease import LEASE
from signedin.store import schema_version

SECONDS = 6
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def cluster(tmp_path):
    """Two servers to be started, the first of them with the code of before; there are no tables yet."""
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine")
    before = code_of_before(tmp_path)
    made = Cluster(tmp_path, found, nodes=2, fakes_time=False)
    made.nodes[0].code = before
    try:
        yield made
    finally:
        made.close()


@pytest.mark.guide("R48", "R58", "R68")
@pytest.mark.security("attack-2", "attack-25")
def test_an_old_server_serves_beside_a_new_one_and_what_ends_at_either_is_over_at_both(cluster):
    old, new = cluster.nodes
    starts_with_tables_of_its_own(cluster, old)
    laptop = signed_in_at(old)
    with Used(old, laptop.secret) as used:  # while another brings its database forward
        new.start()
        wait_for(new.is_ready, 60)
    assert schema(cluster) == schema_version.newest() > schema_of(old.code)
    assert used.seen == {200}

    tablet = signed_in_at(new)
    for secret in (laptop.secret, tablet.secret):
        assert [checked(node, secret) for node in (old, new, old, new)] == [200] * 4
    is_over_at_both_whoever_ends_it(cluster, laptop)
    everybody_uses_both(cluster)
    waits_for_the_other_that_is_silent(cluster, laptop)

    old.kill()
    old.start()  # it may begin again in a database that is newer
    wait_for(old.is_ready, 60)
    is_over_at_both_whoever_ends_it(cluster, laptop)

    old.signal(signal.SIGTERM)
    assert old.process.wait(30) == 0
    wait_for(lambda: nodes_of(cluster) == 1, 10)
    phone = signed_in_at(new)
    assert revoked(new, laptop, phone.current()["id"]) < WAITS_AT_MOST, "nobody waits for one that has left"
    found = [checked(new, each.secret) for each in (laptop, tablet, phone)]
    assert found == [200, 200, 401]
    assert asyncio.run(audit(cluster.means)).broken == ()


def starts_with_tables_of_its_own(cluster, old):
    old.start()
    wait_for(old.is_ready, 60)
    assert schema(cluster) == schema_of(old.code), "it is the older code"
    add = [SIGNEDIN, "account", "add", ADA, "--name", "Ada", "--password-stdin"]
    environment = old.environment | {"PYTHONPATH": str(old.code)}
    subprocess.run(add, input=PASSWORD.encode(), cwd=old.folder, env=environment, check=True)


def is_over_at_both_whoever_ends_it(cluster, owner):
    for began in cluster.nodes:
        for ends in cluster.nodes:
            phone = signed_in_at(began)
            row = phone.current()["id"]
            with Asked(cluster.nodes, phone.secret) as asked:  # both answer from memory, and go on asking
                wait_for(lambda asked=asked: len(asked.seen) > 20, 30)
                with slow_to_hear(cluster, ends):
                    revoked(ends, owner, row)
                    over = time.monotonic()
                    enough = len(asked.seen) + 10
                    wait_for(lambda asked=asked, enough=enough: len(asked.seen) > enough, 30)
            assert {status for status, began in asked.seen if began > over} == {401}
            assert {status for status, _ in asked.seen} == {200, 401}


@contextmanager
def slow_to_hear(cluster, but):
    """What all others hear comes a fifth of a second late: who does not wait for them is found out."""
    others = [node for node in cluster.nodes if node is not but]
    for node in others:
        node.wire.set(Wire.SLOW)
    yield
    for node in others:
        node.wire.set(Wire.FINE)


def everybody_uses_both(cluster):
    """People who ask both without pause and end sessions at either, also all at once."""
    history = History()
    clients = Clients(cluster, history, int(time.time()))
    clients.move_in(4)
    before = [node.from_memory() for node in cluster.nodes]
    asyncio.run(clients.use(SECONDS))
    seen = history.counts()
    assert history.violations() == [], seen
    assert seen["endings told"] > SECONDS
    assert seen.get("endings not known", 0) == seen.get("not known", 0) == 0
    for node, already in zip(cluster.nodes, before, strict=True):
        assert node.from_memory() > already + SECONDS, f"the memory of {node.name} answered"
    assert {end.node for end in history.ends if end.is_told} == {"n0", "n1"}


def waits_for_the_other_that_is_silent(cluster, owner):
    """Each counts the other's lease: whoever is paused answers nobody from before when it goes on."""
    for silent, ends in (cluster.nodes, cluster.nodes[::-1]):
        phone = signed_in_at(ends)
        assert checked(silent, phone.secret) == 200
        row = phone.current()["id"]
        silent.signal(signal.SIGSTOP)
        try:
            took = revoked(ends, owner, row)
        finally:
            silent.signal(signal.SIGCONT)
        assert checked(silent, phone.secret) == 401
        assert LEASE < took < WAITS_AT_MOST + SLACK, "its lease has run out, and no more was waited for"
        wait_for(silent.is_ready, 30)


class Asked:
    """Asks servers about one session without pause; each answer with when it was asked for."""

    def __init__(self, nodes, secret):
        self.seen, self._nodes, self._secret = [], nodes, secret
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(node,)) for node in nodes]

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        self._enough.set()
        for each in self._threads:
            each.join(60)

    def _ask(self, node):
        while not self._enough.wait(0.005):
            began = time.monotonic()
            self.seen.append((checked(node, self._secret), began))


class Used(Asked):
    """The same of one server, whose answers alone matter."""

    def __init__(self, node, secret):
        super().__init__([node], secret)

    def __exit__(self, *_):
        super().__exit__()
        self.seen = {status for status, _ in self.seen}


def signed_in_at(node):
    browser = Browser(node.base_url)
    answer = browser.sign_in()
    assert answer.status_code == 303, answer.text
    return browser


def checked(node, secret):
    cookie = {"cookie": f"signedin={secret}"}
    return httpx.get(f"{node.base_url}/v1/check", headers=cookie, timeout=30).status_code


def revoked(node, owner, row):
    """Revoke a session at a server; returns how long that took."""
    own = {"cookie": f"signedin={owner.secret}", "origin": node.base_url, "sec-fetch-site": "same-origin"}
    began = time.monotonic()
    answer = httpx.delete(f"{node.base_url}/v1/sessions/{row}", headers=own, timeout=30)
    assert answer.status_code == 204, answer.text
    return time.monotonic() - began


def schema(cluster):
    return asked(cluster, "SELECT version_num FROM alembic_version")


def nodes_of(cluster):
    return asked(cluster, "SELECT count(*) FROM nodes")


def asked(cluster, question):
    with psycopg.connect(cluster.database.url("signedin")) as conn:
        return conn.execute(question).fetchone()[0]
