"""What a process remembers of the sessions it has met never lets anybody in: each check reads the database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from databases import only_on_sqlite
from people import BERLIN, CHROME_ON_MACOS, Clock, settings_in
from signedin.actions.authenticate import authenticate
from signedin.actions.met_before import MetBefore
from signedin.actions.note_use import flush
from signedin.actions.revoke import log_out, log_out_all, revoke
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import AccountState
from signedin.rules.presence import Presence
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, digest, make_token
from signedin.server.means import close_means, open_means
from signedin.store import accounts, sessions

ADA = "ada@example.org"
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())

pytestmark = only_on_sqlite("PostgreSQL is asked elsewhere, from a memory with leases.")


class Home:
    """An installation without a server, two sessions of Ada's in it, both met."""

    def __init__(self, means, clock):
        self.means, self.clock = means, clock
        self.account = means.database.write_now(accounts.add, ADA, "Ada Lovelace", clock())
        self.laptop, self.phone = self.sign_in(), self.sign_in()

    def sign_in(self, **ticks):
        given = (self.means, self.account, VISIT, Ticks(**ticks), 0, self.clock())
        begun = self.means.database.write_now(begin, *given)
        self.check(begun.token)
        return begun

    def check(self, token, kinds=frozenset({Kind.SES})):
        return authenticate(self.means, token, self.clock(), kinds)

    def statements(self, token):
        """The statements that one check takes."""
        asked = []
        self.means.checks._conn.set_trace_callback(asked.append)
        self.check(token)
        self.means.checks._conn.set_trace_callback(None)
        return len(asked)


@pytest.fixture
def home(tmp_path):
    means = open_means(settings_in(tmp_path, 8000))
    yield Home(means, Clock())
    close_means(means)


def ended_by(home, deed):
    """End the phone's session in this way; returns the reason that is told."""
    laptop, phone = home.check(home.laptop.token), home.check(home.phone.token)
    account_id, now = home.account.id, home.clock()
    if deed == "revoked":
        asyncio.run(revoke(home.means, laptop, home.phone.session.id, now))
    elif deed == "logged_out":
        asyncio.run(log_out(home.means, phone, now))
    elif deed == "logged_out_everywhere":
        asyncio.run(log_out_all(home.means, laptop, now))
    elif deed == "account_disabled":
        home.means.database.write_now(accounts.set_state, account_id, AccountState.DISABLED)
    elif deed == "account_closed":
        home.means.database.write_now(accounts.set_state, account_id, AccountState.CLOSED)
    elif deed == "expired_idle":
        home.clock.move(days=31)
    else:
        for _ in range(19):
            home.clock.move(days=20)
            home.means.recent.saw(account_id, home.phone.session.id, home.clock())
    return deed


@pytest.mark.guide("R48", "R49", "R58", "R68")
@pytest.mark.parametrize(
    "deed",
    ["revoked", "logged_out", "logged_out_everywhere", "account_disabled", "account_closed", "expired_idle",
     "expired_overall"],
)  # fmt: skip
def test_a_session_this_process_has_met_is_refused_from_the_next_check_after_its_end(home, deed):
    assert home.check(home.phone.token).current_id == home.phone.session.id
    reason = ended_by(home, deed)
    refused = home.check(home.phone.token)
    assert not isinstance(refused, Presence)
    assert refused.reason == reason


@pytest.mark.guide("R48")
def test_another_process_that_has_met_a_session_refuses_it_after_its_end_as_well(home, tmp_path):
    other = open_means(settings_in(tmp_path, 8000))
    try:
        assert isinstance(authenticate(other, home.phone.token, home.clock()), Presence)
        assert len(other.met) == 1
        ended_by(home, "revoked")
        assert authenticate(other, home.phone.token, home.clock()).reason == "revoked"
        assert len(other.met) == 0
    finally:
        close_means(other)


def test_a_session_met_before_is_recognised_exactly_as_at_the_first_time(home):
    home.means.met.drop(digest(home.phone.token))
    first = home.check(home.phone.token)
    assert home.check(home.phone.token) == first
    assert first.authenticated_at == home.phone.session.began_at


@pytest.mark.guide("D28")
def test_whoever_is_about_to_expire_is_looked_at_closely_although_met(home):
    home.clock.move(days=29, hours=23, minutes=59, seconds=30)
    assert home.check(home.phone.token).expires_soon
    home.clock.move(seconds=29)
    assert isinstance(home.check(home.phone.token), Presence)


def test_a_check_is_one_statement_and_an_unreadable_credential_costs_none(home):
    assert home.statements(home.phone.token) == 1
    assert home.statements("") == 0
    assert home.statements(home.phone.token[:-1]) == 0
    assert home.statements(home.phone.token[:-1] + "é") == 0
    assert home.statements(home.phone.token[:20] + "x" + home.phone.token[21:]) == 0


@pytest.mark.guide("D12")
def test_a_door_that_takes_other_kinds_refuses_a_token_that_was_met_at_another_door(home):
    assert home.check(home.phone.token, frozenset({Kind.APP})).reason == "wrong_kind"


@pytest.mark.security("T3")
def test_guesses_are_never_remembered_however_many_there_are(home):
    keys, met = home.means.keyring.way_keys, len(home.means.met)
    for _ in range(200):
        assert home.check(make_token(Kind.SES, home.account.id, keys)).reason == "unknown"
    assert len(home.means.met) == met


def test_short_idle_periods_are_written_through_at_every_check(tmp_path):
    means = open_means(settings_in(tmp_path, 8000, inactivity=timedelta(minutes=5)))
    try:
        home = Home(means, Clock())
        assert home.check(home.phone.token).expires_soon
        assert home.check(home.phone.token).expires_soon
    finally:
        close_means(means)


@pytest.mark.guide("R69", "D28")
def test_a_session_that_is_used_every_day_is_let_in_for_months_by_a_process_that_met_it_once(home):
    for _ in range(90):
        home.clock.move(days=1)
        assert isinstance(home.check(home.phone.token), Presence)
        home.means.recent.note(home.account.id, home.phone.session.id, BERLIN, home.clock())
        asyncio.run(flush(home.means.recent, home.means.database, home.means.keyring, home.means.places))
    home.clock.move(days=31)
    assert home.check(home.phone.token).reason == "expired_idle"


def test_those_not_met_for_longest_go_first():
    met = MetBefore(most=2)
    somebody = Presence(1, "row", "web", Clock()())
    for name in (b"a", b"b", b"c"):
        met.add(name, somebody, 7)
    assert met.find(b"a") == (somebody, 7)  # met again, so it stays
    met.add(b"d", somebody, 7)
    met.add(b"e", somebody, 7)
    assert [name for name in (b"a", b"b", b"c", b"d", b"e") if met.find(name)] != [b"b"]
    assert met.find(b"b") is None
    assert len(met) <= 4


def test_a_row_that_was_swept_is_forgotten_by_the_check_that_misses_it(home):
    gone = (home.account.id, [home.phone.session.id], EndReason.EXPIRED_IDLE, home.clock(), 9)
    assert len(home.means.met) == 2
    home.means.database.write_now(sessions.end, *gone)
    assert home.check(home.phone.token).reason == "expired_idle"
    assert len(home.means.met) == 1
