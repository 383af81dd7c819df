"""The protocol itself, before any code: as it is it is safe, and without any of its guards it is not."""

from __future__ import annotations

import pytest

from model.lease_model import BROKEN, SAFE, explore


@pytest.mark.guide("R48")
@pytest.mark.parametrize("variant", SAFE)
def test_the_protocol_is_safe_in_every_state(variant):
    is_safe, states, way = explore(variant)
    assert is_safe, way
    assert states > 100_000, "nearly everything that can happen was visited"


@pytest.mark.parametrize("variant", BROKEN)
def test_without_one_of_its_guards_there_is_a_way_to_break_it(variant):
    is_safe, _, way = explore(variant)
    assert not is_safe
    assert way[-1] is not None
