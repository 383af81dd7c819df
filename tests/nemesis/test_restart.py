"""Several workers on a real PostgreSQL that are restarted while people use them and sessions end."""

from __future__ import annotations

import http.client
import signal
import threading
import time

import pytest

from nemesis.cluster import Cluster, wait_for
from postgres_server import programs

WORKERS, STAYING, CLIENTS = 2, 8, 3
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def served(tmp_path):
    """One server of two workers, and how many processes have begun to work for it."""
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine")
    cluster = Cluster(tmp_path, found, nodes=1, fakes_time=False)
    [node] = cluster.nodes
    node.environment["SIGNEDIN_WORKERS"] = str(WORKERS)
    try:
        cluster.start()
        yield cluster, node
    finally:
        node.signal(signal.SIGTERM)
        node.process.wait(30)
        cluster.close()


def asked_once(node, method, path, headers):
    """The status of the answer, over a connection of its own; 0 when there was none."""
    connection = http.client.HTTPConnection("localhost", node.port, timeout=30)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class InUse:
    """Clients that check sessions without pause, each over a connection of its own, as a proxy does."""

    def __init__(self, node, tokens):
        self.seen, self.tokens, self._enough = [], list(tokens), threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(node,)) for _ in range(CLIENTS)]

    def __enter__(self):
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_):
        self._enough.set()
        for each in self._threads:
            each.join(60)

    def _ask(self, node):
        while not self._enough.is_set():
            for token in self.tokens[-2 * STAYING :] + self.tokens[:STAYING]:
                asked = time.monotonic()
                status = asked_once(node, "GET", "/v1/check", {"cookie": f"signedin={token}"})
                self.seen.append((token, asked, status))


@pytest.mark.guide("R48")
def test_a_restart_of_all_workers_under_load_drops_nobody_and_what_ends_meanwhile_is_over(served):
    cluster, node = served
    account = cluster.account(0)
    owner, *staying = [cluster.session(account)[1] for _ in range(STAYING + 1)]
    own = {"cookie": f"signedin={owner}", "origin": node.base_url, "sec-fetch-site": "same-origin"}
    before, over = node.workers(), {}
    with InUse(node, staying) as clients:
        node.signal(signal.SIGHUP)
        while not is_restarted(node, before):
            row, phone = cluster.session(account)
            clients.tokens.append(phone)
            wait_for(lambda phone=phone: any(token == phone for token, _, _ in clients.seen), 30)
            assert asked_once(node, "DELETE", f"/v1/sessions/{row}", own) == 204
            over[phone] = time.monotonic()
        enough = len(clients.seen) + 100
        wait_for(lambda: len(clients.seen) > enough, 30)
    assert {status for token, _, status in clients.seen if token in staying} == {200}
    late = [status for token, asked, status in clients.seen if asked > over.get(token, asked)]
    assert len(late) > len(over)
    assert set(late) == {401}
    assert {status for _, _, status in clients.seen} == {200, 401}
    assert len(over) > 3


def is_restarted(node, before):
    """Whether all that answer are new."""
    now = node.workers()
    return len(now) == WORKERS and not now & before
