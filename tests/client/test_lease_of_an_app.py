"""When Revoke returns, it is over in other apps too: the real memory and lease of the client library, in every order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from client.apps_world import MUTANTS, AppsWorld
from gate.test_lease import WALKS, AnyOrder, walk
from gate.world import Broken
from signedin.client.memory import Memory
from signedin.rules.ending import Ending, Scope
from signedin.rules.holding import Lease
from signedin.rules.known import Known
from signedin.rules.lease import Renewal


class AnyOrderWithApps(AnyOrder):
    """Hypothesis chooses what happens next."""

    world_class = AppsWorld


@pytest.mark.guide("R48", "R58", "D34")
def test_no_app_lets_in_a_request_that_starts_after_the_ending_has_returned():
    run_state_machine_as_test(
        AnyOrderWithApps,
        settings=settings(
            max_examples=150, stateful_step_count=70, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.guide("R48", "R58", "D34")
def test_it_holds_on_long_walks_and_the_memory_really_answers():
    hits = requests = 0
    for seed in range(WALKS):
        world = walk(AppsWorld(), seed, has_crashes=seed % 4 == 0)
        hits += world.hits
        requests += world.requests
    assert hits > requests * 0.1, f"{hits} of {requests} answered from memory: this shows nothing"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.__name__)
def test_each_guard_of_the_client_library_is_missed_when_it_is_off(mutant):
    for seed in range(20_000):
        try:
            walk(mutant(), seed)
        except Broken:
            return
    pytest.fail(f"nobody noticed {mutant.__name__}")


DIGEST = b"d" * 32
ADA = Known(1, 0, 10**15, 10**15, 0, 5, "ada", "web")


def holding(head=7):
    memory = Memory(lambda: 100.0)
    lease = Lease(memory, lambda: 100.0)
    lease.joined("boot", head, "one")
    assert lease.answered(lease.ask(), Renewal((), head, lineage="one"))
    return memory, lease


@pytest.mark.guide("R48", "D34")
def test_an_answer_from_a_server_that_has_heard_less_than_this_app_is_used_and_not_remembered():
    memory, _ = holding(head=10)
    assert not memory.learned_as_of(DIGEST, ADA, 9, memory.asking())
    assert memory.recall(DIGEST) is None
    assert memory.learned_as_of(DIGEST, ADA, 10, memory.asking())
    assert memory.recall(DIGEST).who.account == "1"


@pytest.mark.guide("R48")
def test_an_answer_that_was_asked_for_before_this_app_joined_again_is_not_remembered():
    memory, lease = holding()
    asked = memory.asking()
    assert not lease.answered(lease.ask(), None), "it was taken for gone"
    lease.joined("another", 7, "two")
    assert not memory.learned_as_of(DIGEST, ADA, 100, asked)


@pytest.mark.guide("R48", "R58")
@pytest.mark.parametrize(
    "ending",
    [
        Ending(Scope.SESSION, 0, (DIGEST[:16],), seq=8),
        Ending(Scope.ACCOUNT, 1, cut_off=6, seq=8),
        Ending("new", 0, seq=8),
    ],
    ids=["a session", "an account", "a kind that is not known here"],
)
def test_what_is_heard_between_two_renewals_is_over_at_once(ending):
    memory, lease = holding()
    memory.learned_as_of(DIGEST, ADA, 7, memory.asking())
    assert memory.recall(DIGEST) is not None
    assert lease.heard("one", [ending])
    assert memory.recall(DIGEST) is None
    assert lease.ask().applied == 8


@pytest.mark.guide("R48")
def test_what_is_heard_after_a_gap_or_of_another_database_is_acknowledged_by_nobody():
    _, lease = holding()
    gap = Ending(Scope.ACCOUNT, 1, cut_off=6, seq=9)
    assert not lease.heard("one", [gap])
    assert not lease.heard("two", [Ending(Scope.ACCOUNT, 1, cut_off=6, seq=8)])
    assert lease.ask().applied == 7


@pytest.mark.guide("R48")
def test_a_service_of_another_version_can_only_make_the_lease_shorter():
    now = [100.0]
    memory = Memory(lambda: now[0])
    lease = Lease(memory, lambda: now[0])
    lease.joined("boot", 7, "one")
    lease.answered(lease.ask(), Renewal((), 7, lineage="one", shorter_by=2.0))
    now[0] = 100.8
    assert memory.may_answer
    now[0] = 100.9
    assert not memory.may_answer
