"""The journal shows when it was tampered with, and does not take the erasing of a person for it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from people import ADA, GRACE, Clock
from signedin.rules.event import Event, EventKind
from signedin.rules.moments import to_micros
from signedin.store import accounts, journal
from signedin.store.journal import Anchor

NOW = Clock()()
NOWHERE = Anchor(0, b"")


def history(means, email=ADA, entries=4):
    """An account with a history; returns its id."""

    def work(conn):
        account = accounts.add(conn, email, "Ada", NOW)
        for number in range(entries):
            facts, personal = {"app_type": "web", "place": number}, {"device": "Chrome on macOS"}
            journal.record(
                conn, account.id, Event(EventKind.SESSION_STARTED, NOW, f"s{number}", None, facts, personal)
            )
        return account.id

    return means.database.write_now(work)


def tampered(means, *statements):
    """Somebody writes into the file itself."""
    with closing(sqlite3.connect(means.database.path)) as conn, conn:
        for statement in statements:
            conn.execute(statement)


def first_broken(means, email=ADA, anchor=NOWHERE):
    def ask(conn):
        head = next(head for head in journal.heads(conn, 0, 10) if head.email == email)
        return journal.first_broken(conn, head, means.keyring.mac, anchor)

    return means.database.read_now(ask)


@pytest.mark.security("LOG-7", "16.4.2")
def test_a_history_that_nobody_touched_is_whole(means):
    history(means)
    history(means, GRACE, entries=1)
    assert first_broken(means) is None
    assert first_broken(means, GRACE) is None


TAMPERED = {
    "another kind": "UPDATE journal SET kind = 'session_revoked' WHERE number = 2",
    "a kind nobody knows": "UPDATE journal SET kind = 'no_such_kind' WHERE number = 2",
    "a kind that is no text": "UPDATE journal SET kind = CAST(x'ff' AS TEXT) WHERE number = 2",
    "another moment": "UPDATE journal SET at = at + 1 WHERE number = 2",
    "a moment that is none": "UPDATE journal SET at = 'yesterday' WHERE number = 2",
    "another subject": "UPDATE journal SET subject = 's9' WHERE number = 2",
    "somebody else did it": "UPDATE journal SET by_session = 's9' WHERE number = 2",
    "other facts": 'UPDATE journal SET facts = \'{"app_type":"admin"}\' WHERE number = 2',
    "facts that are none": "UPDATE journal SET facts = '{' WHERE number = 2",
    "another commitment": "UPDATE journal SET commitment = x'00' WHERE number = 2",
    "another link": "UPDATE journal SET chain = x'00' WHERE number = 2",
    "a link that is text": "UPDATE journal SET chain = 'whole' WHERE number = 2",
    "another device": 'UPDATE journal_personal SET fields = \'{"device":"Lynx"}\' WHERE number = 2',
    "a device that is none": "UPDATE journal_personal SET fields = '{' WHERE number = 2",
    "another salt": "UPDATE journal_personal SET salt = x'00' WHERE number = 2",
    "taken out": "DELETE FROM journal WHERE number = 2",
}


@pytest.mark.security("LOG-7", "16.4.2")
@pytest.mark.parametrize("how", TAMPERED)
def test_an_entry_that_was_changed_or_taken_out_is_named(means, how):
    history(means)
    tampered(means, TAMPERED[how])
    assert first_broken(means) == 2


@pytest.mark.security("LOG-7", "16.4.2")
def test_two_entries_that_changed_places_are_noticed(means):
    history(means)
    tampered(
        means,
        "UPDATE journal SET number = 9 WHERE number = 2",
        "UPDATE journal SET number = 2 WHERE number = 3",
        "UPDATE journal SET number = 3 WHERE number = 9",
    )
    assert first_broken(means) == 2


@pytest.mark.security("LOG-7")
def test_a_history_moved_to_another_account_is_noticed(means):
    mine, theirs = history(means), history(means, GRACE)
    tampered(
        means,
        f"DELETE FROM journal WHERE account_id = {theirs}",
        f"UPDATE journal SET account_id = {theirs} WHERE account_id = {mine}",
        f"UPDATE accounts SET chain = (SELECT chain FROM accounts WHERE account_id = {mine}) WHERE account_id = {theirs}",
    )
    assert first_broken(means, GRACE) == 1


@pytest.mark.security("LOG-7")
def test_the_personal_fields_of_a_person_can_be_erased(means):
    history(means)
    tampered(means, "DELETE FROM journal_personal")
    assert first_broken(means) is None


@pytest.mark.security("LOG-7")
def test_a_cut_end_is_noticed_where_the_account_still_names_it(means):
    history(means)
    tampered(means, "DELETE FROM journal WHERE number > 2")
    assert first_broken(means) == 3


def without_a_key(means, account_id):
    """Link every entry as the first version did, for which no key is needed; returns the last link."""
    with closing(sqlite3.connect(means.database.path)) as conn, conn:
        before = b""
        rows = conn.execute(
            "SELECT number, at, kind, subject, by_session, facts, commitment FROM journal WHERE account_id = ? ORDER BY 1",
            (account_id,),
        ).fetchall()
        for number, at, kind, subject, by, facts, commitment in rows:
            facts_said = json.dumps(json.loads(facts), sort_keys=True, ensure_ascii=False)
            text = json.dumps([number, at, kind, subject, by, facts_said], ensure_ascii=False)
            before = hashlib.sha256(before + text.encode() + commitment).digest()
            conn.execute(
                "UPDATE journal SET chain = ? WHERE account_id = ? AND number = ?",
                (before, account_id, number),
            )
        conn.execute("UPDATE accounts SET chain = ? WHERE account_id = ?", (before, account_id))
    return before


@pytest.mark.security("LOG-7")
def test_whoever_has_not_the_keyring_cannot_link_a_history_of_his_own(means):
    account_id = history(means)
    tampered(means, "UPDATE journal SET kind = 'session_revoked' WHERE number = 2")
    without_a_key(means, account_id)
    assert first_broken(means) == 1


@pytest.mark.security("LOG-7")
def test_entries_of_the_first_version_are_believed_as_far_as_they_are_anchored_and_no_further(means):
    account_id = history(means)
    last = without_a_key(means, account_id)
    assert means.database.read_now(journal.unkeyed_until, account_id) == 4
    anchor = Anchor(4, last, unkeyed=4)
    assert first_broken(means, anchor=anchor) is None
    event = Event(EventKind.SESSION_REVOKED, NOW, "s1")
    means.database.write_now(journal.record, account_id, event)
    assert first_broken(means, anchor=anchor) is None
    assert first_broken(means, anchor=Anchor(4, last, unkeyed=3)) == 4
    tampered(means, "UPDATE journal SET kind = 'session_revoked' WHERE number = 2")
    assert first_broken(means, anchor=anchor) == 2
    without_a_key(means, account_id)
    assert first_broken(means, anchor=anchor) == 4


def test_what_is_recorded_can_be_read_again(means):
    account_id = history(means)
    entries = means.database.read_now(journal.since, account_id, 3)
    assert [(each.number, each.event.subject, to_micros(each.event.at)) for each in entries] == [
        (4, "s3", to_micros(NOW))
    ]


def test_nothing_is_recorded_by_a_connection_without_a_key(means, tmp_path):
    account_id = history(means)
    with sa.create_engine(f"sqlite:///{means.database.path}").connect() as conn, pytest.raises(KeyError):
        journal.record(conn, account_id, Event(EventKind.SESSION_REVOKED, NOW))
