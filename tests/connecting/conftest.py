"""A server that really runs, with somebody in it, for all tests of a file."""

from __future__ import annotations

import pytest

from served import a_place, served


@pytest.fixture(scope="module")
def server():
    with a_place(SIGNEDIN_CALLS_A_MINUTE="99999") as place:
        place.somebody()
        with served(place) as server:
            yield server


@pytest.fixture
def place(server):
    return server.place
