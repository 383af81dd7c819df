"""What has ended does not come back, whoever tries: the database itself refuses it (P4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from databases import only_on_postgres
from people import ADA, BERLIN, CHROME_ON_MACOS, Clock, recognised
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.revocation import EndReason
from signedin.store import accounts, activity, sessions, tombstones
from signedin.store.activity import Use

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
RETURNS = "an ended session does not return"


@pytest.fixture
def begun(means):
    account = means.database.write_now(accounts.add, ADA, "Ada Lovelace", NOW)
    return means.database.write_now(begin, means, account, VISIT, Ticks(), 0, NOW)


def rows(means, begun, table=sessions.sessions):
    where = table.c.account_id == begun.session.account_id
    return means.database.read_now(lambda conn: conn.execute(sa.select(table).where(where)).all())


def ended(means, begun):
    """End it; returns its row as it was."""
    [row] = rows(means, begun)
    given = (begun.session.account_id, [begun.session.id], EndReason.REVOKED, NOW, 9)
    means.database.write_now(sessions.end, *given)
    return dict(row._mapping)


@pytest.mark.guide("R48")
@pytest.mark.security("7.4.1")
def test_the_row_of_an_ended_session_cannot_be_put_back(means, begun):
    row = ended(means, begun)
    with pytest.raises(sa.exc.IntegrityError, match=RETURNS):
        means.database.write_now(lambda conn: conn.execute(sessions.sessions.insert(), row))
    assert rows(means, begun) == []
    [absence] = recognised(means, begun.token, now=NOW)
    assert absence.reason == "revoked"


def test_neither_with_another_secret_nor_among_others_that_are_new(means, begun):
    row = ended(means, begun)
    new = row | {"session_id": "new", "digest": b"new"}
    for tried in ([row | {"digest": b"another"}], [new, row]):
        with pytest.raises(sa.exc.IntegrityError, match=RETURNS):
            means.database.write_now(
                lambda conn, tried=tried: conn.execute(sessions.sessions.insert(), tried)
            )
    assert rows(means, begun) == []


def test_a_late_note_of_use_brings_nothing_back(means, begun):
    ended(means, begun)
    use = Use(begun.session.account_id, begun.session.id, NOW + timedelta(minutes=1))
    means.database.note_now(activity.note, [use])
    assert rows(means, begun, activity.activity) == rows(means, begun) == []


def test_ending_it_again_changes_neither_when_nor_why(means, begun):
    ended(means, begun)
    first = rows(means, begun, tombstones.tombstones)
    later = (begun.session.account_id, [begun.session.id], EndReason.LOGGED_OUT, NOW + timedelta(days=1), 10)
    assert means.database.write_now(sessions.end, *later) == []
    assert rows(means, begun, tombstones.tombstones) == first


@only_on_postgres("A SQLite file has no partitions that could be written to by themselves.")
def test_it_is_refused_by_each_part_of_the_table_itself(means, begun):
    [part] = means.database.read_now(
        lambda conn: conn.scalars(sa.text("SELECT tableoid::regclass::text FROM sessions")).all()
    )
    row = ended(means, begun)
    itself = sessions.sessions.to_metadata(sa.MetaData(), name=part)
    with pytest.raises(sa.exc.IntegrityError, match=RETURNS):
        means.database.write_now(lambda conn: conn.execute(itself.insert(), row))
    assert rows(means, begun) == []
