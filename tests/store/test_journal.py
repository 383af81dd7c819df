"""The journal shows when it was tampered with, and does not take the erasing of a person for it."""

from __future__ import annotations

import hashlib
import json

import pytest
import sqlalchemy as sa

from databases import only_on_sqlite
from people import ADA, GRACE, Clock, settings_in
from signedin.rules.event import Event, EventKind
from signedin.rules.moments import to_micros
from signedin.server.means import database_of
from signedin.store import accounts, chains, journal
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
    """Somebody writes into the database itself; `:nothing` is a byte that means nothing."""

    def work(conn):
        for statement in map(sa.text, statements):
            conn.execute(statement, {"nothing": b"\0"} if ":nothing" in statement.text else {})

    means.database.write_now(work)


def first_broken(means, email=ADA, anchor=NOWHERE):
    def ask(conn):
        head = next(head for head in journal.heads(conn, 0, 10) if head.email == email)
        return chains.first_broken(conn, head, means.keyring.mac, anchor)

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
    "other facts": 'UPDATE journal SET facts = \'{"app_type"\\:"admin"}\' WHERE number = 2',
    "facts that are none": "UPDATE journal SET facts = '{' WHERE number = 2",
    "another commitment": "UPDATE journal SET commitment = :nothing WHERE number = 2",
    "another link": "UPDATE journal SET chain = :nothing WHERE number = 2",
    "a link that is text": "UPDATE journal SET chain = 'whole' WHERE number = 2",
    "another device": 'UPDATE journal_personal SET fields = \'{"device"\\:"Lynx"}\' WHERE number = 2',
    "a device that is none": "UPDATE journal_personal SET fields = '{' WHERE number = 2",
    "another salt": "UPDATE journal_personal SET salt = :nothing WHERE number = 2",
    "taken out": "DELETE FROM journal WHERE number = 2",
}
FOREIGN = ("a kind that is no text", "a moment that is none", "a link that is text")
of_another_type = only_on_sqlite("A column of PostgreSQL keeps no value of another type.")


@pytest.mark.security("LOG-7", "16.4.2")
@pytest.mark.parametrize(
    "how", [pytest.param(how, marks=of_another_type if how in FOREIGN else ()) for how in TAMPERED]
)
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

    def work(conn):
        before, mine = b"", journal.journal.c.account_id == account_id
        columns = [sa.type_coerce(each, sa.types.NullType()) for each in journal.journal.c]
        told = sa.select(*columns).where(mine).order_by(journal.journal.c.number)
        for _, number, at, kind, subject, by, facts, commitment, _ in conn.execute(told).all():
            facts_said = json.dumps(json.loads(facts), sort_keys=True, ensure_ascii=False)
            text = json.dumps([number, at, kind, subject, by, facts_said], ensure_ascii=False)
            before = hashlib.sha256(before + text.encode() + commitment).digest()
            this = mine & (journal.journal.c.number == number)
            conn.execute(journal.journal.update().where(this).values(chain=before))
        mine = accounts.accounts.c.account_id == account_id
        conn.execute(accounts.accounts.update().where(mine).values(chain=before))
        return before

    return means.database.write_now(work)


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
    assert means.database.read_now(chains.unkeyed_until, account_id) == 4
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
    keyless = database_of(settings_in(tmp_path, 8000))
    with pytest.raises(KeyError):
        keyless.write_now(journal.record, account_id, Event(EventKind.SESSION_REVOKED, NOW))
    keyless.close()
    assert first_broken(means) is None
