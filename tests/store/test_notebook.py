"""Uses that wait are on disk too: whose process was killed is written by the next one, and nobody else's."""

from __future__ import annotations

import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from people import Clock
from signedin.rules.account import AccountId
from signedin.store.notebook import FOLDER, Notebook, Seen

KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from signedin.store.notebook import Notebook
Notebook(Path(sys.argv[1])).write(7, "row", datetime.fromisoformat(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def keyring(tmp_path):
    return tmp_path / "secret.json"


def left_over(notebook):
    found = []
    for page in notebook.left_over():
        found += page.seen()
        page.let_go()
    return found


@pytest.mark.guide("D28")
def test_what_a_killed_process_has_seen_is_found_and_what_a_living_one_writes_is_left_alone(keyring):
    now, living = Clock()(), Notebook(keyring)
    living.write(8, "other", now)
    subprocess.run([sys.executable, "-c", KILLED, keyring, now.isoformat()], check=False)
    another = Notebook(keyring)
    assert left_over(another) == [Seen(AccountId(7), "row", now)]
    [page] = another.left_over()
    assert page.path.stat().st_mode & 0o777 == 0o600
    assert list(living.left_over()) == [], "one process takes it up, not two"
    page.tear_out()
    assert left_over(living) == []


@pytest.mark.guide("D28")
def test_a_line_that_was_cut_off_is_no_use_and_the_others_are(keyring):
    now = Clock()()
    (keyring.parent / FOLDER).mkdir()
    whole = b"7 row %d\n" % int(now.timestamp() * 1_000_000)
    (keyring.parent / FOLDER / "1-cut").write_bytes(whole + b"nonsense\n" + whole[:-4])
    assert left_over(Notebook(keyring)) == [Seen(AccountId(7), "row", now)]


@pytest.mark.guide("D28")
def test_a_page_that_has_been_written_where_it_belongs_is_gone_and_a_notebook_that_is_closed_leaves_none(
    keyring,
):
    notebook = Notebook(keyring)
    notebook.write(7, "row", Clock()())
    notebook.turn()
    assert len(list((keyring.parent / FOLDER).iterdir())) == 2
    notebook.written()
    assert len(list((keyring.parent / FOLDER).iterdir())) == 1
    notebook.turn()
    notebook.close()
    assert list((keyring.parent / FOLDER).iterdir()) == []


@pytest.mark.guide("D15")
def test_where_it_cannot_be_written_nobody_waits_for_it_and_the_log_says_so_once(keyring):
    (keyring.parent / FOLDER).write_text("a file where the folder should be")
    with capture_logs() as told:
        notebook = Notebook(keyring)
        for _ in range(3):
            notebook.write(7, "row", Clock()())
    assert [line["event"] for line in told] == ["uses cannot be noted on disk"]
    assert list(notebook.left_over()) == []
    notebook.close()
