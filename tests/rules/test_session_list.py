"""The order, the groups and the filters of the list, as rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.device import Device, DeviceKind
from signedin.rules.location import LOCAL
from signedin.rules.session import AppType, Origin, Session, SessionId
from signedin.rules.session_list import Question, Sort, session_list

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
HOME = Origin("192.168.1.•••", LOCAL)


def a_session(name="Chrome on macOS", idle=timedelta(0), app_type=AppType.WEB):
    device = Device(name, DeviceKind.LAPTOP, "")
    return Session(
        SessionId(name.replace(" ", "")[:26]), AccountId(1), app_type, device, NOW - timedelta(days=25), HOME,
        NOW - idle, HOME, timedelta(days=30), NOW + timedelta(days=300), 1, DayLevels(),
    )  # fmt: skip


def names(rows):
    return [row.device.name for row in rows]


@pytest.mark.guide("R19")
@pytest.mark.parametrize("sort", [Sort.GROUPS, Sort.RECENT])
def test_the_current_row_is_first_even_when_another_was_used_later(sort):
    laptop, phone = a_session("Laptop", timedelta(minutes=5)), a_session("Phone")
    listed = session_list([phone, laptop], laptop.id, NOW)
    assert names(listed.answer(Question(sort=sort), str)) == ["Laptop", "Phone"]


@pytest.mark.guide("R77")
def test_sorted_by_disuse_the_longest_unused_is_first():
    rows = [
        a_session("Phone"),
        a_session("Tablet", timedelta(days=20)),
        a_session("Laptop", timedelta(days=3)),
    ]
    listed = session_list(rows, rows[0].id, NOW)
    assert names(listed.answer(Question(sort=Sort.IDLE), str)) == ["Tablet", "Laptop", "Phone"]


@pytest.mark.guide("R18")
def test_the_current_row_is_never_worth_a_look():
    unused = a_session("Laptop", timedelta(days=22))
    assert session_list([unused], unused.id, NOW).flags == {}
    assert set(session_list([unused], None, NOW).flags) == {unused.id}


def test_keeping_an_unused_session_stops_the_flag_until_it_is_used_and_forgotten_again():
    unused = a_session("Laptop", timedelta(days=22))
    kept = replace(unused, recognised_at=NOW - timedelta(days=1))
    assert session_list([kept], None, NOW).flags == {}
    used_since = replace(kept, recognised_at=NOW - timedelta(days=23))
    assert set(session_list([used_since], None, NOW).flags) == {kept.id}
