"""After Logout All Devices: in force at once for however many sessions, tidied by and by."""

from __future__ import annotations

import asyncio

import pytest

from people import Clock, recognised, settings_in
from signedin.actions import operate
from signedin.actions.list_sessions import read_list
from signedin.actions.revoke import log_out_all
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.actions.sweep import sweep
from signedin.actions.tidy import TIDY_AT_ONCE
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules import errors
from signedin.server.demo import fill
from signedin.server.demo_rows import CHROME_MAC
from signedin.server.means import close_means, open_means
from signedin.store import sessions

VISIT = Visit("203.0.113.9", CHROME_MAC, read_device(CHROME_MAC, {}), ruleset())


@pytest.mark.guide("R58", "R71")
def test_more_sessions_than_one_batch_are_refused_at_once_and_their_rows_are_left_to_the_sweep(tmp_path):
    means, clock = open_means(settings_in(tmp_path, 8000)), Clock()
    try:
        ines = asyncio.run(fill(means, clock())).account
        given = (begin, means, ines, VISIT, Ticks(), 99, clock())
        tokens = [means.database.write_now(*given).token for _ in range(TIDY_AT_ONCE + 30)]
        [asking] = recognised(means, tokens[0], now=clock())
        before = means.database.read_now(read_list, means, ines.id, asking.current_id, clock())

        counts = asyncio.run(log_out_all(means, asking, clock()))
        assert (counts.sessions_ended, counts.consents_ended) == (len(before.sessions), len(before.consents))
        reasons = {each.reason for each in recognised(means, *tokens, now=clock())}
        assert reasons == {"logged_out_everywhere"}
        assert means.database.read_now(read_list, means, ines.id, None, clock()).rows == ()
        left = means.database.read_now(sessions.cut_off, ines.id, 10_000)
        assert len(left) == len(before.sessions) - TIDY_AT_ONCE
        with pytest.raises(errors.SessionAlreadyEnded) as refusal:
            asyncio.run(operate.end_one(means, left[0], "test", clock()))
        assert refusal.value.reason == "logged_out_everywhere"

        asyncio.run(sweep(means, clock()))
        assert means.database.read_now(sessions.cut_off, ines.id, 10_000) == []
        assert {each.reason for each in recognised(means, *tokens, now=clock())} == reasons
    finally:
        close_means(means)
