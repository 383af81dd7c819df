"""Accounts: one set of them in an installation, and one address for each."""

from __future__ import annotations

import pytest

from databases import empty_database_in
from people import ADA, GRACE, Clock
from signedin.rules.errors import EmailTaken
from signedin.store import accounts, schema_version


@pytest.fixture
def database(tmp_path):
    made = empty_database_in(tmp_path)
    schema_version.upgrade(made)
    yield made
    made.close()


def join(conn, account, organisation_id):
    """Put an account into an organisation, for which there is no deed yet."""
    table = accounts.accounts
    conn.execute(
        table.update().where(table.c.account_id == account.id).values(organisation_id=organisation_id)
    )


@pytest.mark.guide("D32")
def test_an_address_is_one_account_in_the_whole_installation_whatever_organisation_it_is_in(database):
    ada, grace = (
        database.write_now(accounts.add, email, name, Clock()())
        for email, name in ((ADA, "Ada"), (GRACE, "G"))
    )
    database.write_now(join, ada, 1)
    database.write_now(join, grace, 2)
    for email in (ADA, GRACE):
        with pytest.raises(EmailTaken):
            database.write_now(accounts.add, email, "Somebody else", Clock()())
    found = database.read_now(accounts.every)
    assert {each.email: each.organisation_id for each in found} == {ADA: 1, GRACE: 2}
    assert database.read_now(accounts.find_by_email, ADA).id == ada.id
    database.write_now(join, ada, 2)
    assert database.read_now(accounts.find_by_email, ADA).id == ada.id, (
        "an organisation groups, it owns nothing"
    )
