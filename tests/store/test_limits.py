"""Attempts are counted on disk before the guess is judged, and nobody can lock out a browser that is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from databases import empty_database_in
from signedin.rules.attempts import ACCOUNT, ADDRESS, BROWSER, FORGOTTEN_AFTER, Attempts, Patience
from signedin.store import limits, tables
from signedin.store.keyring import Keyring
from signedin.store.limits import Subject

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ADA, GRACE = "ada@example.org", "grace@example.org"
HOME, CAFE = "198.51.100.7", "203.0.113.9"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ring(tmp_path):
    return Keyring.load(tmp_path / "secret.json")


@pytest.fixture
def database(tmp_path):
    made = opened(tmp_path)
    yield made
    made.close()


def opened(folder):
    database = empty_database_in(folder)
    database.create()
    with database.writing(), database.engine.begin() as conn:
        limits.attempts.create(conn, checkfirst=True)
    return database


@pytest.fixture
def attempt(ring, database):
    """Try to sign in; true when the guess may be judged."""

    def made(email=ADA, address=CAFE, browser=None, now=NOW):
        subjects = limits.subjects(ring, email=email, address=address, browser=browser)
        return database.write_now(limits.reserve, subjects, now) is None

    return made


@pytest.fixture
def succeed(ring, database):
    def made(email=ADA, address=CAFE, browser=None):
        database.write_now(
            limits.forgive, limits.subjects(ring, email=email, address=address, browser=browser)
        )

    return made


def test_five_guesses_are_judged_then_one_waits_a_minute_then_two(attempt):
    assert [attempt() for _ in range(8)] == [True] * 5 + [False] * 3
    assert not attempt(now=NOW + MINUTE - timedelta(microseconds=1))
    assert attempt(now=NOW + MINUTE)
    assert not attempt(now=NOW + 3 * MINUTE - timedelta(microseconds=1))
    assert attempt(now=NOW + 3 * MINUTE)


def test_who_is_refused_learns_until_when(ring, database):
    subjects = limits.subjects(ring, email=ADA, address=CAFE, browser=None)
    for _ in range(5):
        assert database.write_now(limits.reserve, subjects, NOW) is None
    assert database.write_now(limits.reserve, subjects, NOW + timedelta(seconds=20)) == NOW + MINUTE
    assert database.read_now(limits.find_block, subjects, NOW) == NOW + MINUTE
    assert database.read_now(limits.find_block, subjects, NOW + MINUTE) is None


def test_other_addresses_do_not_help_who_guesses_one_account(attempt):
    assert sum(attempt(address=f"203.0.113.{number}") for number in range(40)) == 5


def test_other_accounts_do_not_help_who_guesses_from_one_address(attempt):
    assert sum(attempt(email=f"{number}@example.org") for number in range(200)) == ADDRESS.free


def test_all_of_an_ipv6_network_is_one_address(attempt):
    tried = (attempt(email=f"{number}@example.org", address=f"2001:db8::{number:x}") for number in range(200))
    assert sum(tried) == ADDRESS.free


def test_a_refused_guess_counts_against_nobody(attempt, ring, database):
    for _ in range(100):
        attempt()
    assert counts(database) == [5, 5]


def test_success_clears_the_account(attempt, succeed):
    for day in range(30):
        assert [attempt(address=f"203.0.113.{day}") for _ in range(4)] == [True] * 4
        succeed(address=f"203.0.113.{day}")


def test_success_with_an_account_of_ones_own_does_not_clear_the_address(attempt, succeed):
    judged = 0
    for number in range(300):
        judged += attempt(email=f"{number}@example.org")
        if attempt(email="mallory@example.org"):
            succeed(email="mallory@example.org")
    assert judged <= ADDRESS.free


def test_an_office_of_many_people_who_know_their_passwords_never_waits(attempt, succeed):
    for number in range(300):
        assert attempt(email=f"{number}@example.org")
        succeed(email=f"{number}@example.org")


def test_success_takes_back_the_wait_that_its_own_attempt_brought(attempt, succeed):
    for number in range(ADDRESS.free):
        assert attempt(email=f"{number}@example.org")
    succeed(email=f"{ADDRESS.free - 1}@example.org")
    assert attempt(email="next@example.org")


@pytest.mark.security("6.1.1")
def test_6_1_1_a_thousand_wrong_guesses_of_strangers_do_not_keep_out_a_known_browser(attempt, succeed):
    for number in range(1000):
        attempt(address=f"203.0.113.{number % 250}", now=NOW + number * MINUTE)
    later = NOW + 1000 * MINUTE
    assert not attempt(address=HOME, now=later)
    assert attempt(address=CAFE, browser="the mark of ada's laptop", now=later)


def test_the_owner_who_comes_in_by_a_known_browser_opens_the_account_for_new_ones(attempt, succeed):
    while attempt():
        pass
    assert attempt(browser="the mark of ada's laptop")
    succeed(browser="the mark of ada's laptop")
    assert attempt(address=HOME)


def test_a_known_browser_has_its_own_limit(attempt):
    assert sum(attempt(browser="stolen") for _ in range(100)) == BROWSER.free
    assert attempt(browser="another")


@pytest.mark.security("6.3.1")
def test_6_3_1_the_count_survives_a_restart(tmp_path, ring):
    subjects = limits.subjects(ring, email=ADA, address=CAFE, browser=None)
    judged = 0
    for _ in range(10):
        database = opened(tmp_path)
        judged += database.write_now(limits.reserve, subjects, NOW) is None
        database.close()
    assert judged == 5


@pytest.mark.security("6.3.1")
def test_6_3_1_five_hundred_guesses_at_once_from_three_processes_do_not_pass_the_limit(tmp_path, ring):
    nodes = [opened(tmp_path) for _ in range(3)]
    subjects = limits.subjects(ring, email=ADA, address=CAFE, browser=None)

    def guess(number):
        return nodes[number % 3].write_now(limits.reserve, subjects, NOW) is None

    with ThreadPoolExecutor(12) as pool:
        judged = sum(pool.map(guess, range(500)))
    assert judged == 5
    assert counts(nodes[0]) == [5, 5]
    for node in nodes:
        node.close()


@pytest.mark.security("6.3.1")
@pytest.mark.parametrize("blocked", [ACCOUNT, ADDRESS])
def test_6_3_1_a_guess_that_is_refused_after_the_look_counts_against_nobody(database, monkeypatch, blocked):
    """As on a database where another guess is counted between the look and the count."""
    pair = [Subject(b"a", ACCOUNT), Subject(b"b", ADDRESS)]
    full = next(each for each in pair if each.patience is blocked)
    for _ in range(blocked.free):
        database.write_now(limits.reserve, [full], NOW)
    looked, find_block = [], limits.find_block

    def too_early(conn, counted, now):
        looked.append(counted)
        return None if len(looked) == 1 else find_block(conn, counted, now)

    monkeypatch.setattr(limits, "find_block", too_early)
    assert database.write_now(limits.reserve, pair, NOW) == NOW + MINUTE
    assert counts(database) == [blocked.free]


@pytest.mark.security("6.3.1")
def test_guesses_and_successes_at_once_never_wait_for_each_other_in_a_circle(tmp_path, ring):
    nodes = [opened(tmp_path) for _ in range(2)]
    everybody = [f"{number}@example.org" for number in range(4)]

    def come_in(number):
        subjects = limits.subjects(ring, email=everybody[number % 4], address=CAFE, browser=None)
        node = nodes[number % 2]
        if node.write_now(limits.reserve, subjects, NOW) is None:
            node.write_now(limits.forgive, subjects)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(come_in, range(400)))
    assert set(counts(nodes[0])) <= {0}
    for node in nodes:
        node.close()


@pytest.mark.security("6.3.1")
def test_6_3_1_the_counting_statement_alone_holds_the_limit(tmp_path, ring):
    """As on a database where many transactions read before one writes: the look before is switched off."""
    database = opened(tmp_path)
    subject = limits.subjects(ring, email=ADA, address=CAFE, browser=None)[0]

    def add(conn):
        return conn.execute(limits._one_more(conn, subject, NOW)).first() is not None

    assert sum(database.write_now(add) for _ in range(50)) == 5
    database.close()


@pytest.mark.security("6.3.1")
def test_6_3_1_a_patient_guesser_gets_a_hundred_attempts_and_no_more(attempt):
    now, judged = NOW, 0
    while now < NOW + timedelta(days=20):
        judged += attempt(address=f"203.0.113.{judged}", now=now)
        now += 10 * MINUTE
    assert judged == 100


attempts_made = st.lists(st.tuples(st.booleans(), st.integers(0, 4_000_000)), max_size=30)
patiences = st.builds(
    Patience,
    free=st.integers(1, 8),
    most=st.none() | st.integers(9, 15),
    one_back=st.none() | st.integers(1, 600).map(lambda seconds: timedelta(seconds=seconds)),
)


@pytest.fixture(scope="module")
def one_database(tmp_path_factory):
    made = opened(tmp_path_factory.mktemp("one"))
    yield made
    made.close()


@settings(max_examples=60, deadline=None)
@given(patience=patiences, steps=attempts_made)
def test_the_statement_counts_exactly_as_the_rule_does(one_database, patience, steps):
    subject, now, known = Subject(b"somebody", patience), NOW, None

    def work(conn):
        nonlocal now, known
        limits.clear(conn, subject.digest)
        for waits_it_out, seconds in steps:
            now += timedelta(seconds=seconds if waits_it_out else seconds % 100)
            blocked = known is not None and known.blocked_until is not None and known.blocked_until > now
            assert (limits.reserve(conn, [subject], now) is not None) == blocked
            known = known if blocked else patience.after(known, now)
            row = conn.execute(sa.select(limits.attempts)).one()
            assert Attempts(row.count, row.last_at, row.blocked_until) == known

    one_database.write_now(work)


def test_an_operator_can_open_an_account(attempt, ring, database):
    while attempt():
        pass
    database.write_now(limits.clear, limits.subjects(ring, email=ADA, address=CAFE, browser=None)[0].digest)
    assert attempt(address=HOME)


def test_the_table_names_nobody(attempt, database):
    attempt(browser="the mark of ada's laptop")
    attempt()
    kept = str(database.read_now(lambda conn: conn.execute(sa.select(limits.attempts)).all()))
    assert not any(word in kept for word in ("ada", "example", CAFE, "laptop"))


def test_what_is_a_month_old_is_forgotten_in_batches_oldest_first(attempt, database):
    for number in range(5):
        attempt(email=f"{number}@example.org", address=f"203.0.113.{number}", now=NOW + number * MINUTE)
    later = NOW + FORGOTTEN_AFTER + 2 * MINUTE
    assert database.write_now(limits.purge, later - FORGOTTEN_AFTER, 3) == 3
    assert database.write_now(limits.purge, later - FORGOTTEN_AFTER, 3) == 1
    assert database.write_now(limits.purge, later - FORGOTTEN_AFTER, 3) == 0
    assert len(counts(database)) == 6


def test_a_failed_transaction_counts_nothing(attempt, ring, database):
    subjects = limits.subjects(ring, email=ADA, address=CAFE, browser=None)

    def fails(conn):
        limits.reserve(conn, subjects, NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write_now(fails)
    assert counts(database) == []


def test_no_text_in_a_sign_in_form_breaks_the_counting(attempt):
    for text in ("", "\0", "\ud800", "x" * 10_000):
        assert attempt(email=text, address=text)
        assert attempt(email=text, browser=text or None)


def test_its_table_is_one_of_the_schemas():
    assert limits.attempts in tables.TABLES
    assert replace(Subject(b"x", ACCOUNT), is_counted=False).is_cleared


def counts(database):
    with database.engine.connect() as conn:
        found = list(conn.scalars(sa.select(limits.attempts.c.count).order_by(limits.attempts.c.count)))
        conn.rollback()
    return found
