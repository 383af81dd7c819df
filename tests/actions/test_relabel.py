"""Devices are read anew by today's rules, from what their browsers said when they signed in."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from people import CHROME_ON_MACOS, SAFARI_ON_IPHONE
from signedin.actions.relabel import relabel
from signedin.gate.user_agent import read_again, ruleset
from signedin.rules.device import Device, DeviceKind
from signedin.rules.event import EventKind
from signedin.store import accounts, journal, labels

NAMES_OF_OLD = "UPDATE sessions SET ruleset = 'old', device = replace(device, 'macOS', 'Macintosh')"


def done(house, read=read_again, **more):
    return asyncio.run(relabel(house.means, read, ruleset(), house.clock(), **more))


def aged(house):
    """What an older version had read."""
    house.means.database.write_now(lambda conn: conn.exec_driver_sql(NAMES_OF_OLD))


@pytest.mark.guide("R6", "D30")
def test_names_that_an_older_version_read_are_read_anew_and_the_page_learns_it(house):
    laptop = house.signed_in(CHROME_ON_MACOS)
    house.signed_in(SAFARI_ON_IPHONE)
    before = laptop.current()
    aged(house)
    assert laptop.current()["device"] == "Chrome on Macintosh"
    made = done(house)
    assert (made.read, made.changed) == (2, 1)
    assert laptop.current() == before
    account = house.means.database.read_now(accounts.find_by_email, "ada@example.org")
    last = house.means.database.read_now(journal.since, account.id, 0)[-1].event
    assert (last.kind, last.subject) == (EventKind.SESSION_CHANGED, before["id"])
    assert done(house).read == 0


@pytest.mark.guide("D30")
def test_client_hints_are_kept_so_that_what_they_told_is_not_lost(house):
    browser = house.browser(CHROME_ON_MACOS)
    browser.http.headers.update(
        {
            "sec-ch-ua": '"Chromium";v="152", "Brave";v="152", "Not A(Brand";v="8"',
            "sec-ch-ua-platform": '"Windows"',
            "sec-ch-ua-platform-version": '"15.0.0"',
        }
    )
    browser.sign_in()
    assert browser.current()["device"] == "Brave on Windows"
    house.means.database.write_now(lambda conn: conn.exec_driver_sql("UPDATE sessions SET ruleset = 'old'"))
    assert done(house).changed == 0
    assert browser.current()["device"] == "Brave on Windows"


@pytest.mark.guide("R22", "R23")
def test_an_application_keeps_the_name_it_is_registered_by():
    from signedin.rules.session import AppType

    sync = Device("Example Sync on macOS", DeviceKind.SYNC, "Example Sync 4.2 on macOS 26.1")
    assert read_again("ExampleSync/4.2 (macOS 26.1; arm64)", AppType.SYNC, sync) == sync
    phone = Device("Example Mobile on Pixel 8", DeviceKind.PHONE, "")
    assert read_again("ExampleMobile/5.0.2 (Pixel 8; Android 15)", AppType.MOBILE, phone).name == phone.name


def test_more_than_a_batch_is_done_in_batches_and_told(house, monkeypatch):
    monkeypatch.setattr("signedin.actions.relabel.BATCH", 2)
    for _ in range(3):
        house.signed_in()
    aged(house)
    told = []
    assert done(house, tell=lambda *how_far: told.append(how_far)).changed == 3
    assert told == [(2, 3), (3, 3)]


def test_a_session_that_ended_meanwhile_is_left_alone(house):
    laptop = house.signed_in()
    aged(house)
    (labelled,) = house.means.database.read_now(labels.old, ruleset(), (0, ""), 10)
    laptop.log_out()
    renamed = replace(labelled.device, name="Lynx")
    assert not house.means.database.write_now(labels.relabel, labelled, renamed, ruleset())
