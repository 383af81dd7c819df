"""An ending after a fail-over waits for leases that the database may know nothing of, once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa

from databases import only_on_postgres
from people import Clock
from signedin.actions import hear
from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.rules.errors import Unavailable
from signedin.rules.lease import waits_until
from signedin.store import endings

NOW = Clock()()
only_servers = only_on_postgres("On SQLite no server answers from memory.")


class Moved:
    """A clock that goes on by a tenth of a second whenever it is asked."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        self.at += 0.1
        return self.at


@only_servers
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


@only_servers
@pytest.mark.guide("R48")
def test_an_ending_whose_database_is_succeeded_while_it_waits_is_not_told_as_done(means, monkeypatch):
    means.database.write_now(endings.join, "silent", "boot", "a process")
    late, looks = means.lines.late, []

    async def succeeded_later(seq=None):
        looks.append(seq)
        found = await late(seq)
        return found._replace(lineage="another", nodes=[]) if len(looks) > 2 else found

    monkeypatch.setattr(means.lines, "late", succeeded_later)

    async def ended():
        try:
            means.database.write_now(endings.record, Ending(Scope.ACCOUNT, AccountId(1), cut_off=1), NOW)
            await hear.heard_everywhere(means)
        finally:
            await means.lines.close()

    with pytest.raises(Unavailable, match="Whether this holds everywhere is not known yet"):
        asyncio.run(ended())


def ended(means, clock):
    """How long an ending waits, by the clock of the one who waits."""

    async def waited():
        means.database.write_now(endings.record, Ending(Scope.ACCOUNT, AccountId(1), cut_off=1), NOW)
        began = clock.at
        try:
            await hear.heard_everywhere(means)
        finally:
            if means.lines is not None:
                await means.lines.close()
        return clock.at - began

    return asyncio.run(waited())


@pytest.mark.guide("R48", "D34")
def test_a_client_library_is_waited_for_on_either_database_until_its_lease_has_run_out_and_then_no_more(
    means, monkeypatch
):
    clock = Moved()
    monkeypatch.setattr(hear, "boot_time", clock)
    if means.lines is not None:
        ended(means, clock)  # the first ending in a new database waits for leases of before
    means.database.write_now(endings.join, "key:silent", "boot", "client library of a shop")
    assert waits_until(0) < ended(means, clock) < waits_until(0) + 1
    assert means.database.read_now(endings.every_node) == [], "it is forgotten"
    assert ended(means, clock) < 1


@pytest.mark.guide("R48", "D34")
def test_who_has_acknowledged_is_not_waited_for(means, monkeypatch):
    clock = Moved()
    monkeypatch.setattr(hear, "boot_time", clock)
    if means.lines is not None:
        ended(means, clock)
    means.database.write_now(endings.join, "key:quick", "boot", "client library of a shop")
    far = endings.nodes.update().values(applied=10**6)
    means.database.write_now(lambda conn: conn.execute(far))
    assert ended(means, clock) < 1
    assert len(means.database.read_now(endings.every_node)) == 1


@only_servers
@pytest.mark.guide("R48")
def test_who_was_silent_before_a_new_connection_is_not_forgotten_after_it(means, monkeypatch):
    """The database may have crashed between two looks, and lost a renewal whose lease still runs."""
    clock = Moved()
    monkeypatch.setattr(hear, "boot_time", clock)
    ended(means, clock)
    means.database.write_now(endings.join, "silent", "boot", "a process")
    late, looks = means.lines.late, []

    async def told_by_another_later(seq=None):
        looks.append(seq)
        found = await late(seq)
        return found._replace(told_by=found.told_by + (len(looks) > 3))

    monkeypatch.setattr(means.lines, "late", told_by_another_later)
    assert waits_until(0) < ended(means, clock) < waits_until(0) + 1
    assert len(means.database.read_now(endings.every_node)) == 1


class Hanging:
    """A bus that takes what it is told, and never returns."""

    def __init__(self):
        self.is_left = False

    async def tell(self, seq):
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 5)
        except asyncio.CancelledError:
            self.is_left = True
            raise


@pytest.mark.guide("R48")
def test_a_bus_that_hangs_holds_up_no_ending_that_was_heard_of_without_it(means, monkeypatch):
    clock = Moved()
    monkeypatch.setattr(hear, "boot_time", clock)
    if means.lines is not None:
        ended(means, clock)
    hanging = replace(means, bus=Hanging())
    assert ended(hanging, clock) < 1
    assert hanging.bus.is_left
