"""A real standby of a real PostgreSQL: copied by pg_basebackup, following by streaming, and promoted."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest

from nemesis.cluster import Cluster, wait_for
from ports import free_port
from postgres_server import PostgresServer, programs

SESSIONS = 12


class StandbyOf(PostgresServer):
    """It follows; afterwards every commit of the primary waits for it, where that is wanted."""

    def __init__(self, primary: PostgresServer, *, is_awaited: bool = True) -> None:
        self._programs, self._owner, self._settings = primary._programs, primary._owner, primary._settings
        self._home = Path(tempfile.mkdtemp(prefix="signedin-pg-", dir="/tmp"))
        self._data = self._home / "data"
        if self._owner:
            shutil.chown(self._home, self._owner.pw_name)
        self._run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", primary.port, "-U", "signedin", "-D", self._data,
            "-R", "-X", "stream", "-c", "fast", "--no-sync",
        )  # fmt: skip
        self.port = free_port()
        self.start()
        with psycopg.connect(primary.url("postgres"), autocommit=True) as conn:
            if is_awaited:
                conn.execute("ALTER SYSTEM SET synchronous_standby_names TO '*'")
                conn.execute("SELECT pg_reload_conf()")
            states = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = %s"
            wanted = ("sync" if is_awaited else "async",)
            wait_for(lambda: conn.execute(states, wanted).fetchone() == (1,), 30)

    def promote(self) -> None:
        """Let it take over, and wait until it has."""
        self._run("pg_ctl", "-D", self._data, "-w", "promote")


class Pair:
    """Two servers whose address names both databases, the old primary first."""

    def __init__(self, folder, found):
        self.cluster = Cluster(folder, found, nodes=2, fakes_time=False)
        self.old = self.cluster.database
        self.new = StandbyOf(self.old)
        self.url = (
            f"postgresql://signedin@/signedin?host=127.0.0.1,127.0.0.1&port={self.old.port},{self.new.port}"
            "&target_session_attrs=read-write"
        )
        self.nodes = self.cluster.nodes
        for node in self.nodes:
            node.environment["SIGNEDIN_DATABASE_URL"] = self.url
        account = self.cluster.account(1)
        (_, self.owner), *self.others = [self.cluster.session(account) for _ in range(SESSIONS)]
        self.over = []

    def check(self, node, token):
        """The status of a check; 0 when there was no answer."""
        try:
            cookie = {"cookie": f"signedin={token}"}
            return httpx.get(f"{node.base_url}/v1/check", headers=cookie, timeout=15).status_code
        except httpx.HTTPError:
            return 0

    def checks(self, token):
        return {self.check(node, token) for node in self.nodes}

    def end_one(self, node):
        """End another session, which is not over before that has been told."""
        row, token = self.others.pop()
        own = {
            "cookie": f"signedin={self.owner}",
            "origin": node.base_url,
            "sec-fetch-site": "same-origin",
        }
        answer = httpx.delete(f"{node.base_url}/v1/sessions/{row}", headers=own, timeout=40)
        assert answer.status_code == 204, answer.text
        self.over.append(token)
        return token

    def of_what_is_over(self):
        """What every server says of every session whose end was told."""
        return {status for token in self.over for status in self.checks(token)}

    def promised(self, node):
        return httpx.get(f"{node.base_url}/health/revocation", timeout=15)

    def ready(self, node):
        try:
            return httpx.get(f"{node.base_url}/health/ready", timeout=15)
        except httpx.HTTPError:
            return httpx.Response(503, text="no answer")

    def are_ready(self):
        return all(self.ready(node).status_code == 200 for node in self.nodes)

    def log(self):
        return "".join((self.cluster.folder / f"log-{node.name}").read_text() for node in self.nodes)

    def close(self):
        self.cluster.close()
        self.new.destroy()


@contextmanager
def served_by_two(folder):
    """A primary, a synchronous standby and two servers that answer."""
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine")
    made = Pair(folder, found)
    try:
        for node in made.nodes:
            node.start()
        wait_for(made.are_ready, 60)
        yield made
    finally:
        made.close()


class Watching:
    """Asks both servers about everything that is over, without pause."""

    def __init__(self, pair):
        self.seen, self._pair, self._enough = [], pair, threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._enough.set()
        self._thread.join(60)

    def _ask(self):
        while not self._enough.wait(0.02):
            for token in list(self._pair.over):
                self.seen += [self._pair.check(node, token) for node in self._pair.nodes]


def taken_over(pair):
    """The primary dies right after an ending was told, and the standby takes over."""
    first, second = pair.nodes
    for token in (pair.owner, *(token for _, token in pair.others)):
        assert pair.checks(token) == {200}, "both have met everybody"
    for node in (first, second, first):
        pair.end_one(node)
    pair.old.stop("immediate")
    pair.new.promote()
    began = time.monotonic()
    wait_for(pair.are_ready, 60)
    print(f"both servers were ready {time.monotonic() - began:.1f} s after the promotion")  # noqa: T201  # told, not judged
