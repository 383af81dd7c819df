"""The greatest number of sessions that an organisation allows holds whichever process somebody signs in at."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, PASSWORD, Clock, done_apart, settings_in
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.policy import TooManySessions
from signedin.rules.policy_wish import Wish
from signedin.server.means import close_means, open_means
from signedin.store import accounts, session_rows

NOW = Clock()()
MARINE, MOST, PROCESSES, EACH = "Tidewater Marine", 2, 3, 3


def living(means):
    """How many sessions of Ada's there are at this moment."""
    account = means.database.read_now(accounts.find_by_email, ADA)
    return len(means.database.read_now(session_rows.of, account.id)[0])


def signs_in(settings, start, seen):
    """In a process of its own: sign in some times, as soon as all others are ready, and count after each."""
    means = open_means(settings)
    visit = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
    try:
        start.wait(120)
        for _ in range(EACH):
            with suppress(TooManySessions):
                done_apart(sign_in(means, ADA, PASSWORD, visit, Ticks(), NOW))
            seen.put(living(means))
    finally:
        close_means(means)


@pytest.mark.security("7.1.2")
@pytest.mark.parametrize("way", ["end_oldest", "refuse"])
def test_sign_ins_in_several_processes_never_exceed_the_greatest_number(means, tmp_path, way):
    done_apart(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), NOW))
    done_apart(make_from_shell(means, MARINE, NOW))
    done_apart(add_member_from_shell(means, MARINE, ADA, NOW))
    done_apart(set_policy_from_shell(means, MARINE, "all", Wish(most=MOST, too_many=way), NOW))
    begun = multiprocessing.get_context("spawn")
    start, seen, settings = begun.Barrier(PROCESSES), begun.Queue(), settings_in(tmp_path, 8000)
    some = [begun.Process(target=signs_in, args=(settings, start, seen)) for _ in range(PROCESSES)]
    for each in some:
        each.start()
    counted = [seen.get(timeout=180) for _ in range(PROCESSES * EACH)]
    for each in some:
        each.join(60)
    assert [each.exitcode for each in some] == [0] * PROCESSES
    assert max(counted) == MOST
    assert living(means) == MOST
