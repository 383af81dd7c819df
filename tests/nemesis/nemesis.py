"""What goes wrong, one thing after the other and sometimes two at once, and when it did."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable

import psycopg

from nemesis.cluster import FAKETIME, Cluster, Node, wait_for
from nemesis.fault_proxy import Wire
from nemesis.history import Fault, History
from redis_server import OwnRedis
from signedin.rules.lease import LEASE

WRONG = ["+400d", "-400d", "+1h", "-1h", "+31d"]
"""How far a wall clock may be off."""
WIRES = (Wire.STALLED, Wire.REPLIES_LOST, Wire.QUESTIONS_LOST, Wire.SLOW, Wire.RESET)


class Nemesis:
    """Chooses by chance; `longest` in leases."""

    def __init__(
        self, cluster: Cluster, history: History, seed: int, longest: float, redis: OwnRedis | None = None
    ) -> None:
        self._cluster = cluster
        self._history = history
        self._chance = random.Random(seed)
        self._longest = longest
        self._redis = redis

    def rage(self, seconds: float) -> None:
        """Do harm for so long; in the end everything is whole again."""
        until = time.monotonic() + seconds
        harms: list[Callable[[], None]] = [
            self._pause, self._pause, self._cut, self._cut, self._cut, self._kill, self._deafen, self._stop_the_database,
        ]  # fmt: skip
        if FAKETIME is not None:
            harms.append(self._move_the_wall_clock)
        self._chance.shuffle(harms)
        turn = 0
        while time.monotonic() < until:
            harms[turn % len(harms)]()
            turn += 1
            time.sleep(self._chance.random() * 1.0)

    def _node(self) -> Node:
        return self._chance.choice(self._cluster.nodes)

    def _span(self) -> float:
        return LEASE * self._chance.uniform(0.3, self._longest)

    def _tell(self, what: str, node: str, began: float) -> None:
        self._history.add(Fault(what, node, began, time.monotonic()))

    def _pause(self) -> None:
        node, began = self._node(), time.monotonic()
        node.signal(signal.SIGSTOP)
        time.sleep(self._span())
        node.signal(signal.SIGCONT)
        self._tell("paused", node.name, began)

    def _cut(self) -> None:
        node, began, wire = self._node(), time.monotonic(), self._chance.choice(WIRES)
        node.wire.set(wire)
        time.sleep(self._span())
        node.wire.set(Wire.FINE)
        self._tell(wire.value, node.name, began)

    def _kill(self) -> None:
        node, began = self._node(), time.monotonic()
        node.kill()
        time.sleep(self._chance.random())
        node.start(self._chance.choice(["+0", *WRONG]))
        wait_for(node.is_ready, 60)
        self._tell("killed", node.name, began)

    def _deafen(self) -> None:
        """No hint arrives: whoever listens is cut off, again and again, or Redis is gone."""
        if self._redis is not None:
            self._deafen_redis(self._redis)
            return
        began, until = time.monotonic(), time.monotonic() + self._span()
        while time.monotonic() < until:
            with psycopg.connect(self._cluster.database.url("signedin"), autocommit=True) as conn:
                conn.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
                )
            time.sleep(0.1)
        self._tell("deaf", "the bus", began)

    def _deafen_redis(self, redis: OwnRedis) -> None:
        began, is_paused = time.monotonic(), self._chance.random() < 0.5
        (redis.pause if is_paused else redis.stop)()
        time.sleep(self._span())
        (redis.go_on if is_paused else redis.start)()
        self._tell("Redis was paused" if is_paused else "Redis was stopped", "the bus", began)

    def _stop_the_database(self) -> None:
        began = time.monotonic()
        self._cluster.database.stop("immediate")
        time.sleep(self._chance.uniform(0.2, 1.5 * LEASE))
        self._cluster.database.start()
        wait_for(lambda: all(node.is_ready() for node in self._cluster.nodes), 30)
        self._tell("the database was stopped at once", "all", began)

    def _move_the_wall_clock(self) -> None:
        node, began = self._node(), time.monotonic()
        node.wall.write_text(self._chance.choice(WRONG) + "\n")
        time.sleep(self._span())
        node.wall.write_text("+0\n")
        self._tell("wall clock moved", node.name, began)
