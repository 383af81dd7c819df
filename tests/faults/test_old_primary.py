"""An old primary comes back although nobody should have let it: whoever has seen the one that took over asks it nothing."""

from __future__ import annotations

import shutil
import subprocess

import psycopg
import pytest

from nemesis.cluster import SIGNEDIN, wait_for
from nemesis.standby import Watching, served_by_two, taken_over

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def pair(tmp_path):
    with served_by_two(tmp_path) as made:
        yield made


@pytest.mark.guide("R48", "R68")
@pytest.mark.security("attack-25")
def test_an_old_primary_that_comes_back_is_asked_nothing_by_whoever_has_seen_the_one_that_took_over(pair):
    first, second = pair.nodes
    taken_over(pair)
    pair.end_one(second)
    pair.old.start()  # nobody has fenced it, and in the address it stands first
    second.kill()
    second.start()
    wait_for(pair.are_ready, 60)  # the other host is tried where the first one is old
    assert pair.promised(second).json()["timeline"] == 2
    pair.end_one(second)
    assert pair.of_what_is_over() == {401}

    pair.new.stop("immediate")  # now only the old one answers
    with Watching(pair) as watching:
        wait_for(lambda: {*pair.checks(pair.owner)} == {503}, 30)
        wait_for(lambda: len(watching.seen) > 40, 30)
    assert set(watching.seen) <= {401, 503}
    said = pair.promised(first)
    assert (said.status_code, pair.ready(first).status_code) == (503, 503)
    assert said.json()["reason"] == "older_lineage"
    assert "an old primary, after another took over" in said.json()["why"]
    assert "an old primary, after another took over" in pair.ready(first).text
    refused = pair.log().count("an older or another database is refused")
    assert 2 <= refused <= 20, "told, and not at every attempt"
    doctor = told_by_the_doctor(first)
    assert doctor.returncode != 0
    assert "an old primary, after another took over" in doctor.stdout
    second.kill()
    second.start()
    assert second.process.wait(60) != 0, "nor does one begin there on a machine that has noted the other"

    pair.new.start()
    second.start()
    wait_for(pair.are_ready, 60)
    assert pair.of_what_is_over() == {401}
    assert pair.checks(pair.owner) == {200}


@pytest.mark.guide("R48")
def test_what_a_machine_that_has_seen_nothing_lets_in_from_an_old_primary_is_why_it_has_to_be_fenced(
    pair, tmp_path
):
    first, second = pair.nodes
    taken_over(pair)
    ended = pair.end_one(first)
    pair.new.stop("immediate")
    pair.old.start()
    for node in pair.nodes:
        node.kill()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy2(tmp_path / "secret.json", elsewhere)
    second.environment["SIGNEDIN_SECRET_FILE"] = str(elsewhere / "secret.json")
    with_nobody_awaited(pair.old)
    second.start()
    wait_for(lambda: pair.ready(second).status_code == 200, 60)
    assert pair.check(second, ended) == 200, "docs/running.md says so, and that nothing but fencing helps"


def told_by_the_doctor(node):
    return subprocess.run(
        [SIGNEDIN, "doctor"],
        cwd=node.folder,
        env=node.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def with_nobody_awaited(database):
    with psycopg.connect(database.url("postgres"), autocommit=True) as conn:
        conn.execute("SET synchronous_commit = off")
        conn.execute("ALTER SYSTEM RESET synchronous_standby_names")
        conn.execute("SELECT pg_reload_conf()")
