"""`signedin verify-audit`: says what is broken, and ends with the status that says so."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from people import ADA, GRACE


def tampered(command_line, statement):
    with closing(sqlite3.connect(command_line.database)) as conn, conn:
        conn.execute(statement)


@pytest.mark.security("LOG-7", "16.4.2")
def test_whole_histories_are_counted_and_it_is_said_when_their_ends_were_anchored(installed):
    assert installed.done("verify-audit").out == "1 history is whole.\n"
    installed.done("sweep")
    installed.somebody(GRACE, "Grace")
    assert installed.done("verify-audit").out.startswith(
        "2 histories are whole; their ends were anchored at 20"
    )
    value = installed.done("verify-audit", "--json").value
    assert (value["histories"], value["broken"], value["problem"]) == (2, [], "")


@pytest.mark.security("LOG-7", "16.4.2")
def test_a_broken_history_is_named_with_its_entry_and_the_status_is_1(installed):
    tampered(installed, "UPDATE journal SET kind = 'no_such_kind', facts = '{'")
    said = installed("verify-audit")
    assert (said.status, said.out) == (1, f"{ADA}: broken at entry 1\n")
    (broken,) = installed("verify-audit", "--json").value["broken"]
    assert (broken["email"], broken["number"]) == (ADA, 1)


@pytest.mark.security("LOG-7")
def test_a_whole_history_cut_off_is_broken_and_can_be_taken_for_whole_by_who_knows_why(installed):
    installed.done("sweep")
    tampered(installed, "DELETE FROM journal")
    tampered(installed, "UPDATE accounts SET number = 0, chain = x''")
    assert installed("verify-audit").out == f"{ADA}: broken at entry 1\n"
    assert installed.done("verify-audit", "--anchor-anew").status == 0
    assert installed.done("verify-audit").status == 0
