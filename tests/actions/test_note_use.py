"""Notes of use are written together, and each for itself: what is wrong with one loses no other."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from databases import ON_POSTGRES
from people import (
    ADA,
    ADELAIDE,
    BERLIN,
    CHROME_ON_MACOS,
    FIREFOX_ON_WINDOWS,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    settings_in,
)
from signedin.actions import note_use
from signedin.actions.list_sessions import read_list
from signedin.actions.note_use import flush, write_first
from signedin.actions.relabel import relabel
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_again, read_device, ruleset, what_it_said
from signedin.rules.errors import Unavailable
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.means import close_means, open_means
from signedin.store import accounts, labels
from signedin.store.activity import activity


class Home:
    """An installation without a server, and three sessions of Ada's in it."""

    def __init__(self, means, clock):
        self.means, self.clock = means, clock
        self.ada = means.database.write_now(accounts.add, ADA, "Ada Lovelace", clock())
        self.ids = [self.signed_in() for _ in range(3)]

    def signed_in(self, agent=CHROME_ON_MACOS, hints=None, app_name=None, app_type=AppType.WEB):
        device = read_device(agent, hints or {}, app_name)
        visit = Visit(SAN_FRANCISCO, what_it_said(agent, hints or {}), device, ruleset())
        given = (self.means, self.ada, visit, Ticks(), 0, self.clock(), None, app_type)
        return self.means.database.write_now(begin, *given).session.id

    def sessions(self, *given):
        """Sessions that begin like that, instead of the first ones."""
        self.ids = [self.signed_in(**each) for each in given]

    def uses(self, *addresses):
        for row_id, address in zip(self.ids, addresses, strict=True):
            self.means.recent.note(self.ada.id, row_id, address, self.clock())

    def used_with(self, *agents, address=SAN_FRANCISCO):
        """The last device of each row after a use by that agent, and the rows."""
        self.clock.move(minutes=5)
        for row_id, agent in zip(self.ids, agents, strict=True):
            self.means.recent.note(self.ada.id, row_id, address, self.clock(), agent)
        self.flush()
        return [row.last_device and row.last_device.name for row in self.listed()]

    def flush(self):
        means = self.means
        asyncio.run(flush(means.recent, means.database, means.keyring, means.places))

    def write_first(self, row_id):
        means, who = self.means, Presence(self.ada.id, row_id, AppType.WEB, self.clock())
        asyncio.run(write_first(means.recent, means.database, means.keyring, means.places, who))

    def listed(self):
        """The rows as the database has them."""
        recent = self.means.recent
        recent._seen.clear()
        waiting, recent._pending = recent._pending, {}
        found = self.means.database.read_now(read_list, self.means, self.ada.id, None, self.clock())
        recent._pending = waiting
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


@pytest.mark.guide("R15", "D28")
def test_a_server_that_is_stopped_between_two_chunks_loses_no_note(home, monkeypatch):
    began_at = home.clock()
    monkeypatch.setattr(note_use, "CHUNK", 1)
    home.clock.move(hours=1)
    home.uses(ADELAIDE, BERLIN, ADELAIDE)

    async def stopped_after_the_first():
        means = home.means
        flushing = asyncio.create_task(flush(means.recent, means.database, means.keyring, means.places))
        pauses = asyncio.Event()

        async def pause(_):
            pauses.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(asyncio, "sleep", pause)
        await pauses.wait()
        flushing.cancel()
        await asyncio.wait([flushing])

    asyncio.run(stopped_after_the_first())
    assert [row.last_at for row in home.listed()] == [home.clock(), began_at, began_at]
    assert len(home.means.recent) == 2
    monkeypatch.undo()
    home.flush()
    assert [row.last_at for row in home.listed()] == [home.clock()] * 3


@pytest.mark.guide("R12")
def test_an_address_is_located_and_sealed_only_where_it_is_another(home, monkeypatch):
    located, locate = [], home.means.places.locate
    monkeypatch.setattr(
        home.means.places, "locate", lambda address: located.append(address) or locate(address)
    )
    for place in (ADELAIDE, ADELAIDE, BERLIN):
        home.clock.move(minutes=5)
        home.uses(place, ADELAIDE, ADELAIDE)
        home.flush()
    assert located == [ADELAIDE, ADELAIDE, ADELAIDE, BERLIN]
    assert [row.last_from.location.city for row in home.listed()] == ["Berlin", "Adelaide", "Adelaide"]


@pytest.mark.guide("D28")
@pytest.mark.security("attack-19")
@pytest.mark.parametrize(
    "fault", [a_row_that_the_database_refuses, a_place_that_cannot_be_read], ids=lambda each: each.__name__
)
def test_a_use_that_an_answer_depends_on_is_written_alone_or_the_answer_is_not_known(
    home, monkeypatch, fault
):
    began_at = home.clock()
    fault(home, monkeypatch)
    home.clock.move(hours=1)
    home.uses(ADELAIDE, BERLIN, ADELAIDE)
    home.write_first(home.ids[0])
    with pytest.raises(Unavailable):
        home.write_first(home.ids[1])
    assert [row.last_at for row in home.listed()] == [home.clock(), began_at, began_at]
    assert len(home.means.recent) == 2, "they wait again, or still"


@pytest.mark.guide("D28", "R69")
def test_a_use_that_was_written_first_is_known_here_as_exactly_as_any_other(home):
    home.uses(ADELAIDE, ADELAIDE, ADELAIDE)
    home.flush()
    home.clock.move(minutes=1)
    home.uses(ADELAIDE, ADELAIDE, ADELAIDE)
    home.clock.move(seconds=30)
    home.uses(ADELAIDE, ADELAIDE, ADELAIDE)
    home.write_first(home.ids[0])
    assert [home.means.recent.latest(home.ada.id, each) for each in home.ids] == [home.clock()] * 3


@pytest.mark.guide("D16")
def test_a_row_tells_the_place_and_address_of_the_last_use_and_keeps_those_of_the_sign_in(home):
    home.clock.move(hours=1)
    home.uses(BERLIN, SAN_FRANCISCO, SAN_FRANCISCO)
    home.flush()
    moved, stayed, _ = home.listed()
    assert (moved.last_from.location.city, moved.began_from.location.city) == ("Berlin", "San Francisco")
    assert moved.last_from.masked_ip != moved.began_from.masked_ip == stayed.last_from.masked_ip


NONE_TO_READ = [
    "",
    "x" * 501,
    "Firefox/149.0 \x1b[2J",
    "Firefox/149.0 \xff",
    'Firefox/149.0 "',
    "Mozilla/5.0",
]


@pytest.mark.guide("D16")
def test_the_last_device_is_told_where_it_is_another_and_the_row_is_called_by_that_of_its_sign_in(home):
    chrome, firefox, phone = "Chrome on macOS", "Firefox on Windows", "Safari on iOS"
    assert [row.last_device.name for row in home.listed()] == [chrome] * 3, "the sign-in is a use"
    assert home.used_with(FIREFOX_ON_WINDOWS, CHROME_ON_MACOS, "") == [firefox, chrome, chrome]
    assert home.used_with("", SAFARI_ON_IPHONE, "curl/8.5.0", address=BERLIN) == [firefox, phone, "curl"]
    assert home.used_with(CHROME_ON_MACOS, SAFARI_ON_IPHONE, "") == [chrome, phone, "curl"]
    assert {row.device.name for row in home.listed()} == {chrome}


@pytest.mark.guide("D16")
@pytest.mark.security("3.2.2")
@pytest.mark.parametrize("agent", NONE_TO_READ, ids=lambda agent: repr(agent[:16]))
def test_an_agent_in_which_nothing_can_be_read_leaves_what_was_known_written_or_not(home, agent):
    assert home.used_with(FIREFOX_ON_WINDOWS, "", "")[0] == "Firefox on Windows"
    assert home.used_with(agent, "", "")[0] == "Firefox on Windows"
    home.means.recent.note(home.ada.id, home.ids[0], BERLIN, home.clock(), SAFARI_ON_IPHONE)
    assert home.used_with(agent, "", "")[0] in {"Safari on iOS", "Firefox on Windows"}


@pytest.mark.guide("D16", "D30")
def test_a_browser_that_got_a_new_version_or_told_more_at_its_sign_in_is_the_same_device(home):
    brave = {"sec-ch-ua": '"Brave";v="152", "Chromium";v="152"', "sec-ch-ua-platform": '"macOS"'}
    home.sessions({"hints": brave}, {}, {"agent": ""})
    newer = CHROME_ON_MACOS.replace("152", "153")
    assert home.used_with(newer, newer, newer) == ["Brave on macOS", "Chrome on macOS", "Chrome on macOS"]
    assert [row.device.name for row in home.listed()] == [
        "Brave on macOS",
        "Chrome on macOS",
        "Unknown device",
    ]


@pytest.mark.guide("D16", "R22", "R23")
def test_what_the_calls_of_an_own_app_are_made_with_is_no_other_device_and_a_browser_is(home):
    own = {"app_name": "Example Mobile", "app_type": AppType.MOBILE}
    home.sessions(own | {"agent": "okhttp/4.9"}, own | {"agent": ""}, own | {"agent": ""})
    assert [row.last_device and row.last_device.name for row in home.listed()] == [
        "Example Mobile",
        None,
        None,
    ]
    told = home.used_with("okhttp/5.0", "okhttp/5.0", FIREFOX_ON_WINDOWS)
    assert told == ["Example Mobile", "Example Mobile", "Firefox on Windows"]


@pytest.mark.guide("D16", "R6")
def test_a_device_that_is_called_otherwise_by_newer_rules_is_still_that_of_the_sign_in(home):
    home.used_with(FIREFOX_ON_WINDOWS, "", "")

    def renamed(said, app_type, before):
        device = read_again(said, app_type, before)
        return type(device)(f"New {device.name}", device.kind, device.software)

    asyncio.run(relabel(home.means, renamed, "2/newer", home.clock()))
    assert [row.last_device.name for row in home.listed()] == [
        "Firefox on Windows",
        *["New Chrome on macOS"] * 2,
    ]


@pytest.mark.guide("D16", "R70")
def test_only_another_agent_costs_a_second_question_and_no_agent_is_kept(home, monkeypatch):
    asked, of = [], labels.of
    monkeypatch.setattr(labels, "of", lambda conn, keys: asked.append(len(keys)) or of(conn, keys))
    home.used_with(CHROME_ON_MACOS, CHROME_ON_MACOS, CHROME_ON_MACOS)
    assert asked == []
    for _ in range(2):
        home.used_with(CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, "curl/8.5.0")
    assert asked == [2]
    kept = home.means.database.read_now(lambda conn: conn.execute(sa.select(activity)).all())
    assert "Gecko" not in str(kept)
    assert "curl/8" not in str(kept)


@pytest.mark.guide("D16")
def test_a_use_that_is_told_late_changes_neither_place_nor_device(home):
    home.used_with(FIREFOX_ON_WINDOWS, "", "")
    home.clock.move(minutes=-3)
    home.means.recent.note(home.ada.id, home.ids[0], BERLIN, home.clock(), SAFARI_ON_IPHONE)
    home.flush()
    [row, *_] = home.listed()
    assert (row.last_device.name, row.last_from.location.city) == ("Firefox on Windows", "San Francisco")


@pytest.mark.guide("D16")
def test_of_a_session_that_code_of_before_has_begun_no_device_is_told_until_its_next_use(home):
    as_before = sa.update(activity).values(agent_mac=None, device=None)
    home.means.database.write_now(lambda conn: conn.execute(as_before))
    assert [row.last_device for row in home.listed()] == [None] * 3
    told = home.used_with(CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, "")
    assert told == ["Chrome on macOS", "Firefox on Windows", None]
