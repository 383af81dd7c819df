"""The one schema: own column types that mean the same on SQLite and PostgreSQL, and the shared metadata.

`account_id` leads every key, so that the same tables can be partitioned or sharded by account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

from signedin.rules.device import Device, DeviceKind
from signedin.rules.location import Location, LocationKind
from signedin.rules.moments import MICROSECOND, from_micros, to_micros

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_FIRST_DAY = date(1970, 1, 1)

Int64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TextByBytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Compared as bytes on both databases, so that what begins alike stands together."""


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds."""

    impl = Int64
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:
        """The stored number."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """The moment itself."""
        return None if value is None else from_micros(value)


class Span(TypeDecorator[timedelta]):
    """A span of time, kept as whole microseconds."""

    impl = Int64
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: sa.Dialect) -> int | None:
        """The stored number."""
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> timedelta | None:
        """The span itself."""
        return None if value is None else value * MICROSECOND


class Day(TypeDecorator[date]):
    """A UTC day, kept as days since 1970."""

    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: sa.Dialect) -> int | None:
        """The stored number."""
        return None if value is None else (value - _FIRST_DAY).days

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> date | None:
        """The day itself."""
        return None if value is None else _FIRST_DAY + timedelta(days=value)


def json_text(value: Any) -> str:
    """A small value as `Json` keeps it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)


class Json(TypeDecorator[Any]):
    """A small value kept as compact JSON text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """The stored text."""
        return None if value is None else json_text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """The value itself."""
        return None if value is None else json.loads(value)


class Where(TypeDecorator[Location]):
    """A location in one short text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Location | None, dialect: sa.Dialect) -> str | None:
        """The stored text."""
        if value is None:
            return None
        if value.kind is not LocationKind.KNOWN:
            return value.kind.value
        parts = [value.city, value.region, value.country, value.latitude, value.longitude]
        return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Location | None:
        """The location itself."""
        return None if value is None else _location(value)


class What(TypeDecorator[Device]):
    """A device in one short text."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Device | None, dialect: sa.Dialect) -> str | None:
        """The stored text."""
        return (
            None
            if value is None
            else json.dumps([value.name, value.kind, value.software], ensure_ascii=False)
        )

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Device | None:
        """The device itself."""
        return None if value is None else _device(value)


# A list repeats few places and devices many times: each is read once.
@lru_cache(maxsize=4096)
def _location(text: str) -> Location:
    if not text.startswith("["):
        return Location(None, None, None, None, None, LocationKind(text))
    city, region, country, latitude, longitude = json.loads(text)
    return Location(city, region, country, latitude, longitude, LocationKind.KNOWN)


@lru_cache(maxsize=4096)
def _device(text: str) -> Device:
    name, kind, software = json.loads(text)
    return Device(name, DeviceKind(kind), software)


def account_key() -> sa.Column[int]:
    """The column that leads every primary key: whose row it is."""
    return sa.Column("account_id", Int64, primary_key=True, autoincrement=False)


BY_ACCOUNT = "HASH (account_id)"
PARTITIONS = 8
"""On PostgreSQL every table that belongs to people is kept in so many parts, by account."""


def make_partitions(conn: sa.Connection, tables: Iterable[str]) -> None:
    """Make the parts of the tables, on PostgreSQL; room is left in those whose rows are rewritten all the time."""
    if conn.dialect.name != "postgresql":
        return
    for table in tables:
        room = " WITH (fillfactor = 80)" if table in {"activity", "accounts", "used_hours"} else ""
        for part in range(PARTITIONS):
            conn.exec_driver_sql(
                f"CREATE TABLE {table}_{part} PARTITION OF {table}"
                f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part}){room}"
            )


def insert(conn: sa.Connection, table: sa.Table) -> Any:
    """An insert that can say what to do on conflict, in the words of the database in use."""
    return (postgresql if conn.dialect.name == "postgresql" else sqlite).insert(table)
