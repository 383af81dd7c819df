"""Apps in front of a service that really runs: one for all tests of a file, with somebody in it."""

from __future__ import annotations

import pytest

from people import ADA, SAFARI_ON_IPHONE, Clock, running


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def phone(house):
    return house.signed_in(agent=SAFARI_ON_IPHONE)
