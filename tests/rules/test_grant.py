"""Who may still use which token of a grant (RFC 6749, section 6; RFC 9700, section 4.14.2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from signedin.rules.account import AccountId
from signedin.rules.grant import GRACE, Grant, Refresh, Turn, narrowed, turn_of

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def a_grant(generation):
    """A grant whose refresh token in use is the one after so many rotations."""
    return Grant(
        "g", AccountId(1), "sync", ("openid", "email"), 1, NOW, NOW, NOW + timedelta(days=365), generation=generation
    )  # fmt: skip


def shown(generation, used=None, successor=b"sealed"):
    """A refresh token after so many rotations, used so long ago."""
    if used is None:
        return Refresh("g", generation)
    return Refresh("g", generation, NOW - used, successor)


@pytest.mark.security("10.4.5")
def test_the_one_in_use_rotates_and_no_other_that_was_never_used():
    assert turn_of(shown(3), a_grant(3), NOW) is Turn.ROTATE
    for other in (0, 1, 2, 4, 5):
        assert turn_of(shown(other), a_grant(3), NOW) is Turn.REUSE


@pytest.mark.security("10.4.5")
def test_the_one_before_is_answered_again_for_less_than_ten_seconds():
    for ago, turn in (
        (timedelta(0), Turn.AGAIN),
        (GRACE - INSTANT, Turn.AGAIN),
        (GRACE, Turn.REUSE),
        (timedelta(days=3), Turn.REUSE),
    ):
        assert turn_of(shown(2, ago), a_grant(3), NOW) is turn, ago
    assert timedelta(seconds=10) == GRACE


@pytest.mark.security("10.4.5", "attack-7")
def test_only_the_one_right_before_is_answered_again_and_only_where_its_successor_is_known():
    for other in (0, 1, 3, 4, 5):
        assert turn_of(shown(other, INSTANT), a_grant(3), NOW) is Turn.REUSE
    for nothing in (None, b""):
        assert turn_of(shown(2, INSTANT, nothing), a_grant(3), NOW) is Turn.REUSE


def test_scopes_are_those_asked_for_in_the_order_of_the_grant_or_all_and_never_more():
    granted = ("openid", "email", "profile")
    assert narrowed(granted, ()) == granted
    assert narrowed(granted, ("profile", "openid")) == ("openid", "profile")
    assert narrowed(granted, granted) == granted
    assert narrowed(granted, ("openid", "sessions:read")) is None
    assert narrowed((), ("openid",)) is None
    assert narrowed((), ()) == ()
