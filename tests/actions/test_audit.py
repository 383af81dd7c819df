"""The ends of the journals are anchored outside the database: what is cut off or taken away shows."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from people import ADA, GRACE, Clock
from signedin.actions import audit
from signedin.actions.sweep import sweep
from signedin.rules.event import Event, EventKind
from signedin.store import accounts, journal
from signedin.store.anchors import FILE

NOW = Clock()()


@pytest.fixture
def file(tmp_path):
    return tmp_path / FILE


def history(means, email=ADA, entries=3):
    def work(conn):
        account = accounts.add(conn, email, "Ada", NOW)
        for _ in range(entries):
            journal.record(conn, account.id, Event(EventKind.SESSION_STARTED, NOW))
        return account.id

    return means.database.write_now(work)


def goes_on(means, account_id):
    means.database.write_now(journal.record, account_id, Event(EventKind.SESSION_REVOKED, NOW))


def tampered(means, *statements):
    def work(conn):
        for statement in map(sa.text, statements):
            conn.execute(statement, {"empty": b""} if ":empty" in statement.text else {})

    means.database.write_now(work)


def swept(means):
    asyncio.run(sweep(means, NOW))


def broken(means, copy=None):
    found = asyncio.run(audit.audit(means, copy))
    return {each.email: each.number for each in found.broken}


def cut(account_id, to):
    """What whoever can write the database does to take the end of a history away without a trace in it."""
    entry = f"SELECT chain FROM journal j WHERE j.account_id = accounts.account_id AND j.number = {to}"
    return (
        f"DELETE FROM journal WHERE account_id = {account_id} AND number > {to}",
        f"DELETE FROM journal_personal WHERE account_id = {account_id} AND number > {to}",
        f"UPDATE accounts SET number = {to}, chain = COALESCE(({entry}), :empty) WHERE account_id = {account_id}",
    )


@pytest.mark.security("LOG-7", "16.4.2")
@pytest.mark.parametrize("to", [2, 0])
def test_a_history_whose_end_was_cut_off_is_broken_also_after_the_next_sweep(means, to):
    mine, theirs = history(means), history(means, GRACE)
    swept(means)
    assert broken(means) == {}
    tampered(means, *cut(mine, to))
    goes_on(means, theirs)
    swept(means)
    assert broken(means) == {ADA: to + 1}


@pytest.mark.security("LOG-7")
def test_a_cut_history_that_goes_on_until_it_is_longer_is_still_broken(means):
    mine = history(means)
    swept(means)
    tampered(means, *cut(mine, 1))
    for _ in range(5):
        goes_on(means, mine)
    swept(means)
    assert broken(means) == {ADA: 3}


@pytest.mark.security("LOG-7")
def test_an_account_that_was_taken_away_with_all_its_history_is_missed(means):
    history(means)
    mine = history(means, GRACE)
    swept(means)
    tampered(
        means,
        f"DELETE FROM journal WHERE account_id = {mine}",
        f"DELETE FROM accounts WHERE account_id = {mine}",
    )
    found = asyncio.run(audit.audit(means))
    assert [(each.account_id, each.email, each.number) for each in found.broken] == [(mine, "", 1)]


@pytest.mark.security("LOG-7")
def test_what_happened_since_the_last_sweep_can_be_cut_off_unseen_and_no_more(means):
    mine = history(means)
    swept(means)
    goes_on(means, mine)
    tampered(means, *cut(mine, 3))
    assert broken(means) == {}


def test_nothing_is_written_while_nothing_happens_and_one_line_when_something_did(means, file):
    mine = history(means)
    swept(means)
    first = file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    swept(means)
    assert file.read_bytes() == first
    goes_on(means, mine)
    swept(means)
    assert file.read_bytes().startswith(first)
    assert file.read_bytes().count(b"\n") == 2


def test_a_line_that_was_never_finished_is_no_line(means, file):
    mine = history(means)
    swept(means)
    file.write_bytes(file.read_bytes() + b'{"at":"2026')
    goes_on(means, mine)
    swept(means)
    assert broken(means) == {}
    assert file.read_bytes().count(b"\n") == 2


def test_a_file_that_has_grown_is_written_anew_and_says_the_same(means, file, monkeypatch):
    monkeypatch.setattr("signedin.store.anchors.LARGEST_GROWN", 1500)
    mine = history(means)
    for _ in range(30):
        goes_on(means, mine)
        swept(means)
    assert file.stat().st_size < 2000
    tampered(means, *cut(mine, 20))
    assert broken(means) == {ADA: 21}


@pytest.mark.security("LOG-7")
@pytest.mark.parametrize("line", [0, 1])
def test_a_line_that_was_changed_or_taken_out_is_told_and_the_file_is_left_alone(means, file, line):
    mine = history(means)
    for _ in range(3):
        goes_on(means, mine)
        swept(means)
    lines = file.read_bytes().splitlines(keepends=True)
    for change in (
        lines[:line] + lines[line + 1 :],
        [*lines[:line], lines[line].replace(b'"at"', b'"AT"'), *lines[line + 1 :]],
    ):
        file.write_bytes(b"".join(change))
        assert asyncio.run(audit.audit(means)).problem.startswith(
            f"Line {line + 1} of {file} is not as it was"
        )
        goes_on(means, mine)
        swept(means)
        assert file.read_bytes() == b"".join(change)


@pytest.mark.security("LOG-7")
def test_a_file_that_has_gone_is_told_and_before_the_first_sweep_none_is_missed(means, file):
    history(means)
    assert asyncio.run(audit.audit(means)).problem == ""
    swept(means)
    file.unlink()
    assert asyncio.run(audit.audit(means)).problem == f"{file} has gone, so a cut end would not show."


@pytest.mark.security("LOG-7")
def test_a_copy_kept_elsewhere_remembers_what_the_file_forgot(means, file, tmp_path):
    mine = history(means)
    swept(means)
    copy = tmp_path / "elsewhere.jsonl"
    copy.write_bytes(file.read_bytes())
    tampered(means, *cut(mine, 1))
    file.unlink()
    swept(means)
    assert broken(means) == {}
    assert broken(means, copy) == {ADA: 2}
    assert asyncio.run(audit.audit(means, tmp_path / "nothing")).problem.startswith("There is nothing in")


def test_after_a_restore_by_hand_the_ends_can_be_anchored_anew(means):
    mine = history(means)
    swept(means)
    tampered(means, *cut(mine, 1))
    assert asyncio.run(audit.anchor_anew(means, NOW)) == 1
    assert broken(means) == {}


@pytest.mark.security("LOG-7")
def test_every_history_is_judged_however_many_there_are(means):
    def work(conn):
        for number in range(1, 1203):
            account = accounts.add(conn, f"{number}@example.org", "Somebody", NOW)
            journal.record(conn, account.id, Event(EventKind.ACCOUNT_CREATED, NOW))

    means.database.write_now(work)
    told = []
    swept(means)
    tampered(means, "UPDATE journal SET kind = 'x' WHERE account_id = (SELECT max(account_id) FROM accounts)")
    found = asyncio.run(audit.audit(means, tell=lambda done, total: told.append((done, total))))
    assert (found.histories, len(found.broken)) == (1202, 1)
    assert told == [(500, 1202), (1000, 1202), (1202, 1202)]
