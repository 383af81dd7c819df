"""What real servers on a real PostgreSQL do when everything is forgotten, too much is asked, or the database stops."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from nemesis.cluster import SIGNEDIN, running, wait_for
from nemesis.fault_proxy import Wire
from nemesis.load import Load

ROUNDS = 5
SESSIONS = 400
RECOVERS_IN = 2.0
FORGET = """
WITH next AS (UPDATE endings_head SET seq = seq + 1 RETURNING seq)
INSERT INTO endings SELECT seq, 'a scope of a later version', 0, '', 0, 0 FROM next
"""
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Three servers with their own clocks."""
    with running(tmp_path_factory.mktemp("holding"), fakes_time=False) as made:
        yield made


@pytest.fixture
def tokens(cluster):
    """Sessions of many people."""
    number = int(time.monotonic() * 1000)
    people = [cluster.account(number + each) for each in range(8)]
    return [cluster.session(people[each % 8])[1] for each in range(SESSIONS)]


def asks(http, token):
    return http.get("/settings/sessions/alive", headers={"cookie": f"signedin={token}"})


def clients(node, most=None):
    limits = httpx.Limits(max_connections=most)
    return httpx.AsyncClient(base_url=node.base_url, timeout=30, limits=limits)


@pytest.mark.guide("R48")
@pytest.mark.security("attack-25")
def test_an_ending_that_was_told_is_kept_when_the_database_stops_at_once_right_after_it(cluster):
    account = cluster.account(0)
    owner, *phones = [cluster.session(account) for _ in range(ROUNDS + 1)]
    for at, phone in enumerate(phones):
        node = cluster.nodes[at % 3]
        own = {"cookie": f"signedin={owner[1]}", "origin": node.base_url, "sec-fetch-site": "same-origin"}
        with httpx.Client(base_url=node.base_url, timeout=30) as http:
            assert asks(http, phone[1]).status_code == 204
            assert http.delete(f"/v1/sessions/{phone[0]}", headers=own).status_code == 204
        cluster.database.stop("immediate")
        cluster.database.start()
        for each in cluster.nodes:
            wait_for(each.is_ready, 30)
            with httpx.Client(base_url=each.base_url, timeout=30) as http:
                assert asks(http, phone[1]).status_code == 401
                assert asks(http, owner[1]).status_code == 204


@pytest.mark.guide("R48")
def test_when_all_is_forgotten_with_all_three_under_load_everybody_is_answered_again_within_two_seconds(
    cluster, tokens
):
    with Load(cluster.nodes, tokens) as load:
        already = [node.from_memory() + SESSIONS for node in cluster.nodes]
        wait_for(lambda: all(map(is_full, cluster.nodes, already)), 60)
        forget_everything(cluster)
        forgotten = time.monotonic()
        wait_for(lambda: time.monotonic() > forgotten + 2 * RECOVERS_IN, 60)
    for node, answers in zip(cluster.nodes, load.answers, strict=True):
        assert {each.status for each in answers} <= {204, 503}, node.name
        later = [each for each in answers if each.asked > forgotten + RECOVERS_IN]
        assert len(later) > 100, node.name
        assert {each.status for each in later} == {204}, node.name
        assert max(each.heard - each.asked for each in later) < RECOVERS_IN, node.name


def is_full(node, already):
    """Whether memory knows everybody who is asked about, and answers for them."""
    return node.from_memory() > already and promised(node)["this"]["known"] >= SESSIONS


def promised(node):
    return httpx.get(f"{node.base_url}/health/revocation", timeout=15).json()


def forget_everything(cluster):
    """As an ending does whose scope this version does not know (a later one runs beside it)."""
    with psycopg.connect(cluster.database.url("signedin")) as conn:
        conn.execute(FORGET)
        conn.execute("NOTIFY signedin_endings")


@pytest.mark.guide("R48")
@pytest.mark.security("attack-26")
def test_beyond_what_can_be_asked_the_answer_is_503_with_when_to_come_again_and_nobody_is_let_in_or_thrown_out(
    cluster, tokens
):
    node = cluster.nodes[1]

    async def at_once(some):
        async with clients(node) as http:
            return await asyncio.gather(*(asks(http, token) for token in some))

    forget_everything(cluster)
    node.wire.set(Wire.STALLED)
    try:
        answers = asyncio.run(at_once(tokens))
    finally:
        node.wire.set(Wire.FINE)
    refused = [each for each in answers if each.status_code == 503]
    assert {each.status_code for each in answers} <= {204, 503}
    assert len(refused) > len(tokens) / 2
    assert all(int(each.headers["retry-after"]) >= 1 for each in refused)
    wait_for(node.is_ready, 30)
    for at in range(0, len(tokens), 100):
        assert {each.status_code for each in asyncio.run(at_once(tokens[at : at + 100]))} == {204}


def examined(cluster):
    """What the doctor says of who answers from memory."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIGNEDIN_")}
    environment |= {"SIGNEDIN_DATABASE_URL": cluster.database.url("signedin"),
                    "SIGNEDIN_SECRET_FILE": str(Path(cluster.folder) / "secret.json")}  # fmt: skip
    told = subprocess.run([SIGNEDIN, "doctor", "--json"], env=environment, cwd=cluster.folder,
                          capture_output=True, text=True, check=False)  # fmt: skip
    return [each for each in json.loads(told.stdout) if each["subject"] == "leases"]


def test_the_doctor_tells_who_answers_from_memory_and_who_of_them_is_silent(cluster):
    [said] = examined(cluster)
    assert said["verdict"] == "good"
    assert "3 processes" in said["sentence"]
    cluster.nodes[2].signal(signal.SIGSTOP)
    try:
        found = examined(cluster)
    finally:
        cluster.nodes[2].signal(signal.SIGCONT)
    assert [each["verdict"] for each in found] == ["look"]
    assert "1 of 3 processes" in found[0]["sentence"]
