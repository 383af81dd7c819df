"""Processes to kill, and what must be true of the file afterwards."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
from collections import Counter
from contextlib import closing, contextmanager
from multiprocessing.connection import wait
from pathlib import Path

import pytest

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "20"))
ENDED_BY = {
    "revoked": "session_revoked",
    "logged_out": "session_logged_out",
    "ended_by_operator": "session_revoked",
}


@pytest.fixture(scope="session")
def processes():
    """Starts processes that import nothing anew: forked from one that has imported all and opened nothing."""
    root = Path(__file__).parents[2]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(root / "src"), str(root / "tests")])
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["faults.deeds", "signedin.server.cli", "signedin.server.serving"])
    return context


@pytest.fixture
def start(processes):
    """Start a process; returns it and our end of its pipe, which ends when the process does."""
    started = []

    def begun(work, *args):
        ours, theirs = processes.Pipe()
        process = processes.Process(target=work, args=(*args, theirs), daemon=True)
        process.start()
        theirs.close()
        started.append(process)
        return process, ours

    yield begun
    for process in started:
        process.kill()
        process.join()


def go(pipes):
    """Let them all begin at once."""
    for pipe in pipes:
        assert pipe.recv() == "ready"
    for pipe in pipes:
        pipe.send("go")


def gathered(pipes, until):
    """What the processes say, until enough was said or all have ended."""
    said, listening = [], list(pipes)
    while listening and not until(said):
        for pipe in wait(listening):
            try:
                said.append(pipe.recv())
            except (EOFError, ConnectionResetError):
                listening.remove(pipe)
    return said


def kill(processes):
    """kill -9, all of them at once."""
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


def last_words(pipes):
    """What was said before the end and not yet heard: it was acknowledged all the same."""
    return gathered(pipes, lambda said: False)


@contextmanager
def looked_into(folder):
    """The file itself, read as it lies there."""
    with closing(sqlite3.connect(f"file:{folder}/signedin.db?mode=ro", uri=True)) as conn:
        yield conn


def assert_whole(folder):
    """SQLite itself finds nothing wrong with the file."""
    with looked_into(folder) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def assert_nothing_half_done(folder, signed_in):
    """Each session is wholly there, or wholly gone: its row, its last use, its tombstone, its event."""
    with looked_into(folder) as conn:
        living = {row[0]: row[1] for row in conn.execute("SELECT session_id, first_proof FROM sessions")}
        used = {row[0] for row in conn.execute("SELECT row_id FROM activity")}
        stones = {
            row[0]: row[1:]
            for row in conn.execute("SELECT session_id, reason, account_id, number, digest FROM tombstones")
        }
        events = {
            (a, n): (k, s)
            for a, n, k, s in conn.execute("SELECT account_id, number, kind, subject FROM journal")
        }
        personal = {tuple(row) for row in conn.execute("SELECT account_id, number FROM journal_personal")}
        heads = conn.execute("SELECT account_id, number FROM accounts").fetchall()
    ended = Counter(s for k, s in events.values() if k in set(ENDED_BY.values()))
    assert personal == set(events)
    assert all(max((n for a, n in events if a == account), default=0) == number for account, number in heads)
    for session in signed_in:
        if session.id in living:
            assert session.id in used
            assert session.id not in stones
            assert not ended[session.id]
            continue
        assert session.id not in used
        reason, account_id, number, _ = stones[session.id]
        kind, subject = events[account_id, number]
        if reason in ENDED_BY:
            assert (kind, subject) == (ENDED_BY[reason], session.id)
            assert ended[session.id] == 1
        else:
            assert kind in {"logged_out_everywhere", "logged_out_others", "account_disabled"}
            assert not ended[session.id]
