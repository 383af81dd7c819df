"""What a server does by itself: it sweeps when it starts, and anchors and writes what it noted when it stops."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from people import ADA, Clock, running
from signedin.actions.sweep import JOB
from signedin.server.doctor import examine
from signedin.store import installation
from signedin.store.anchors import FILE


@pytest.mark.guide("R71")
def test_a_server_sweeps_when_it_starts_so_that_the_doctor_finds_it_alive(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        assert house.means.database.read_now(installation.job_last_ran, JOB) == clock()
        found = {each.subject: each for each in examine(house.server.settings, clock())}
        assert (found["sweep"].verdict, found["sweep"].sentence) == ("good", "It ran within the last hour.")


@pytest.mark.guide("R71")
def test_what_expired_while_no_server_ran_is_tidied_at_the_next_start(tmp_path):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody(ADA)
        house.signed_in()
    clock.move(days=31)
    with running(tmp_path, clock), closing(sqlite3.connect(tmp_path / "signedin.db")) as conn:
        assert conn.execute("SELECT count(*) FROM sessions").fetchone() == (0,)


@pytest.mark.security("LOG-7")
def test_a_server_that_stops_anchors_what_happened_since_the_last_sweep(tmp_path):
    with running(tmp_path) as house:
        before = (tmp_path / FILE).read_bytes()
        house.somebody(ADA)
    assert len((tmp_path / FILE).read_bytes()) > len(before)
