"""A house of its own for every test of the pages."""

from __future__ import annotations

import pytest

from people import ADA, Clock, running


@pytest.fixture
def empty_house(tmp_path):
    with running(tmp_path, Clock()) as house:
        yield house


@pytest.fixture
def house(empty_house):
    empty_house.somebody(ADA)
    return empty_house
