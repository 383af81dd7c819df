"""Statements that are ready before anybody asks: put together once, down to the text and the values that a driver takes.

SQLAlchemy looks a statement up, binds and wraps anew at each execution, which takes several times as long as SQLite
needs to run a small one. What is asked all day is asked by these. What they say, and how columns are kept, stands in
the same constructs as everywhere.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

_Way = Callable[[Any], Any]


class _Text(NamedTuple):
    """A statement as one driver takes it; ways that are `None` leave a value as it is."""

    text: str
    given: tuple[tuple[str, _Way | None], ...]
    is_by_place: bool
    told: tuple[tuple[int, _Way], ...]


class Ready:
    """One statement of named values, each of which has to be given; it tells one row at most."""

    def __init__(self, statement: sa.Select[Any] | sa.Insert | sa.Update | sa.Delete) -> None:
        self._statement = statement
        columns = [*statement.exported_columns]
        self._types = [column.type for column in columns]
        self._row = _row_of([str(column.key) for column in columns])
        self._texts: dict[str, _Text] = {}

    def first(self, conn: sa.Connection, values: Mapping[str, Any]) -> Any | None:
        """The row, its columns by name and by place, or `None`."""
        said = self._on(conn.dialect)
        found = _run(conn, said, values).fetchone()
        if found is None:
            return None
        row = list(found)
        for at, way in said.told:
            row[at] = way(row[at])
        return self._row._make(row)

    def run(self, conn: sa.Connection, values: Mapping[str, Any]) -> int:
        """How many rows it has changed."""
        return int(_run(conn, self._on(conn.dialect), values).rowcount)

    def _on(self, dialect: sa.Dialect) -> _Text:
        said = self._texts.get(dialect.name)
        if said is None:
            said = self._texts[dialect.name] = self._put(dialect)
        return said

    def _put(self, dialect: sa.Dialect) -> _Text:
        put: Any = self._statement.compile(dialect=dialect)
        types = {name: bound.type.dialect_impl(dialect) for bound, name in put.bind_names.items()}
        names = put.positiontup or tuple(types)
        told = [each.dialect_impl(dialect).result_processor(dialect, None) for each in self._types]
        return _Text(
            str(put), tuple((name, types[name].bind_processor(dialect)) for name in names),
            put.positiontup is not None, tuple((at, way) for at, way in enumerate(told) if way is not None),
        )  # fmt: skip


def _row_of(names: list[str]) -> Any:
    return namedtuple("Row", names)  # noqa: PYI024


def _run(conn: sa.Connection, said: _Text, values: Mapping[str, Any]) -> Any:
    """Run it in the transaction at hand, which begins with its first statement as by SQLAlchemy's own ways.

    On PostgreSQL by SQLAlchemy, which notices a connection that is lost; and wherever somebody listens to statements.
    """
    given = tuple([values[name] if way is None else way(values[name]) for name, way in said.given])
    if not said.is_by_place:
        names = [name for name, _ in said.given]
        return conn.exec_driver_sql(said.text, dict(zip(names, given, strict=True)))
    if conn.dispatch.before_cursor_execute:
        return conn.exec_driver_sql(said.text, given)
    if not conn.in_transaction():
        conn.begin()
    driver: Any = conn.connection.driver_connection
    return driver.execute(said.text, given)
