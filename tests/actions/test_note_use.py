"""Notes of use are written together, and each for itself: what is wrong with one loses no other."""

from __future__ import annotations

import asyncio

import pytest

from databases import ON_POSTGRES
from people import ADA, ADELAIDE, BERLIN, CHROME_ON_MACOS, SAN_FRANCISCO, Clock, settings_in
from signedin.actions.list_sessions import read_list
from signedin.actions.note_use import flush
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.server.means import close_means, open_means
from signedin.store import accounts


class Home:
    """An installation without a server, and three sessions of Ada's in it."""

    def __init__(self, means, clock):
        self.means, self.clock = means, clock
        self.ada = means.database.write_now(accounts.add, ADA, "Ada Lovelace", clock())
        self.ids = [self.signed_in() for _ in range(3)]

    def signed_in(self):
        visit = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
        given = (self.means, self.ada, visit, Ticks(), 0, self.clock())
        return self.means.database.write_now(begin, *given).session.id

    def uses(self, *addresses):
        for row_id, address in zip(self.ids, addresses, strict=True):
            self.means.recent.note(self.ada.id, row_id, address, self.clock())

    def flush(self):
        means = self.means
        asyncio.run(flush(means.recent, means.database, means.keyring, means.places))

    def listed(self):
        """The rows as the database has them."""
        self.means.recent._seen.clear()
        found = self.means.database.read_now(read_list, self.means, self.ada.id, None, self.clock())
        return [found.find(row_id) for row_id in self.ids]


@pytest.fixture
def home(tmp_path):
    means = open_means(settings_in(tmp_path, 8000))
    yield Home(means, Clock())
    close_means(means)


def a_row_that_the_database_refuses(home, _):
    if ON_POSTGRES:
        check = f"ALTER TABLE activity ADD CONSTRAINT no CHECK (row_id <> '{home.ids[1]}') NOT VALID"
        home.means.database.write_now(lambda conn: conn.exec_driver_sql(check))
        return
    refusing = f"CREATE TRIGGER no BEFORE UPDATE ON activity WHEN new.row_id = '{home.ids[1]}'"
    home.means.database.write_now(
        lambda conn: conn.exec_driver_sql(f"{refusing} BEGIN SELECT RAISE(ABORT, 'no'); END")
    )


def a_place_that_cannot_be_read(home, monkeypatch):
    locate = home.means.places.locate

    def broken(address):
        if address == BERLIN:
            raise ValueError(address)
        return locate(address)

    monkeypatch.setattr(home.means.places, "locate", broken)


@pytest.mark.guide("R70", "D15")
@pytest.mark.parametrize(
    "fault", [a_row_that_the_database_refuses, a_place_that_cannot_be_read], ids=lambda each: each.__name__
)
def test_one_bad_row_loses_only_itself_and_holds_up_no_later_flush(home, monkeypatch, log_lines, fault):
    began_at = home.clock()
    fault(home, monkeypatch)
    home.clock.move(hours=1)
    log_lines()
    home.uses(ADELAIDE, BERLIN, ADELAIDE)
    home.flush()
    assert [row.last_at for row in home.listed()] == [home.clock(), began_at, home.clock()]
    [said] = (line for line in log_lines() if line["event"] == "a note of use could not be written")
    assert BERLIN not in str(said)
    home.clock.move(hours=1)
    home.uses(ADELAIDE, BERLIN, ADELAIDE)
    home.flush()
    assert [row.last_at for row in home.listed()] == [home.clock(), began_at, home.clock()]


@pytest.mark.guide("D16")
def test_a_row_tells_the_place_and_address_of_the_last_use_and_keeps_those_of_the_sign_in(home):
    home.clock.move(hours=1)
    home.uses(BERLIN, SAN_FRANCISCO, SAN_FRANCISCO)
    home.flush()
    moved, stayed, _ = home.listed()
    assert (moved.last_from.location.city, moved.began_from.location.city) == ("Berlin", "San Francisco")
    assert moved.last_from.masked_ip != moved.began_from.masked_ip == stayed.last_from.masked_ip
