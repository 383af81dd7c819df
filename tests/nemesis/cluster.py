"""Three real servers on a real PostgreSQL, each behind a wire of its own that can be cut."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from nemesis.fault_proxy import FaultProxy
from people import CHROME_ON_MACOS
from ports import free_port
from postgres_server import PostgresServer, make_database, programs
from redis_server import OwnRedis
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.means import Means
from signedin.actions.sign_in import Begun, Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import Account
from signedin.server.means import close_means, open_means, utc_now
from signedin.server.settings import load
from signedin.store import accounts

SIGNEDIN = Path(sys.executable).parent / "signedin"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
VISIT = Visit("203.0.113.9", CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


@dataclass
class Node:
    """One server: its process, its wire to the database, its wall clock, and its code where that is not ours."""

    name: str
    folder: Path
    environment: dict[str, str]
    wire: FaultProxy
    port: int
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    fakes_time: bool = True
    code: Path | None = None

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def wall(self) -> Path:
        """A file that says how far this node's wall clock is off."""
        return self.folder / f"wall-{self.name}"

    def start(self, wall: str = "+0") -> None:
        """Start it, with its wall clock so far off; who needs it to answer waits for `is_ready`."""
        faked = {}
        if FAKETIME is not None and self.fakes_time:
            self.wall.write_text(f"{wall}\n")
            faked = {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.wall),
                     "FAKETIME_CACHE_DURATION": "1", "DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
        if self.code is not None:
            faked["PYTHONPATH"] = str(self.code)
        log = (self.folder / f"log-{self.name}").open("ab")
        self.process = subprocess.Popen(
            [SIGNEDIN, "serve", "--port", str(self.port)], cwd=self.folder, env=self.environment | faked,
            stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        log.close()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/health/ready", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    def from_memory(self) -> int:
        """How many checks it has answered from memory since it began."""
        said = httpx.get(f"http://127.0.0.1:{self.settings['metrics']}/metrics", timeout=5).text
        line = next(
            line for line in said.splitlines() if line.startswith("signedin_checks_from_memory_total")
        )
        return int(float(line.split()[1]))

    def workers(self) -> set[int]:
        """The processes that it began to answer for it, where it has several."""
        assert self.process is not None
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return {
            int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
        }

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill it as it is, and bury it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Cluster:
    """The database, the nodes, and a way past every wire for the tests themselves."""

    def __init__(
        self, folder: Path, programs: Path, nodes: int = 3, bus: str = "postgres", *, fakes_time: bool = True
    ) -> None:
        self.folder = folder
        self.database = PostgresServer(programs)
        make_database(self.database.url("postgres"), "signedin")
        self.redis: OwnRedis | None = None
        self._fakes_time = fakes_time  # a clock that can be moved is read from a file, which takes its time
        self.nodes = [self._node(f"n{number}", bus) for number in range(nodes)]

    @cached_property
    def means(self) -> Means:
        """Opened when it is first asked for, which brings the database forward."""
        ours = {"SIGNEDIN_DATABASE_URL": self.database.url("signedin"), **self._own()}
        return open_means(load(ours, self.folder / "none.toml"))

    def start(self) -> None:
        """Make the tables, start every node and wait until all answer."""
        assert self.means
        for node in self.nodes:
            node.start()
        wait_for(lambda: all(node.is_ready() for node in self.nodes), 60)

    def account(self, number: int) -> Account:
        """A new account."""
        applicant = Applicant(f"somebody{number}@example.org", "Somebody", "four unrelated words make it")
        return asyncio.run(add_by_operator(self.means, applicant, utc_now()))

    def session(self, account: Account) -> tuple[str, str]:
        """A new session of an account: its id and its token."""

        def signed_in(conn: sa.Connection) -> Begun:
            proof = accounts.history_number(conn, account.id)
            return begin(conn, self.means, account, VISIT, Ticks(), proof, utc_now())

        begun = self.means.database.write_now(signed_in)
        return begun.session.id, begun.token

    def close(self) -> None:
        for node in self.nodes:
            node.kill()
            node.wire.close()
        if "means" in vars(self):
            close_means(self.means)
        self.database.destroy()

    def _own(self) -> dict[str, str]:
        return {"SIGNEDIN_SECRET_FILE": str(self.folder / "secret.json"),
                "SIGNEDIN_MAIL_DIR": str(self.folder / "mail")}  # fmt: skip

    def _node(self, name: str, bus: str) -> Node:
        wire, port, metrics = FaultProxy(self.database.port), free_port(), free_port()
        kept = {each: value for each, value in os.environ.items() if not each.startswith("SIGNEDIN_")}
        ours = {
            "SIGNEDIN_DATABASE_URL": f"postgresql://signedin@127.0.0.1:{wire.port}/signedin",
            "SIGNEDIN_BASE_URL": f"http://localhost:{port}",
            "SIGNEDIN_BUS": bus,
            "SIGNEDIN_METRICS": f"127.0.0.1:{metrics}",
        }
        environment = kept | self._own() | ours
        return Node(
            name,
            self.folder,
            environment,
            wire,
            port,
            settings={"metrics": str(metrics)},
            fakes_time=self._fakes_time,
        )


@contextmanager
def running(folder: Path, bus: str = "postgres", *, fakes_time: bool = True) -> Iterator[Cluster]:
    """A cluster that answers; without a PostgreSQL on this machine the test is skipped."""
    found = programs()
    if found is None:
        pytest.skip("there is no PostgreSQL on this machine")
    made = Cluster(folder, found, bus=bus, fakes_time=fakes_time)
    try:
        made.start()
        yield made
    finally:
        made.close()


def wait_for(happened: object, seconds: float) -> None:
    """Wait for something to be true that other processes make true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():  # type: ignore[operator]
            return
        time.sleep(0.02)
    raise TimeoutError("it did not happen")
