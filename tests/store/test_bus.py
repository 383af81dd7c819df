"""The bus wakes whoever answers from memory; when it is gone nothing is lost but a moment."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from databases import only_on_postgres
from people import CHROME_ON_MACOS, SAN_FRANCISCO, settings_in
from redis_server import OwnRedis
from signedin.actions import hear, revoke
from signedin.actions.sign_in import Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.means import close_means, open_means, utc_now
from signedin.store import accounts, bus
from signedin.store.bus import RedisBus

ENOUGH = 20
VISIT = Visit(SAN_FRANCISCO, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS, {}), ruleset())
only_where_answers_come_from_memory = only_on_postgres("On one file nothing answers from memory: no bus.")


@pytest.fixture
def redis(tmp_path):
    own = OwnRedis(tmp_path)
    yield own
    own.stop()


@asynccontextmanager
async def hearing(bus):
    """An event that the bus sets; the first time when it has begun to listen."""
    hint = asyncio.Event()
    listening = asyncio.create_task(bus.listen(hint))
    try:
        await heard(hint)
        yield hint
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def heard(hint):
    await asyncio.wait_for(hint.wait(), ENOUGH)
    hint.clear()


def two_sessions(means):
    email = f"{means.database.read_now(accounts.count)}@example.org"
    account = means.database.write_now(accounts.add, email, "Ada", utc_now())
    both = [means.database.write_now(begin, means, account, VISIT, Ticks(), 0, utc_now()) for _ in range(2)]
    return [begun.session for begun in both]


async def revoked(means):
    """One of two sessions revokes the other, which returns when it holds everywhere."""
    asking, other = await asyncio.to_thread(two_sessions, means)
    presence = Presence(asking.account_id, asking.id, AppType.WEB, utc_now())
    await asyncio.wait_for(revoke.revoke(means, presence, other.id, utc_now()), ENOUGH)


@only_where_answers_come_from_memory
@pytest.mark.guide("R48")
def test_an_ending_wakes_who_listens_on_postgresql(means):
    async def listened():
        async with hearing(means.bus) as hint:
            await revoked(means)
            await heard(hint)

    asyncio.run(listened())


@only_where_answers_come_from_memory
@pytest.mark.guide("R48")
def test_an_ending_wakes_who_listens_on_redis_and_returns_also_without_redis(tmp_path, redis):
    means = open_means(settings_in(tmp_path, 8000, bus=redis.url))

    async def listened():
        async with hearing(RedisBus(redis.url)) as hint:
            await revoked(means)
            await heard(hint)
            await asyncio.to_thread(redis.stop)
            await revoked(means)

    asyncio.run(listened())
    close_means(means)


def test_redis_that_was_stopped_and_started_again_wakes_again_and_tells_what_may_have_been_missed(redis):
    async def listened():
        teller = RedisBus(redis.url)
        async with hearing(RedisBus(redis.url)) as hint:
            await teller.tell(1)
            await heard(hint)
            await asyncio.to_thread(redis.stop)
            await teller.tell(2)
            assert not hint.is_set()
            await asyncio.to_thread(redis.start)
            await heard(hint)  # it listens again: something may have been missed
            await teller.tell(3)
            await heard(hint)

    asyncio.run(listened())


@only_where_answers_come_from_memory
@pytest.mark.guide("R48")
def test_an_ending_that_everybody_has_heard_of_does_not_wait_for_a_redis_that_is_paused(tmp_path, redis):
    means = open_means(settings_in(tmp_path, 8000, bus=redis.url))

    async def ended():
        await revoked(means)
        redis.pause()
        await revoked(means)
        assert hear._tellings, "it is still being told"

    asyncio.run(ended())
    close_means(means)


@pytest.mark.parametrize("gone", [OwnRedis.pause, OwnRedis.stop], ids=["paused", "stopped"])
def test_a_redis_that_says_nothing_is_given_up_in_time(redis, monkeypatch, gone):
    monkeypatch.setattr(bus, "TELL_SECONDS", 0.1)
    gone(redis)
    asyncio.run(asyncio.wait_for(RedisBus(redis.url).tell(1), 3))
