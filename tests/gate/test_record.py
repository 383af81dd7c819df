"""Refused requests are recorded where somebody may be trying something, and nothing in the record is secret."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from signedin.gate.arrival import Arrival
from signedin.gate.record import RECORDED, record_refusal
from signedin.rules import errors
from signedin.rules.account import AccountId
from signedin.rules.presence import Presence
from signedin.rules.secret import Kind, WayKeys, make_token
from signedin.rules.session import AppType, SessionId
from signedin.server.settings import knobs, load

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TOKEN = make_token(Kind.SES, 7, WayKeys("0", {"0": b"k" * 32}))


def arrival(presence=None):
    return Arrival(presence, None, "203.0.113.77", {"signedin": TOKEN}, NOW, TOKEN)


@pytest.mark.security("16.3.2", "16.3.3", "LOG-2", "LOG-3", "16.2.1")
@pytest.mark.parametrize("kind", RECORDED)
def test_missing_rights_and_attempts_to_get_around_a_guard_are_recorded_with_who_where_and_what(
    log_lines, kind
):
    presence = Presence(AccountId(7), SessionId("A" * 26), AppType.WEB, NOW)
    record_refusal(kind(), arrival(presence), "POST", f"/settings/{TOKEN}")
    (line,) = log_lines()
    assert (line["code"], line["method"], line["session"]) == (kind.code, "POST", "A" * 26)
    assert line["origin"] == "203.0.113.•••"
    assert TOKEN not in str(line)
    assert "203.0.113.77" not in str(line)


def test_what_happens_every_day_is_not_recorded(log_lines):
    for refusal in (errors.NotSignedIn(), errors.NotFound(), errors.SessionAlreadyEnded("revoked")):
        record_refusal(refusal, arrival(), "GET", "/")
    assert log_lines() == []


@pytest.mark.security("16.2.5", "LOG-1")
def test_no_secret_is_in_the_repr_of_an_arrival():
    assert TOKEN not in repr(arrival())


@pytest.mark.security("LOG-6")
def test_no_setting_switches_the_log_off(tmp_path):
    names = [row[0] for row in knobs(load({}, tmp_path / "none.toml"))]
    assert len(names) > 10
    assert not [name for name in names if "LOG" in name or "AUDIT" in name]
