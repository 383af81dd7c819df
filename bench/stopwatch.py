"""A stopwatch on functions of the product: how long each took within a whole."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

Point = tuple[Any, str]
Clock = Callable[[], float]


@contextmanager
def stopwatch(points: Mapping[str, Point], clock: Clock) -> Iterator[dict[str, float]]:
    """Add up the seconds by that clock in each named function, `(owner, attribute)`, while the block runs."""
    spent: dict[str, float] = defaultdict(float)
    kept = {name: getattr(owner, attribute) for name, (owner, attribute) in points.items()}
    for name, (owner, attribute) in points.items():
        setattr(owner, attribute, _timed(kept[name], name, spent, clock))
    try:
        yield spent
    finally:
        for name, (owner, attribute) in points.items():
            setattr(owner, attribute, kept[name])


def _timed(work: Callable[..., Any], name: str, spent: dict[str, float], clock: Clock) -> Callable[..., Any]:
    @functools.wraps(work)
    def timed(*args: Any, **kw: Any) -> Any:
        began = clock()
        try:
            return work(*args, **kw)
        finally:
            spent[name] += clock() - began

    return timed


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What SQLAlchemy asks the database while the block runs, without the brackets of transactions."""
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        del rest
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append((statement, parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
