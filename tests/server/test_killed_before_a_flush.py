"""A server that is killed has not written its last uses yet; no session ends earlier for that (D28)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from people import Clock, running

SEES_A_USE_AND_IS_KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from people import settings_in
from signedin.rules.account import AccountId
from signedin.server.means import open_means
means = open_means(settings_in(Path(sys.argv[1]), 8000), serving=True)
means.recent.note(AccountId(int(sys.argv[2])), sys.argv[3], "", datetime.fromisoformat(sys.argv[4]))
os.kill(os.getpid(), int(sys.argv[5]))
"""


@pytest.mark.guide("D28", "R69")
@pytest.mark.parametrize("has_seen_it", [True, False])
def test_a_use_that_only_a_killed_process_had_seen_keeps_the_session_alive(tmp_path, has_seen_it):
    clock = Clock()
    with running(tmp_path, clock) as house:
        house.somebody()
        laptop = house.signed_in()
        row = laptop.current()["id"]
        [account] = house.means.database.read_now(
            lambda conn: conn.exec_driver_sql("SELECT account_id FROM accounts").scalars().all()
        )
        secret = laptop.secret
    clock.move(days=29)
    if has_seen_it:
        what = [tmp_path, str(account), row, clock().isoformat(), "9"]
        done = subprocess.run(
            [sys.executable, "-c", SEES_A_USE_AND_IS_KILLED, *what], cwd="tests", check=False,
            env={"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert done.returncode == -9
    clock.move(days=2)
    with running(tmp_path, clock) as house:
        again = house.browser()
        again.http.cookies.set("signedin", secret, domain="localhost.local", path="/")
        assert again.is_signed_in is has_seen_it
