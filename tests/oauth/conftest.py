"""A house of its own for every test of the protocol."""

from __future__ import annotations

import pytest

from people import ADA, Clock, running


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def clock(house):
    return house.clock
