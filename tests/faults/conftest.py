"""Processes to kill, and what must be true of the database afterwards."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from databases import ON_POSTGRES, copied, drop, hand_on, wait_for_the_dead
from faults import deeds
from faults.deeds import read
from signedin.server.means import close_means

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
def folder(tmp_path):
    """A database with all its tables that nobody has open."""
    hand_on(tmp_path)
    close_means(deeds.opened(tmp_path, upgrade=True))
    return tmp_path


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
    """kill -9, all of them at once; until what they had asked of PostgreSQL is done, see `wait_for_the_dead`."""
    for process in processes:
        process.kill()
    for process in processes:
        process.join()


def last_words(pipes):
    """What was said before the end and not yet heard: it was acknowledged all the same."""
    return gathered(pipes, lambda said: False)


def assert_whole(folder):
    """SQLite itself finds nothing wrong with the file; PostgreSQL's files are its own."""
    if not ON_POSTGRES:
        assert read(folder, "PRAGMA integrity_check") == [("ok",)]


def assert_nothing_half_done(folder, signed_in):
    """Each session is wholly there, or wholly gone: its row, its last use, its tombstone, its event."""
    living = {row[0] for row in read(folder, "SELECT session_id FROM sessions")}
    used = {row[0] for row in read(folder, "SELECT row_id FROM activity")}
    buried = "SELECT session_id, reason, account_id, number, digest FROM tombstones"
    stones = {row[0]: row[1:] for row in read(folder, buried)}
    told = read(folder, "SELECT account_id, number, kind, subject FROM journal")
    events = {(a, n): (k, s) for a, n, k, s in told}
    personal = set(read(folder, "SELECT account_id, number FROM journal_personal"))
    heads = read(folder, "SELECT account_id, number FROM accounts")
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


def killed_at_every_statement(folder, start, ending, at_least=6):
    """A copy of the folder for each statement and commit of a deed that a process was killed before, and one for none."""
    killed, said = 0, []
    while not said:
        copy = folder / f"killed-at-{killed + 1}"
        copied(folder, copy)
        process, pipe = start(deeds.die_at, str(copy), ending, killed + 1)
        said = last_words([pipe])
        process.join()
        killed += not said
        wait_for_the_dead(copy)
        yield copy
        drop(copy)
    assert said[0] == ("done", killed)
    assert killed >= at_least
