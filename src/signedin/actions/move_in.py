"""An existing app moves in, line by line: all are judged before any is written, and it may be done again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.rules.moving_in import Turned, Unusable

AT_ONCE = 200
"""So many in one transaction: the server writes in between."""


class Line(Protocol):
    """What was read from one line of a file."""

    @property
    def line(self) -> int:
        """Its number."""


L = TypeVar("L", bound=Line)
T = TypeVar("T")
IsHere = Callable[[sa.Connection, L], bool]
"""Whether it is here already; raises `Unusable` where it cannot move in."""
AddAll = Callable[[sa.Connection, Sequence[L]], int]
"""Adds those that are not here by now; how many."""


@dataclass(slots=True)
class MovedIn:
    """What became of the lines: how many were added, or would be; who was here already; which are refused, and why."""

    added: int = 0
    already: int = 0
    refused: list[Turned] = field(default_factory=list)
    is_written: bool = False


async def move_in(
    means: Means, lines: Sequence[L | Turned], is_here: IsHere[L], add_all: AddAll[L], *, is_trial: bool,
    skip_refused: bool,
) -> MovedIn:  # fmt: skip
    """Let them move in. Where any line is refused none does, unless those are to be skipped; a trial writes nothing."""
    moved, coming = MovedIn(), list[L]()
    for some in _batches(lines):
        comes, refused = await means.database.read(_judge_all, some, is_here)
        coming += comes
        moved.refused += refused
    moved.added, moved.already = len(coming), len(lines) - len(coming) - len(moved.refused)
    if is_trial or (moved.refused and not skip_refused):
        return moved
    for batch in _batches(coming):
        late = len(batch) - await means.database.write(add_all, batch)
        moved.added, moved.already = moved.added - late, moved.already + late
    moved.is_written = True
    return moved


def _judge_all(
    conn: sa.Connection, some: Sequence[L | Turned], is_here: IsHere[L]
) -> tuple[list[L], list[Turned]]:
    """Those who come, and who is refused; who is here already is neither."""
    coming, refused = list[L](), list[Turned]()
    for one in some:
        if isinstance(one, Turned):
            refused.append(one)
            continue
        try:
            if not is_here(conn, one):
                coming.append(one)
        except Unusable as problem:
            refused.append(problem.at(one.line))
    return coming, refused


def _batches(every: Sequence[T]) -> Iterator[Sequence[T]]:
    return (every[at : at + AT_ONCE] for at in range(0, len(every), AT_ONCE))
