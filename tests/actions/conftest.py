"""A house of its own for every test of the actions."""

from __future__ import annotations

import pytest

from people import ADA, Clock, running
from signedin.actions import go_on_ending


@pytest.fixture
def house(tmp_path):
    with running(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def clock(house):
    return house.clock


@pytest.fixture
def without_rest(monkeypatch):
    """Endings for many go on without resting between accounts."""
    monkeypatch.setattr(go_on_ending, "RESTS", 0)
