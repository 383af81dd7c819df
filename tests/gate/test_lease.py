"""When Revoke returns, it is over: the real memory, lease and waiting, in every order that can be thought of."""

from __future__ import annotations

import asyncio
import os
import random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gate.broken_worlds import MUTANTS, SilentAcrossACrash
from gate.world import Broken, World
from signedin.gate.lease import hold_lease
from signedin.rules.holding import Lease
from signedin.rules.known import Known, KnownSessions
from signedin.rules.lease import Renewal
from signedin.store.boot_clock import boot_time

WALKS = int(os.environ.get("LEASE_WALKS", "300"))
STEPS = 400
INDEX = st.integers(0, 10**6)


class AnyOrder(RuleBasedStateMachine):
    """Hypothesis chooses what happens next, and shrinks what breaks a promise to the shortest story."""

    world_class = World

    def __init__(self):
        super().__init__()
        self.world = self.world_class()
        for account_id in (0, 1):
            self.world.sign_in(account_id)

    @rule(pick=INDEX)
    def somebody_signs_in(self, pick):
        self.world.sign_in(pick % 2)

    @rule(process=INDEX, session=INDEX)
    def a_request_comes(self, process, session):
        self.world.request(one(self.world.processes, process), one(self.world.sessions, session))

    @rule(process=INDEX, session=INDEX)
    def a_session_is_revoked(self, process, session):
        self.world.revoke(one(self.world.processes, process), one(self.world.sessions, session))

    @rule(process=INDEX, account=INDEX)
    def all_devices_are_logged_out(self, process, account):
        self.world.log_out_all(one(self.world.processes, process), account % 2)

    @rule(process=INDEX)
    def a_process_renews(self, process):
        self.world.renew(one(self.world.processes, process))

    @precondition(lambda self: self.world.wires)
    @rule(wire=INDEX)
    def a_message_arrives(self, wire):
        self.world.deliver(one(self.world.wires, wire))

    @precondition(lambda self: self.world.wires)
    @rule(wire=INDEX)
    def a_message_is_lost(self, wire):
        self.world.lose(one(self.world.wires, wire))

    @precondition(lambda self: self.world.waits)
    @rule(wait=INDEX)
    def who_waits_looks(self, wait):
        self.world.look(*one(self.world.waits, wait))

    @rule(tenths=st.integers(1, 35))
    def time_passes(self, tenths):
        self.world.time += tenths / 10

    @rule(process=INDEX, what=st.sampled_from(["pause", "resume", "cut", "heal", "crash", "restart"]))
    def something_goes_wrong_or_right(self, process, what):
        go_wrong(self.world, one(self.world.processes, process), what)

    @rule(seed=INDEX)
    def the_database_crashes(self, seed):
        self.world.crash_database(random.Random(seed))

    @rule()
    def the_database_starts_again(self):
        self.world.start_database()


@pytest.mark.guide("R48", "R58", "D23")
def test_p1_no_request_is_let_in_that_starts_after_the_ending_has_returned():
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=150, stateful_step_count=70, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.guide("R48", "R58")
def test_p1_holds_on_long_walks_and_the_memory_really_answers():
    hits = requests = crashes = endings = 0
    for seed in range(WALKS):
        world = walk(World(), seed, has_crashes=seed % 4 == 0)  # among many little else comes to its end
        hits += world.hits
        requests += world.requests
        crashes += world.crashes
        endings += sum(session.is_over for session in world.sessions)
    assert hits > requests * 0.1, f"{hits} of {requests} answered from memory: this shows nothing"
    assert crashes > WALKS / 4, "the database crashed in the middle of it"
    assert endings > WALKS, "and endings were told all the same"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.__name__)
def test_each_guard_of_the_protocol_is_missed_when_it_is_off(mutant):
    for seed in range(20_000):
        try:
            walk(mutant(), seed)
        except Broken:
            return
    pytest.fail(f"nobody noticed {mutant.__name__}")


def test_an_ending_waits_no_longer_than_a_lease_and_its_margin():
    world = World(rates=(1.0, 1.0))
    silent, revoker = world.processes
    world.sign_in(0)
    settle(world)
    world.request(silent, world.sessions[0])
    settle(world)
    silent.is_paused = True
    end(world, revoker, world.sessions[0])
    began = world.time
    world.look(*world.waits[0])
    while world.waits:
        world.time += 0.01
        world.look(*world.waits[0])
    assert 3.1 < world.time - began < 3.17
    world.sign_in(0)
    silent.is_paused = False
    world.request(silent, world.sessions[0])
    assert not world.nodes.get("p0"), "struck off, so that the next ending does not wait for it"


@pytest.mark.guide("R48")
def test_whose_renewal_was_lost_in_a_crash_of_the_database_is_not_taken_for_silent():
    with_a_renewal_lost(World(rates=(1.0, 1.0)))
    with pytest.raises(Broken):
        with_a_renewal_lost(SilentAcrossACrash(rates=(1.0, 1.0)))


def with_a_renewal_lost(world):
    """The one who waits is paused meanwhile, so that it sees nothing of the crash, and then the other is cut off."""
    node, revoker = world.processes
    for _ in range(2):
        world.sign_in(0)
    settle(world)
    world.request(node, world.sessions[1])
    settle(world)
    end(world, revoker, world.sessions[0])
    world.look(*world.waits[0])
    revoker.is_paused = True
    world.time += 2
    world.renew(node)
    for kind in ("renew", "renewed"):
        world.deliver(next(wire for wire in world.wires if wire.kind == kind))
    world.request(node, world.sessions[1])
    deliver_all(
        world, "ask", "said"
    )  # it has forgotten nothing but the first, and answers by a lease until 4.85
    world.crash_database(LosesAll())
    world.start_database()
    node.is_cut_off, revoker.is_paused = True, False
    world.time += 1.2
    world.look(*world.waits[0])
    assert world.sessions[0].is_over
    end(world, revoker, world.sessions[1])
    world.look(*world.waits[0])
    world.request(node, world.sessions[1])
    assert world.hits >= 1, "it did answer from memory"
    while world.waits:
        world.time += 0.1
        world.look(*world.waits[0])
        world.request(node, world.sessions[1])
    assert world.sessions[1].is_over


class LosesAll(random.Random):
    """What chance says of a crash: nothing is left of what was under way, or not yet on disk."""

    def random(self):
        return 0.9

    def choice(self, many):
        return many[0]


def end(world, revoker, session):
    """End a session, up to the waiting."""
    world.revoke(revoker, session)
    deliver_all(world, "end", "committed")


def deliver_all(world, *kinds):
    for kind in kinds:
        for wire in [wire for wire in world.wires if wire.kind == kind]:
            world.deliver(wire)


def walk(world, seed, *, has_crashes=False):
    """A long story told by chance, with more of what brings memory and endings together."""
    chance = random.Random(seed)
    world.requests = 0
    world.has_crashes = has_crashes
    world.sign_in(0)
    world.sign_in(1)
    for _ in range(STEPS):
        step(world, chance)
    return world


def step(world, chance):
    """One thing that happens, chosen by how often it does."""
    process, session = chance.choice(world.processes), chance.choice(world.sessions[-4:])
    [happens] = chance.choices(list(OFTEN), OFTEN.values())
    happens(world, chance, process, session)


def deliver(world, chance, *_):
    for _ in range(min(5, len(world.wires))):
        world.deliver(world.wires[0] if chance.random() < 0.8 else chance.choice(world.wires))


def request(world, chance, process, session):
    world.requests += process.acts
    world.request(process, session)


def look(world, chance, *_):
    if world.waits:
        world.look(*chance.choice(world.waits))


def lose(world, chance, *_):
    if world.wires:
        world.lose(chance.choice(world.wires))


def disturb(world, chance, process, _):
    go_wrong(world, process, chance.choice(("pause", "cut", "crash", *("resume", "heal", "restart") * 3)))


def pass_time(world, chance, *_):
    world.time += chance.choice(
        (0.01, 0.05, 0.1, 0.3, 0.3, 1.0, 2.8, 3.02)
    )  # within a lease, and just beyond the wait


def break_the_database(world, chance, *_):
    if not world.is_up:
        world.start_database()
    elif world.has_crashes and chance.random() < 0.3:
        world.crash_database(chance)


def soon(world, chance, end, process, what):
    """An ending, mostly committed at once: what matters comes afterwards."""
    end(process, what)
    if chance.random() < 0.8:
        deliver_all(world, "end", "committed")


OFTEN = {
    deliver: 45,
    request: 25,
    lambda world, chance, process, session: world.renew(process): 10,
    pass_time: 8,
    look: 5,
    disturb: 2,
    lambda world, chance, process, session: soon(world, chance, world.revoke, process, session): 2,
    lambda world, chance, process, session: world.sign_in(chance.randrange(2)): 1.5,
    lose: 1,
    break_the_database: 2,
    lambda world, chance, process, session: soon(
        world, chance, world.log_out_all, process, session.account_id
    ): 0.5,
}


def go_wrong(world, process, what):
    if what in {"crash", "restart"}:
        getattr(world, what)(process)
    elif what in {"pause", "resume"}:
        process.is_paused = what == "pause"
    else:
        process.is_cut_off = what == "cut"


def settle(world):
    """Let everything arrive, in order, until nothing is under way."""
    for process in world.processes:
        world.renew(process)
    for _ in range(100):
        if not world.wires:
            break
        world.deliver(world.wires[0])
    for process in world.processes:
        world.renew(process)
    while world.wires:
        world.deliver(world.wires[0])


def one(many, index):
    return many[index % len(many)]


@pytest.mark.guide("R48")
def test_after_a_fail_over_a_process_starts_with_an_empty_memory_whatever_the_numbers_say():
    known = KnownSessions(lambda: 100.0)
    lease = Lease(known, lambda: 100.0)
    lease.joined("boot", 8, "one/1")
    assert lease.answered(lease.ask(), Renewal((), 8, lineage="one/1"))
    known.learned(b"d" * 32, Known(1, 0, 10**15, 10**15, 0, 1, "s", "web"), known.asking())
    assert known.find(b"d" * 32, 1) is not None
    assert not lease.answered(lease.ask(), Renewal((), 9, lineage="one/2")), "it has to join again"
    assert known.find(b"d" * 32, 1) is None
    assert not known.may_answer


class Ailing:
    """A registry that fails in a way nobody thought of, and then answers."""

    def __init__(self):
        self.renewals, self.left = 0, 0

    async def join(self, node_id, boot_id):
        return 0, "one/1"

    async def renew(self, node_id, boot_id, applied):
        self.renewals += 1
        if self.renewals == 1:
            raise ZeroDivisionError
        return Renewal((), 0, lineage="one/1")

    async def leave(self, node_id, boot_id):
        self.left += 1


def test_a_lease_is_renewed_again_whatever_went_wrong_before():
    registry, hint = Ailing(), asyncio.Event()
    lease = Lease(KnownSessions(boot_time), boot_time)

    async def held():
        holding = asyncio.create_task(hold_lease(lease, registry, hint))
        while not lease.known.may_answer:
            hint.set()
            await asyncio.sleep(0)
            assert not holding.done()
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)

    asyncio.run(held())
    assert registry.renewals >= 2
    assert registry.left == 1
