"""`signedin account`: what an operator does for people."""

from __future__ import annotations

from people import Clock
from signedin.server.means import close_means, open_means
from signedin.server.settings import load
from signedin.store import accounts


def with_means(work):
    """Do something in the store that no command does."""
    means = open_means(load({}))
    try:
        return means.database.write_now(work)
    finally:
        close_means(means)


def test_every_account_is_listed_however_many_there_are(installed):
    def many(conn):
        for number in range(1200):
            accounts.add(conn, f"{number:04}@example.org", "Somebody", Clock()())

    with_means(many)
    listed = [each["email"] for each in installed.done("account", "list", "--json").value]
    assert len(listed) == 1201
    assert listed == sorted(listed)
