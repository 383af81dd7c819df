"""An ending after a fail-over waits for leases that the database may know nothing of, once."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from databases import only_on_postgres
from people import settings_in
from signedin.actions import hear
from signedin.rules.lease import waits_until
from signedin.server.means import close_means, open_means

pytestmark = only_on_postgres("On SQLite nobody answers from memory.")


@pytest.fixture
def means(tmp_path):
    made = open_means(settings_in(tmp_path, 8000))
    yield made
    close_means(made)


class Moved:
    """A clock that goes on by a tenth of a second whenever it is asked."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        self.at += 0.1
        return self.at


@pytest.mark.guide("R48")
def test_the_first_ending_after_a_fail_over_waits_for_every_lease_of_before_and_the_next_does_not(
    means, monkeypatch
):
    clock = Moved()
    monkeypatch.setattr(hear, "boot_time", clock)
    succeeded = sa.text("UPDATE facts SET value = 'the one of before' WHERE name = 'lineage'")
    means.database.write_now(lambda conn: conn.execute(succeeded))

    async def waited():
        began = clock.at
        await hear.heard_everywhere(means)
        return clock.at - began

    async def twice():
        try:
            return await waited(), await waited()
        finally:
            await means.lines.close()

    first, second = asyncio.run(twice())
    assert first > waits_until(0)
    assert second < 1
