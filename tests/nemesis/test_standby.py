"""A synchronous standby takes over under two servers and those who use them: no promise breaks."""

from __future__ import annotations

import pytest

from nemesis.standby import Watching, served_by_two, taken_over

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def pair(tmp_path):
    with served_by_two(tmp_path) as made:
        yield made


@pytest.mark.guide("R48", "R68")
@pytest.mark.security("attack-25")
def test_what_was_told_as_ended_stays_ended_when_a_synchronous_standby_takes_over_and_life_goes_on(pair):
    first, second = pair.nodes
    assert pair.promised(first).json()["standby"] == "synchronous"
    assert pair.promised(first).json()["outlives_failover"] is True
    assert pair.promised(first).json()["timeline"] == 1
    with Watching(pair) as watching:
        taken_over(pair)
        for node in (second, first):
            assert pair.checks(pair.end_one(node)) == {401}
    assert 401 in watching.seen
    assert set(watching.seen) <= {401, 503}, "not known, or over: nobody who was told to be out was let in"
    assert pair.of_what_is_over() == {401}
    assert pair.checks(pair.owner) == {200}
    for node in pair.nodes:
        said = pair.promised(node).json()
        assert (said["timeline"], said["standby"], said["outlives_failover"]) == (2, "none", False)
