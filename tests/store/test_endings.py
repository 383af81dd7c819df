"""The log of endings: its numbers come at the commit, one after the other, and nobody holds up anybody."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from databases import only_on_postgres
from people import ADA, BERLIN, CHROME_ON_MACOS, FIREFOX_ON_WINDOWS, Clock
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import AccountId
from signedin.rules.ending import Ending, Scope
from signedin.rules.errors import Unavailable
from signedin.store import accounts, activity, endings
from signedin.store.activity import Use

NOW = Clock()()
VISIT = Visit(BERLIN, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
HASTE = "SET LOCAL lock_timeout = '50ms'"


def ended(number):
    return Ending(Scope.ACCOUNT, AccountId(number), cut_off=number)


def log_of(means):
    def asked(conn):
        columns = sa.select(endings.endings.c.seq, endings.endings.c.account_id)
        return [tuple(row) for row in conn.execute(columns.order_by(endings.endings.c.seq))]

    return means.database.read_now(asked)


@pytest.fixture
def numbered_before(means):
    return means.database.read_now(endings.head)


@pytest.mark.guide("R48")
def test_endings_are_numbered_without_a_gap_and_the_head_is_the_last_of_them(means, numbered_before):
    def two(conn):
        endings.record(conn, ended(1), NOW)
        endings.record(conn, ended(2), NOW)

    means.database.write_now(two)
    with pytest.raises(ZeroDivisionError):
        means.database.write_now(lambda conn: (endings.record(conn, ended(3), NOW), 1 / 0))
    means.database.write_now(endings.record, ended(4), NOW)
    wanted = [(numbered_before + at, account) for at, account in ((1, 1), (2, 2), (3, 4))]
    assert log_of(means)[-3:] == wanted
    assert means.database.read_now(endings.head) == numbered_before + 3


@only_on_postgres("On SQLite whoever writes is alone.")
@pytest.mark.guide("R48")
@pytest.mark.security("attack-25")
def test_a_process_that_is_paused_before_it_commits_holds_up_nobody_elses_ending(means, numbered_before):
    with means.database.engine.connect() as paused, paused.begin():
        endings.record(paused, ended(1), NOW)

        def in_haste(conn):
            conn.execute(sa.text(HASTE))
            endings.record(conn, ended(2), NOW)

        means.database.write_now(in_haste)
        assert log_of(means)[-1] == (numbered_before + 1, 2)
    assert log_of(means)[-1] == (numbered_before + 2, 1), "numbers are in the order of commits"


@only_on_postgres("On SQLite whoever writes is alone.")
def test_who_is_paused_between_asking_and_noting_holds_no_row(means, monkeypatch):
    account = means.database.write_now(accounts.add, ADA, "Ada Lovelace", NOW)
    begun = means.database.write_now(begin, means, account, VISIT, Ticks(), 0, NOW)
    asked = activity._values
    later = NOW.replace(hour=23)

    def changed():
        def in_haste(conn):
            conn.execute(sa.text(HASTE))
            conn.execute(activity.activity.update().values(last_at=later))

        means.database.write_now(in_haste)

    def paused(*given):
        changed()
        return asked(*given)

    def paused_over_its_device(*given):
        changed()
        return means.recent.told.devices(*given)

    agent = {"agent": FIREFOX_ON_WINDOWS, "agent_mac": b"another"}
    use = Use(account.id, begun.session.id, NOW.replace(hour=22), **agent)
    assert means.database.note_now(activity.note, [use], paused_over_its_device) == [use], "changed meanwhile"
    monkeypatch.setattr(activity, "_values", paused)
    later += timedelta(seconds=1)
    assert means.database.note_now(activity.note, [use]) == [use], (
        "it was changed meanwhile, and is noted later"
    )
    monkeypatch.undo()
    assert means.database.note_now(activity.note, [use]) == []
    last = means.database.read_now(lambda conn: conn.scalar(sa.select(activity.activity.c.last_at)))
    assert last == later, "an older use moves nothing back"


@only_on_postgres("On SQLite whoever writes is alone.")
def test_a_row_that_somebody_is_busy_with_is_not_waited_for(means):
    account = means.database.write_now(accounts.add, ADA, "Ada Lovelace", NOW)
    begun = means.database.write_now(begin, means, account, VISIT, Ticks(), 0, NOW)
    use = Use(account.id, begun.session.id, NOW.replace(hour=23))
    with means.database.engine.connect() as busy, busy.begin():
        busy.execute(sa.select(activity.activity).with_for_update())
        assert means.database.note_now(activity.note, [use]) == [use]
    assert means.database.note_now(activity.note, [use]) == []


@only_on_postgres("A file has no nodes.")
@pytest.mark.guide("R48")
def test_who_is_struck_off_was_silent_and_nobody_is_waited_for_to_do_it(means):
    for name in ("silent", "renewing", "held"):
        means.database.write_now(endings.join, name, "boot", "a process")
    nodes = [node for node, _ in means.database.read_now(endings.every_node)]
    means.database.write_now(
        lambda conn: conn.execute(
            endings.nodes.update().where(endings.nodes.c.node_id == "renewing").values(renewals=1)
        )
    )
    with means.database.engine.connect() as paused, paused.begin():
        held = endings.nodes.c.node_id == "held"
        paused.execute(sa.select(endings.nodes).where(held).with_for_update())
        assert asyncio.run(struck_off(means, nodes)) == 1
    left = [node.node_id for node, _ in means.database.read_now(endings.every_node)]
    assert left == ["held", "renewing"]


@only_on_postgres("A file has no nodes.")
@pytest.mark.guide("R48")
def test_nobody_is_struck_off_over_another_connection_than_the_one_that_told_of_their_silence(means):
    """The database may have crashed, and lost the renewal of one whose lease still runs."""
    means.database.write_now(endings.join, "silent", "boot", "a process")
    nodes = [node for node, _ in means.database.read_now(endings.every_node)]
    with pytest.raises(Unavailable):
        asyncio.run(struck_off(means, nodes, before=cut_off))
    assert [node for node, _ in means.database.read_now(endings.every_node)] == nodes
    assert asyncio.run(struck_off(means, nodes)) == 1


async def struck_off(means, nodes, before=lambda means: None):
    try:
        told_by = (await means.lines.late()).told_by
        before(means)
        return await means.lines.strike_off(nodes, told_by)
    finally:
        await means.lines.close()


def cut_off(means):
    """End every other connection, as a crash does, and wait until all have gone."""
    others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    means.database.write_now(lambda conn: conn.execute(sa.text(others)).all())
