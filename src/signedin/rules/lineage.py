"""Which database this is, and which of its successors: a system, and the number that every promotion raises."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, Self


class Succession(StrEnum):
    """How a database stands to the newest that one has been on."""

    SAME = "same"
    SUCCEEDED = "succeeded"
    OLDER = "older"
    FOREIGN = "foreign"


class Lineage(NamedTuple):
    """One timeline of one system of PostgreSQL."""

    system: str
    timeline: int

    @classmethod
    def read(cls, text: str) -> Self:
        """From how the database says it: the system's number, and the timeline in eight hexadecimal digits.

        >>> Lineage.read("7301/0000000A")
        Lineage(system='7301', timeline=10)
        """
        system, _, timeline = text.partition("/")
        return cls(system, int(timeline, 16))

    def beside(self, newest: Lineage | None) -> Succession:
        """How this one stands to the newest that is known.

        >>> Lineage("7301", 1).beside(Lineage("7301", 2))
        <Succession.OLDER: 'older'>
        """
        if newest is None:
            return Succession.SUCCEEDED
        if self.system != newest.system:
            return Succession.FOREIGN
        if self.timeline == newest.timeline:
            return Succession.SAME
        return Succession.SUCCEEDED if self.timeline > newest.timeline else Succession.OLDER
