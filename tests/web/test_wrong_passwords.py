"""Wrong passwords in Activity: who tried, where, and how often, told to the owner and to nobody else."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, Clock, done_apart, running
from signedin.actions import note_failed
from signedin.actions.note_failed import write_failed
from signedin.actions.operate import disable
from signedin.rules.errors import Unavailable
from signedin.store import accounts
from web.operators import ROSA, at_the_console, number_of, operator_in
from web.test_activity_page import PATH, entries, filters

WRONG = "not the password at all"


def tried(house, times, browser=None, **more):
    """Somebody in Berlin tries passwords."""
    browser = browser or house.browser(FIREFOX_ON_WINDOWS, BERLIN)
    for _ in range(times):
        assert browser.sign_in(password=WRONG, **more).status_code == 401
        house.clock.move(seconds=5)
    return browser


def a_moment_later(house, later=timedelta(seconds=30)):
    """What the server does by itself, once that much time has gone by."""
    house.clock.move(seconds=later.total_seconds())
    done_apart(write_failed(house.means, house.clock()))


@pytest.mark.guide("R76", "R83")
def test_the_owner_reads_who_tried_from_where_and_how_often_a_moment_after_it_is_over(house):
    laptop = house.signed_in()
    tried(house, 3)
    done_apart(write_failed(house.means, house.clock()))
    assert "Wrong password" not in laptop.open(PATH).text
    a_moment_later(house)
    [entry] = entries(laptop.open(f"{PATH}?kind=fail").text)
    assert entry.startswith("Wrong password, 3 attempts: Firefox on Windows Berlin, DE 198.51.100.•••")
    assert filters(laptop.open(PATH).text)["Failed"] == "1"
    assert BERLIN not in laptop.open(PATH).text


@pytest.mark.guide("R76")
def test_who_comes_in_after_some_attempts_stands_right_above_them(house):
    tried(house, 1).sign_in()
    shown = entries(house.signed_in().open(PATH).text)[1:3]
    assert shown[0].startswith("Signed in with password: Firefox on Windows")
    assert shown[1].startswith("Wrong password: Firefox on Windows")


@pytest.mark.guide("D5")
def test_attempts_at_the_admin_application_are_marked_as_such(house):
    operator_in(house, ROSA, "owner")
    stranger = house.browser(FIREFOX_ON_WINDOWS, BERLIN)
    refused = stranger.send("/admin/sign-in", {"email": ROSA, "password": WRONG}, page="/admin/sign-in")
    assert refused.status_code == 401
    a_moment_later(house)
    console = at_the_console(house, ROSA)
    assert entries(house.signed_in(email=ROSA).open(f"{PATH}?kind=fail").text)[0].startswith(
        "Wrong password: Firefox on Windows Admin"
    )
    assert "Wrong password" not in console.open(f"/admin/accounts/{number_of(house, ADA)}").text


@pytest.mark.security("LOG-2", "LOG-3")
def test_programs_and_the_file_are_told_the_same(house):
    laptop = house.signed_in()
    tried(house, 2)
    a_moment_later(house)
    [item] = laptop.open("/v1/activity?kind=fail").json()["items"]
    assert (item["kind"], item["subject"], item["by"]) == ("sign_in_failed", None, None)
    assert item["facts"] == {"why": "wrong_password", "attempts": 2, "app_type": "web"}
    assert item["personal"] == {
        "device": "Firefox on Windows", "place": "Berlin, DE", "masked_ip": "198.51.100.•••",
    }  # fmt: skip
    [line] = csv.DictReader(io.StringIO(laptop.open("/settings/activity.csv?kind=fail").text))
    assert (line["event"], line["about"], line["attempts"]) == ("sign_in_failed", "Firefox on Windows", "2")


@pytest.mark.security("6.3.8")
def test_nothing_is_held_of_addresses_that_are_nobodys_or_that_were_not_judged(house):
    laptop, stranger = house.signed_in(), house.browser(FIREFOX_ON_WINDOWS, BERLIN)
    stranger.sign_in("nobody@example.org", WRONG)
    assert house.means.failed.take() == []
    tried(house, 5)
    assert stranger.sign_in(password=WRONG).status_code == 429
    a_moment_later(house)
    [item] = laptop.open("/v1/activity?kind=fail").json()["items"]
    assert item["facts"]["attempts"] == 5


def test_the_right_password_of_a_disabled_account_is_no_wrong_one(house):
    done_apart(disable(house.means, ADA, house.clock()))
    house.browser().sign_in()
    assert house.means.failed.take() == []


@pytest.mark.security("LOG-5")
def test_what_cannot_be_written_keeps_nobody_out_and_is_written_later(house, monkeypatch):
    tried(house, 1)
    monkeypatch.setattr(note_failed, "_write", refusing)
    laptop = house.signed_in()
    a_moment_later(house)
    assert entries(laptop.open(f"{PATH}?kind=fail").text) == []
    monkeypatch.undo()
    a_moment_later(house)
    assert len(entries(laptop.open(f"{PATH}?kind=fail").text)) == 1


@pytest.mark.security("LOG-5")
def test_an_account_whose_history_cannot_be_written_holds_up_no_other(house, monkeypatch):
    house.somebody(ROSA, "Rosa Castellanos")
    ada, write = number_of(house, ADA), note_failed._write

    def refusing_ada(conn, taken, now):
        return refusing() if taken.account_id == ada else write(conn, taken, now)

    monkeypatch.setattr(note_failed, "_write", refusing_ada)
    for email in (ADA, ROSA):
        house.browser(FIREFOX_ON_WINDOWS, BERLIN).sign_in(email, WRONG)
    a_moment_later(house)
    assert len(entries(house.signed_in(email=ROSA).open(f"{PATH}?kind=fail").text)) == 1
    assert house.means.failed.take() != []


def test_what_was_written_without_its_writer_being_told_is_told_once(house, monkeypatch):
    tried(house, 2)
    write = house.means.database.write

    async def unsure(*deed):
        await write(*deed)
        raise Unavailable

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(type(house.means.database), "write", lambda _, *deed: unsure(*deed))
        a_moment_later(house)
    a_moment_later(house)
    assert len(entries(house.signed_in().open(f"{PATH}?kind=fail").text)) == 1
    assert house.means.failed.take() == []


def refusing(*_):
    raise Unavailable


def test_a_server_that_stops_writes_what_it_holds(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody()
        tried(house, 2)
    with running(tmp_path, house.clock) as house:
        [entry] = entries(house.signed_in().open(f"{PATH}?kind=fail").text)
    assert entry.startswith("Wrong password, 2 attempts")


def test_a_closed_account_gets_no_new_entries(house):
    tried(house, 1)
    ada = number_of(house, ADA)
    before = house.means.database.read_now(accounts.history_number, ada)
    house.means.database.write_now(lambda conn: conn.execute(closed(ada)))
    a_moment_later(house)
    assert house.means.database.read_now(accounts.history_number, ada) == before


def closed(account_id):
    mine = accounts.accounts.c.account_id == account_id
    return accounts.accounts.update().where(mine).values(state="closed")
