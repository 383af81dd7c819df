"""Many requests with one credential ask the database once, and never by a question that began before them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from people import ADA, BERLIN, CHROME_ON_MACOS, Clock
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.recognise import Recogniser
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.presence import Absence, Presence
from signedin.rules.secret import digest
from signedin.store import accounts

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())


class SlowLines:
    """A database that answers each question when it is told to, as things stood when the question came."""

    def __init__(self, living):
        self.living_now, self.asked = living, []

    async def living(self, account_id, digest, *, of_host=False):
        answer, told = self.living_now, asyncio.Event()
        self.asked.append(told)
        await told.wait()
        return answer

    async def ended(self, account_id, digest):
        return ("revoked", 0, None)


@pytest.mark.guide("R48")
@pytest.mark.security("attack-25")
def test_who_comes_while_a_question_is_under_way_is_answered_by_the_next_one_and_all_of_them_by_the_same(
    means,
):
    account = means.database.write_now(accounts.add, ADA, "Ada Lovelace", NOW)
    token = means.database.write_now(begin, means, account, VISIT, Ticks(), 0, NOW).token
    lines = SlowLines(means.checks.living(account.id, digest(token)))
    recogniser = Recogniser(replace(means, lines=lines))

    async def asked():
        early = asyncio.create_task(recogniser.recognise(token, NOW))
        await until(lambda: len(lines.asked) == 1)
        lines.living_now = None  # it ends, and its ending returns, while that question is under way
        late = [asyncio.create_task(recogniser.recognise(token, NOW)) for _ in range(50)]
        await asyncio.sleep(0)
        lines.asked[0].set()
        await until(lambda: len(lines.asked) == 2)
        lines.asked[1].set()
        return await early, await asyncio.gather(*late)

    early, late = asyncio.run(asked())
    assert isinstance(early, Presence)
    assert all(isinstance(each, Absence) for each in late)
    assert len(lines.asked) == 2


async def until(happened):
    while not happened():  # noqa: ASYNC110  # what happens is on this very loop
        await asyncio.sleep(0)
