"""One house for all pictures: an account for every way the list can look, and browsers to look with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser as Chromium

from browser.browsers import RealBrowser
from browser.looks import rows
from people import (
    CHROME_ON_MACOS,
    FIREFOX_ON_WINDOWS,
    PASSWORD,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    House,
    done_apart,
)
from signedin.rules.account import AccountId
from signedin.rules.event import Event, EventKind
from signedin.rules.revocation import EndReason
from signedin.rules.secret import account_of_session_id
from signedin.server import demo
from signedin.server.demo_places import DEMO_ADDRESSES
from signedin.server.demo_rows import APPS, DEVICES
from signedin.store import accounts, consents, journal, sessions, tombstones

ALONE, AT_HOME, CROWD, WORDY = (
    "alone@example.org",
    "home@example.org",
    "crowd@example.org",
    "wordy@example.org",
)
LONGEST = 120
LONG = ("Extraordinarily long-winded application that will not stop " * 3)[:LONGEST].strip()
UNBROKEN = ("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenhersteller" * 2)[:LONGEST]
RIGHT_TO_LEFT = "متصفح الويب السريع على نظام التشغيل الجديد"
SESSIONS, CONSENTS = sessions.sessions.c.session_id, consents.consents.c.consent_id
WIDE, PHONE, SMALL = (1280, 900), (390, 844), (320, 640)


@dataclass
class Gallery:
    """The house and who lives in it."""

    chromium: Chromium
    house: House
    empty: House
    ines: tuple[str, str]
    furniture: frozenset[str] = frozenset()

    @contextmanager
    def browser(self, size: tuple[int, int] = WIDE, **options: Any) -> Iterator[RealBrowser]:
        """A browser for as long as the block lasts; a trouble that nobody expected fails it."""
        width, height = size
        touch = {"has_touch": True, "is_mobile": True} if width < 500 else {}
        chosen = {"viewport": {"width": width, "height": height}} | touch | options
        address = chosen.pop("address", SAN_FRANCISCO)
        browser = RealBrowser(self.chromium, self.house, "looking", CHROME_ON_MACOS, address, chosen)
        try:
            yield browser
        finally:
            troubles = browser.close()
            self.tidy()
        assert not troubles, "\n".join(troubles)

    def signed_in(self, browser: RealBrowser, who: str = "") -> RealBrowser:
        """Signed in as the demo's Ines, or as somebody else by address."""
        email, password = (who, PASSWORD) if who else self.ines
        return browser.signed_in(email, password)

    def newcomer(self, who: str = "", agent: str = FIREFOX_ON_WINDOWS, address: str = SAN_FRANCISCO) -> str:
        """Another session of the account; returns its id."""
        email, password = (who, PASSWORD) if who else self.ines
        other = self.house.browser(agent, address)
        assert other.sign_in(email, password).status_code == 303
        row_id: str = other.current()["id"]
        return row_id

    def end(self, row_id: str, reason: EndReason = EndReason.REVOKED) -> None:
        """End a session, for whatever reason."""
        account_id = AccountId(account_of_session_id(row_id, self.house.means.keyring.way_keys) or 0)
        done_apart(self.house.means.database.write(_end, account_id, [row_id], reason, self.house.clock()))

    def tidy(self) -> None:
        """Take away what visitors left behind, so that everybody finds the same house."""
        done_apart(self.house.means.database.write(_end_all_but, self.furniture, self.house.clock()))

    def at_home(self, browser: RealBrowser, who: str) -> RealBrowser:
        """Signed in from the local network."""
        browser.address = "192.168.1.9"
        browser.context.set_extra_http_headers({"X-Forwarded-For": browser.address})
        return self.signed_in(browser, who)


def furnish(chromium: Chromium, house: House, empty: House) -> Gallery:
    """Move everybody in; the empty house is still to be set up."""
    filled = done_apart(demo.fill(house.means, house.clock()))
    for email in (ALONE, AT_HOME, CROWD, WORDY):
        house.somebody(email, "Grace Hopper")
    gallery = Gallery(chromium, house, empty, (filled.account.email, filled.password))
    gallery.newcomer(AT_HOME, SAFARI_ON_IPHONE, "192.168.1.20")
    gallery.newcomer(AT_HOME, FIREFOX_ON_WINDOWS, "10.0.0.4")
    rename(house, CROWD, [f"Browser {number} on Linux" for number in range(999)])
    rename(house, WORDY, [LONG, UNBROKEN, RIGHT_TO_LEFT, "A" * LONGEST, "Chrome on macOS"])
    connect(house, WORDY, [(UNBROKEN, LONG), (RIGHT_TO_LEFT, RIGHT_TO_LEFT * 3), (LONG, "")])
    gallery.furniture = house.means.database.read_now(_all_there)
    return gallery


def rename(house: House, email: str, names: list[str]) -> None:
    """Sessions of the demo's kinds under other names; every fourth one is worth a look."""
    now, chance = house.clock(), random.Random(1)

    def put(conn: Any) -> None:
        account = accounts.find_by_email(conn, email)
        for number, name in enumerate(names):
            device = DEVICES[number % len(DEVICES)]
            session = rows.named(rows.session_like(house.means, account.id, device, now, chance), name)
            rows.put(conn, house.means, session if number % 4 else rows.noticed(session), device)

    done_apart(house.means.database.write(put))


def connect(house: House, email: str, apps: list[tuple[str, str]]) -> None:
    """Connected apps with these names and descriptions."""
    now, chance = house.clock(), random.Random(2)

    def put(conn: Any) -> None:
        account = accounts.find_by_email(conn, email)
        for name, description in apps:
            app = replace(APPS[1], name=name, description=description, address=DEMO_ADDRESSES["Dublin"][0])
            demo._consent(conn, house.means, account.id, app, now, chance)

    done_apart(house.means.database.write(put))


def _all_there(conn: Any) -> frozenset[str]:
    return frozenset(row_id for ids in (SESSIONS, CONSENTS) for row_id in conn.scalars(sa.select(ids)))


def _end_all_but(conn: Any, kept: frozenset[str], now: datetime) -> None:
    for ids, end in ((SESSIONS, _end), (CONSENTS, _withdraw)):
        for account_id, row_id in conn.execute(sa.select(ids.table.c.account_id, ids)).all():
            if row_id not in kept:
                end(conn, account_id, [row_id], EndReason.REVOKED, now)


def _end(conn: Any, account_id: AccountId, ids: list[str], reason: EndReason, now: datetime) -> None:
    number = journal.record(conn, account_id, Event(EventKind.SESSION_REVOKED, now, ids[0]))
    sessions.end(conn, account_id, ids, reason, now, number)


def _withdraw(conn: Any, account_id: AccountId, ids: list[str], reason: EndReason, now: datetime) -> None:
    number = journal.record(conn, account_id, Event(EventKind.SESSION_REVOKED, now, ids[0]))
    tombstones.bury(conn, account_id, consents.end(conn, account_id, ids, now), reason, now, number)
