"""Three real processes on a real PostgreSQL, people using them, and a nemesis: no promise breaks (P1 to P4)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nemesis.clients import Clients
from nemesis.cluster import FAKETIME, running
from nemesis.history import History
from nemesis.nemesis import Nemesis
from redis_server import OwnRedis

SECONDS = float(os.environ.get("NEMESIS_SECONDS", "60"))
SEED = int(os.environ.get("NEMESIS_SEED", str(int(time.time()))))
REPORT = os.environ.get("NEMESIS_REPORT")
BUS = os.environ.get("NEMESIS_BUS", "")
"""One bus that has all the seconds; otherwise PostgreSQL has them, and Redis a third as many on top."""
BUSES = {"": ("postgres", "redis"), "postgres": ("postgres",), "redis": ("redis",)}[BUS]
pytestmark = pytest.mark.timeout(240 + 2 * SECONDS)


@pytest.fixture(params=BUSES)
def cluster(request, tmp_path):
    """Three servers that hear of endings by PostgreSQL or by Redis."""
    if FAKETIME is None and os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail("the wall clocks cannot be moved without libfaketime")
    redis = OwnRedis(tmp_path) if request.param == "redis" else None
    with running(tmp_path, redis.url if redis else "postgres") as made:
        made.redis = redis
        yield made
    if redis is not None:
        redis.stop()


@pytest.mark.guide("R48", "R58", "R68")
@pytest.mark.security("attack-2", "attack-25", "attack-26")
def test_p1_nobody_is_let_in_after_an_ending_has_returned_whatever_goes_wrong(cluster):
    seconds = SECONDS if BUS or cluster.redis is None else SECONDS / 3
    history = History()
    clients = Clients(cluster, history, SEED)
    clients.move_in(6)
    nemesis = Nemesis(cluster, history, SEED, 10 if SECONDS > 300 else 1.3, cluster.redis)
    raging = threading.Thread(target=nemesis.rage, args=(seconds - 5,))
    raging.start()
    asyncio.run(clients.use(seconds))
    raging.join()
    seen = history.counts()
    from_memory = sum(node.from_memory() for node in cluster.nodes)
    about = {"bus": "Redis" if cluster.redis else "PostgreSQL", "seconds": seconds}
    said = report(about | seen | {"from memory since the last start": from_memory}, history)
    assert history.violations() == [], said
    assert seen["in"] > 10 * seconds, "the servers were used"
    assert seen["refused"] > seconds
    assert seen["endings told"] > seconds / 4
    assert from_memory > seconds, "and the memory answered"


def report(seen, history):
    longest = max((end.heard - end.asked for end in history.ends if end.is_told), default=0)
    told = sorted(end.heard - end.asked for end in history.ends if end.is_told)
    said = {
        "date": datetime.now(UTC).date().isoformat(), "revision": revision(), "seed": SEED,
        "violations": history.violations(), "longest ending, s": round(longest, 2),
        "median ending, s": round(told[len(told) // 2], 3) if told else None, **seen,
    }  # fmt: skip
    said["what went wrong"] = dict(Counter(fault.what for fault in history.faults))
    if REPORT:
        kept = Path(REPORT)
        before = json.loads(kept.read_text()) if kept.exists() else []
        others = [each for each in before if each["bus"] != said["bus"]]
        kept.write_text(json.dumps([*others, said], indent=2) + "\n")
    return said


def revision():
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()
