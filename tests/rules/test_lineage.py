"""Which database is older than another: by the number that every promotion raises, never across systems."""

from __future__ import annotations

import pytest

from signedin.rules.lineage import Lineage, Succession

NEWEST = Lineage.read("7301/0000000A")


@pytest.mark.guide("R48")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("7301/0000000A", Succession.SAME),
        ("7301/0000000B", Succession.SUCCEEDED),
        ("7301/00000010", Succession.SUCCEEDED),
        ("7301/00000009", Succession.OLDER),
        ("7302/0000000B", Succession.FOREIGN),
    ],
)
def test_a_timeline_of_the_same_system_is_older_or_newer_and_another_system_is_neither(said, expected):
    assert Lineage.read(said).beside(NEWEST) is expected


def test_the_first_one_is_taken_as_it_is():
    assert NEWEST.beside(None) is Succession.SUCCEEDED
