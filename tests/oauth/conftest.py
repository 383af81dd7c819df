"""A house of its own for every test of the protocol."""

from __future__ import annotations

import pytest

from given import SYNC_AGENT
from people import ADA, Clock, running


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def clock(house):
    return house.clock


@pytest.fixture
def program(house):
    """A program somewhere, with no cookies."""
    return house.browser(SYNC_AGENT).http
