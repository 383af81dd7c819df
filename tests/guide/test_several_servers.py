"""Several servers on one database are one product: what is used or begun at one of them is seen at the others."""

from __future__ import annotations

import asyncio

import pytest

from people import ADA, FIREFOX_ON_WINDOWS, Clock, running
from signedin.actions.note_use import FLUSH_EVERY
from signedin.server.jobs import flush_now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def two_houses(tmp_path, clock):
    """Two servers with a memory each, and Ada, who has an account there."""
    with running(tmp_path, clock) as here, running(tmp_path, clock, sweeps=False) as there:
        here.somebody(ADA)
        yield here, there


@pytest.mark.guide("R15", "D28")
def test_the_list_at_one_server_is_at_most_a_minute_behind_what_was_used_at_another(two_houses, clock):
    here, there = two_houses
    laptop, phone = here.signed_in(), there.signed_in(FIREFOX_ON_WINDOWS)
    clock.move(hours=3)
    phone.open("/settings/sessions")
    used_at = clock()
    clock.move(seconds=FLUSH_EVERY.total_seconds())
    asyncio.run(flush_now(there.server))  # as its jobs do that often
    seen = {row["device"]: row["last_activity_at"] for row in laptop.sessions()}
    assert seen["Firefox on Windows"] == f"{used_at:%Y-%m-%dT%H:%M:%SZ}"
    assert FLUSH_EVERY.total_seconds() <= 60 / 2, "one turn that fails still leaves time for another"


@pytest.mark.guide("R82")
def test_a_session_that_begins_at_one_server_is_in_the_list_of_every_other_at_once(two_houses):
    here, there = two_houses
    laptop = here.signed_in()
    there.signed_in(FIREFOX_ON_WINDOWS)
    assert "Firefox on Windows" in {row["device"] for row in laptop.sessions()}
