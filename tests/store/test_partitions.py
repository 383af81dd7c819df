"""On PostgreSQL every table of people's is kept in parts by account: what is asked often touches one part of each."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from databases import only_on_postgres
from given import a_client, asking, given
from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, Clock, settings_in
from plans import PREPARED_AFTER, SCANNED, asked_by, tables_touched
from signedin.actions import begin_session, change_factor, exchange, operate, revoke, sign_in, tidy
from signedin.actions.begin_session import Vouched
from signedin.actions.issue_key import issue_service_key
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sign_in import Ticks, Visit
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.access_key import AccessKey, Wish
from signedin.rules.account import OutsideId
from signedin.rules.ending import Ending, Scope
from signedin.rules.event import Event, EventKind
from signedin.rules.grant import Refresh
from signedin.rules.location import UNKNOWN
from signedin.rules.presence import Presence, Service
from signedin.rules.revocation import EndReason
from signedin.rules.secret import Kind, TokenRead, digest, make_token
from signedin.rules.session import AppType
from signedin.server.demo import fill
from signedin.server.means import close_means, open_means
from signedin.store import (
    access_keys,
    accounts,
    activity,
    endings,
    grants,
    journal,
    limits,
    outside,
    policies,
    postgres_checks,
    session_rows,
    sessions,
    tombstones,
    used_hours,
)
from signedin.store.activity import Use, Whereabouts
from signedin.store.schema import PARTITIONS

pytestmark = [
    only_on_postgres("A SQLite file has no partitions."),
    pytest.mark.xdist_group("partitions"),
]
NOW = Clock()()
HERE = Whereabouts(b"sealed", "203.0.113.•••", UNKNOWN)
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
MANY = 400
UNPARTITIONED = {
    "addresses",
    "asked",
    "attempts",
    "bulk_endings",
    "client_lookup",
    "clients",
    "device_codes",
    "endings",
    "endings_head",
    "invitations",
    "facts",
    "jobs",
    "logos",
    "lookup",
    "overview_days",
    "refused_sign_ins",
    "service_keys",
    "signing_keys",
    "used_once",
    "nodes",
    "old_hashes",
    "operator_deeds",
    "organisations",
    "outside_directory",
    "policies",
}


class Filled:
    """A database with some hundred people in it, and one of them with two sessions and a consent more."""

    def __init__(self, means):
        self.means, self.database = means, means.database
        asyncio.run(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), NOW))
        asyncio.run(fill(means, NOW))
        self.account = self.database.read_now(accounts.find_by_email, ADA)
        self.database.write_now(self._people)
        self.laptop, self.phone = self._signed_in(self.account), self._signed_in(self.account)
        key = AccessKey("k1", self.account.id, "backup", ("account:read",), NOW, "abcd")
        self.database.write_now(access_keys.add, key, digest("key"))
        self.service = self._service()
        ended = self._signed_in(self.account)
        self.database.write_now(sessions.end, self.account.id, [ended.session.id], EndReason.REVOKED, NOW, 1)
        self.ended = digest(ended.token)
        with self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("ANALYZE")
        web = AppType.WEB
        self.presence = Presence(self.account.id, self.laptop.session.id, web, NOW)

    def _service(self):
        """An app that knows her by an id of its own."""
        values = {"service": "shop", "subject": "ada", "account_id": self.account.id}
        for table in (outside.outside_directory, outside.outside_ids):
            self.database.write_now(lambda conn, into: conn.execute(into.insert().values(**values)), table)
        wish = Wish("shop", ("sessions:begin",))
        made = asyncio.run(issue_service_key(self.means, wish, [AppType.WEB], NOW)).key
        return Service(made.id, made.name, frozenset(made.scopes), frozenset(made.app_types))

    def _people(self, conn):
        for number in range(MANY):
            somebody = accounts.add(conn, f"{number}@example.org", "Somebody", NOW)
            sign_in.begin(conn, self.means, somebody, VISIT, Ticks(remember=True), 0, NOW)

    def _signed_in(self, account):
        given = (sign_in.begin, self.means, account, VISIT, Ticks(remember=True), 0, NOW)
        return self.database.write_now(*given)

    def asked(self, deed, *given):
        return asked_by(self.database, deed, *given)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    means = open_means(settings_in(tmp_path_factory.mktemp("filled"), 8000))
    yield Filled(means)
    close_means(means)


def the_check(filled):
    given, ended = (filled.account.id, digest(filled.laptop.token)), (filled.account.id, filled.ended)
    number = (filled.account.id,)
    return [
        (postgres_checks._LIVING, given),
        (tombstones.ENDED["postgresql"], ended),
        (postgres_checks._NUMBER, number),
    ]


def the_list(filled):
    return filled.asked(session_rows.of, filled.account.id)


def revoking(filled):
    return filled.asked(revoke._revoke, filled.means, filled.presence, filled.phone.session.id, NOW)


def revoking_what_has_ended(filled):
    def deed(conn):
        sessions.end(conn, filled.account.id, [filled.phone.session.id], EndReason.REVOKED, NOW, 1)
        revoke._revoke(conn, filled.means, filled.presence, filled.phone.session.id, NOW)

    return filled.asked(deed)


def logging_out(filled):
    return filled.asked(revoke.log_out_within, filled.account.id, filled.laptop.session.id, NOW)


def logging_out_everywhere_and_tidying(filled):
    def deed(conn):
        revoke._log_out_all(conn, filled.means, filled.presence, filled.laptop.session.id, NOW)
        tidy.tidy_batch(conn, filled.account.id, NOW)

    return filled.asked(deed)


def an_operator_ending_one(filled):
    given = (filled.means, filled.account.id, filled.phone.session.id, "lost", NOW)
    return by_account(filled, operate._end_one, *given)


def an_operator_ending_everything(filled):
    return by_account(filled, operate._end_all, filled.means, ADA, "breach", NOW)


def disabling_an_account(filled):
    return by_account(filled, operate._disable, filled.means, ADA, "breach", NOW)


def setting_a_password(filled):
    return by_account(filled, change_factor._set_password, filled.means, ADA, "hash", "forgotten", NOW)


def by_account(filled, deed, *given):
    """Without the address that leads to the account: that is looked up in a table of all addresses."""
    asked = filled.asked(deed, *given)
    return [each for each in asked if "addresses" not in each[0]]


def writing_the_journal(filled):
    event = Event(EventKind.SESSION_REVOKED, NOW, "x", None, {}, {"device": "x"})
    return filled.asked(journal.record, filled.account.id, event)


def looking_up_who_signs_in(filled):
    return filled.asked(sign_in._look_up, filled.means, ADA, VISIT)


def signing_in(filled):
    given = (filled.means, filled.account, VISIT, Ticks(remember=True), 0, NOW)
    return filled.asked(sign_in.begin, *given)


def checking_an_access_key(filled):
    return filled.asked(access_keys.find_by_digest, filled.account.id, digest("key"))


def making_an_account_for_an_app(filled):
    given = (filled.service, OutsideId("shop", "somebody new"), Vouched("", AppType.WEB), NOW)
    return filled.asked(begin_session._made, *given)


def beginning_a_session_for_an_app(filled):
    whose, vouched = OutsideId("shop", "ada"), Vouched("", AppType.WEB, remember=True)
    visit = replace(VISIT, vouched_by=filled.service)

    def deed(conn):
        begin_session._begin(conn, filled.means, filled.service, whose, vouched, visit, NOW)
        outside.subjects(conn, "shop", [filled.account.id])

    return filled.asked(deed)


def refreshing(filled):
    house = SimpleNamespace(means=filled.means, clock=lambda: NOW)
    it = given(house, a_client(house, id="calendar"))
    token = make_token(Kind.REF, filled.account.id, filled.means.keyring.way_keys)
    read = TokenRead(Kind.REF, filled.account.id, digest(token))

    def deed(conn):
        grants.add_refresh(conn, filled.account.id, digest(token), Refresh(it.grant.id, 0))
        exchange._refresh(conn, filled.means, asking(it.client), read, NOW)

    return filled.asked(deed)


HOT = {
    the_check: {"sessions", "accounts", "activity", "tombstones"},
    the_list: {"sessions", "accounts", "activity", "consents", "access_keys"},
    revoking: {"sessions", "accounts", "activity", "consents", "access_keys", "tombstones", "journal"},
    revoking_what_has_ended: {"sessions", "tombstones"},
    logging_out: {"sessions", "accounts", "activity", "tombstones", "journal", "journal_personal"},
    logging_out_everywhere_and_tidying: {"sessions", "accounts", "outbox", "known_browsers", "tombstones"},
    an_operator_ending_one: {"sessions", "accounts", "activity", "tombstones", "journal"},
    an_operator_ending_everything: {"sessions", "consents", "accounts", "access_keys", "outbox", "journal"},
    disabling_an_account: {"sessions", "consents", "accounts", "activity", "tombstones", "journal"},
    setting_a_password: {"sessions", "consents", "accounts", "passwords", "tombstones", "outbox"},
    writing_the_journal: {"accounts", "journal", "journal_personal"},
    looking_up_who_signs_in: {"accounts", "passwords", "old_hashes", "known_browsers"},
    signing_in: {"sessions", "activity", "accounts", "known_browsers", "familiar_places", "outbox"},
    checking_an_access_key: {"access_keys"},
    making_an_account_for_an_app: {"accounts", "outside_ids", "journal", "journal_personal"},
    beginning_a_session_for_an_app: {"accounts", "outside_ids", "sessions", "activity", "journal"},
    refreshing: {"accounts", "grants", "refresh_tokens", "access_tokens", "activity", "consents", "sessions"},
}


@pytest.mark.parametrize("deed", HOT, ids=lambda deed: deed.__name__)
def test_every_statement_touches_one_part_of_each_table_however_often_it_is_asked(filled, deed):
    statements, seen = deed(filled), set()
    assert statements
    for statement, values in statements:
        touched = tables_touched(filled.database, statement, values)
        for table, parts in touched.items():
            is_insert = re.search(rf"\bINSERT INTO {table}\b", statement) is not None
            wanted = {0} if table in UNPARTITIONED or is_insert else {1}
            assert len(parts) in wanted, (table, sorted(parts), statement)
        seen |= touched.keys()
    assert seen >= HOT[deed]


def test_the_trigger_that_refuses_a_return_looks_into_one_part_however_often_it_has_looked(filled):
    def deed(conn):
        for _ in range(PREPARED_AFTER + 4):
            given = (conn, filled.means, filled.account, VISIT, Ticks(), 0, NOW)
            sign_in.begin(*given)
        return conn.scalars(sa.text(SCANNED)).all()

    scanned = filled.database.write_now(deed)
    assert len([name for name in scanned if name.startswith("tombstones_")]) == 1


def uses_are_noted(filled, times):
    """The tables that were looked into."""

    def deed(conn):
        for hour in range(times):
            at = NOW + timedelta(hours=hour)
            use = Use(filled.account.id, filled.phone.session.id, at, 1, b"mac%d" % hour, lambda: HERE)
            assert activity.note(conn, [use], hours=used_hours.note) == []
        return conn.scalars(sa.text(SCANNED)).all()

    return filled.database.write_now(deed)


def parts_of(table, scanned):
    return len([name for name in scanned if re.fullmatch(rf"{table}_\d+", name)])


def test_noting_a_use_looks_into_the_part_of_its_account_alone(filled):
    scanned = uses_are_noted(filled, PREPARED_AFTER + 4)
    assert (parts_of("activity", scanned), parts_of("used_hours", scanned)) == (1, 1)


def test_noting_hours_looks_into_one_part_whatever_was_counted_and_however_often_uses_are_noted(filled):
    filled.database.write_now(lambda conn: conn.execute(sa.text("ANALYZE used_hours")))
    assert parts_of("used_hours", uses_are_noted(filled, 10 * PREPARED_AFTER)) == 1


def test_counting_attempts_is_by_one_key_in_a_table_without_parts_because_it_knows_no_account(filled):
    subjects = limits.subjects(filled.means.keyring, email=ADA, address=BERLIN, browser=None)
    for deed in (limits.reserve, limits.find_block):
        more = (NOW,)
        for statement, values in filled.asked(deed, subjects, *more):
            assert tables_touched(filled.database, statement, values) == {"attempts": set()}


def test_logging_an_ending_is_in_a_table_without_parts_because_all_nodes_read_it_in_one_order(filled):
    ending = Ending(Scope.SESSION, filled.account.id, (b"x" * 32,))
    touched = {}
    for statement, values in filled.asked(endings.record, ending, NOW):
        touched |= tables_touched(filled.database, statement, values)
    assert touched == {"endings": set()}


def test_every_table_whose_key_is_led_by_the_account_has_its_parts_and_people_are_in_all_of_them(filled):
    asked = sa.text("SELECT partrelid::regclass::text, count(inhrelid) FROM pg_partitioned_table"
                    " JOIN pg_inherits ON inhparent = partrelid GROUP BY 1")  # fmt: skip
    parts = dict(filled.database.read_now(lambda conn: conn.execute(asked).all()))
    by_account = {
        table.name
        for table in sessions.sessions.metadata.tables.values()
        if next(iter(table.primary_key)).name == "account_id"
    }
    assert parts == dict.fromkeys(by_account, PARTITIONS)
    assert set(sessions.sessions.metadata.tables) == by_account | UNPARTITIONED
    spread = sa.text("SELECT count(DISTINCT tableoid) FROM sessions")
    assert filled.database.read_now(lambda conn: conn.scalar(spread)) == PARTITIONS


def test_the_rules_of_an_account_are_asked_of_one_part(filled):
    asked = policies.OF_ACCOUNT.format(whose="%s")
    touched = tables_touched(filled.database, asked, (filled.account.id,))
    assert len(touched["memberships"]) == 1


def test_a_statement_that_names_no_account_is_found_to_touch_every_part(filled):
    """As a check of the test itself."""
    touched = tables_touched(filled.database, "SELECT account_id FROM sessions WHERE digest = %s", (b"x",))
    assert len(touched["sessions"]) == PARTITIONS
