"""Reading the list: few statements, however long it is, and nothing written."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from given import a_sync_app, given, redeemed
from people import ADA, SAFARI_ON_IPHONE, Clock
from routes import still
from signedin.store.endings import endings, endings_head, nodes

# Renewed every second on PostgreSQL, whatever else is asked.
OF_THE_LEASE = (nodes.name, endings.name, endings_head.name)


@pytest.fixture
def house(tmp_path):
    """A server whose jobs do not run: what they ask in between would be counted."""
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def statements():
    """What the database is asked while the test runs, without the brackets of transactions and without the lease."""
    asked = []

    def note(conn, cursor, statement, *rest):
        words = re.findall(r"\w+", statement)
        if not statement.startswith(("BEGIN", "PRAGMA")) and not set(OF_THE_LEASE) & set(words):
            asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield asked
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("others", [0, 3, 12])
def test_the_list_is_one_statement_and_the_page_two_however_many_sessions_there_are(
    house, statements, others
):
    laptop = house.signed_in()
    for _ in range(others):
        house.signed_in(SAFARI_ON_IPHONE)
    statements.clear()
    assert len(laptop.sessions()) == others + 1
    assert len(statements) == 1
    statements.clear()
    assert laptop.open("/settings/sessions").status_code == 200
    assert len(statements) == 2


def test_where_apps_were_given_access_the_list_takes_one_statement_more_however_many_they_are(
    house, statements
):
    laptop = house.signed_in()
    for number in range(3):
        redeemed(house, given(house, a_sync_app(house, id=f"sync{number}")))
    statements.clear()
    assert len(laptop.sessions()) == 4
    assert len(statements) == 2


@pytest.mark.guide("R38")
def test_reading_the_list_writes_nothing(house, statements):
    laptop = house.signed_in()
    statements.clear()
    laptop.sessions()
    laptop.open("/settings/sessions")
    assert all(statement.startswith("SELECT") for statement in statements)
