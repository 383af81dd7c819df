"""The first account: whoever is first, and nobody else."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest

from people import PASSWORD, settings_in
from signedin.actions import make_account
from signedin.actions.make_account import Applicant, set_up
from signedin.rules.errors import SetupRefused
from signedin.server.means import close_means, open_means, utc_now
from signedin.store import accounts


@pytest.fixture
def two_servers(tmp_path):
    opened = [open_means(settings_in(tmp_path, 8000)) for _ in range(2)]
    yield opened
    for means in opened:
        close_means(means)


@pytest.mark.security("15.4.2")
def test_of_two_that_set_up_at_once_one_has_made_the_first_account_and_the_other_is_refused(
    two_servers, monkeypatch
):
    both_found_nobody = Barrier(2)
    add = make_account._add

    def added(*given):
        with suppress(BrokenBarrierError):
            both_found_nobody.wait(timeout=1)  # where one waits for the other, nobody else comes here
        return add(*given)

    monkeypatch.setattr(make_account, "_add", added)

    def sets_up(numbered):
        number, means = numbered
        applicant = Applicant(f"somebody{number}@example.org", "Somebody", PASSWORD)
        try:
            return asyncio.run(set_up(means, applicant, utc_now())).email
        except SetupRefused:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(sets_up, enumerate(two_servers)))
    assert sorted(each == "refused" for each in done) == [False, True]
    assert two_servers[0].database.read_now(accounts.count) == 1
