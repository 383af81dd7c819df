"""Waits that grow, and where patience ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.rules.attempts import ACCOUNT, ADDRESS, BROWSER, FORGOTTEN_AFTER, Attempts, Patience, network_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def waits(patience, count):
    return [patience.wait_after(each) for each in range(1, count + 1)]


def test_five_attempts_are_free_then_the_wait_doubles_up_to_ten_minutes():
    assert [wait.total_seconds() / 60 for wait in waits(ACCOUNT, 12)] == [
        0,
        0,
        0,
        0,
        1,
        2,
        4,
        8,
        10,
        10,
        10,
        10,
    ]


@pytest.mark.security("6.3.1")
@pytest.mark.parametrize("patience", [ACCOUNT, BROWSER])
def test_6_3_1_nobody_gets_more_than_a_hundred_attempts_in_a_row(patience):
    now, counted, made = NOW, None, 0
    while now < NOW + timedelta(days=30):
        counted = patience.after(counted, now)
        made += 1
        now = counted.blocked_until or now
    assert made == 100


def test_an_address_is_borne_with_longer_than_an_account():
    assert ADDRESS.free > BROWSER.free > ACCOUNT.free
    assert max(waits(ADDRESS, 10_000)) == timedelta(minutes=10)


@given(free=st.integers(1, 60), count=st.integers(1, 10_000))
def test_the_wait_never_shrinks_with_further_attempts(free, count):
    assert Patience(free).wait_after(count) <= Patience(free).wait_after(count + 1)


@pytest.mark.security("6.3.1")
def test_6_3_1_time_alone_does_not_give_an_account_its_free_attempts_back():
    counted = Attempts(7, NOW)
    assert ACCOUNT.after(counted, NOW + timedelta(days=29)).count == 8


def test_a_count_is_forgotten_after_a_month_without_attempts():
    assert ACCOUNT.after(Attempts(100, NOW), NOW + FORGOTTEN_AFTER).count == 1


def test_an_address_gets_one_attempt_back_every_two_minutes():
    counted = Attempts(50, NOW)
    assert ADDRESS.after(counted, NOW + timedelta(minutes=20)).count == 41
    assert ADDRESS.after(counted, NOW + timedelta(minutes=200)).count == 1


def test_a_clock_that_stepped_back_gives_nothing_back():
    assert ADDRESS.after(Attempts(20, NOW), NOW - timedelta(hours=5)).count == 21


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_one_subscriber_is_one_network(address, network):
    assert network_of(address) == network
