"""What a deed asks PostgreSQL, and which parts of which tables each statement touches."""

from __future__ import annotations

import re

import psycopg
import sqlalchemy as sa
from psycopg import sql

PREPARED_AFTER = 6
"""Times after which PostgreSQL may choose a plan that holds for every value, and the driver has prepared it."""
SCANNED = "SELECT relname FROM pg_stat_xact_user_tables WHERE seq_scan + coalesce(idx_scan, 0) > 0"
"""The tables that the transaction at hand has looked into."""
_A_VALUE = re.compile(r"%\((\w+)\)s|%s")
_A_PART = re.compile(r"(\w+?)_(\d+)")


def asked_by(database, deed, *given):
    """The statements of a deed with their values, in order; what it does is taken back."""
    asked = []

    def executed(conn, cursor, statement, parameters, context, executemany):
        asked.append((statement, parameters[0] if executemany else parameters))

    with database.engine.connect() as conn:
        sa.event.listen(conn, "before_cursor_execute", executed)
        with conn.begin() as transaction:
            deed(conn, *given)
            transaction.rollback()
    return [each for each in asked if each[0].split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")]


def tables_touched(database, statement, values):
    """Every table with the parts that are read or written, tried as often as it takes to be planned for good.

    Such a plan names every account, and leaves the other parts out when it begins: it locks them, and no more.
    That costs less than to plan anew each time, measured at half the time of a check.
    """
    names, plain = [], database.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def numbered(found):
        names.append(found[1])
        return f"${len(names)}"

    prepared = _A_VALUE.sub(numbered, statement).replace("%%", "%")
    given = [values[name] for name in names] if isinstance(values, dict) else list(values)
    arguments = sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, given))) if given else sql.SQL("")
    touched = {}
    with psycopg.connect(plain, autocommit=True) as conn:
        conn.execute(f"PREPARE hot AS {prepared}".encode())
        for _ in range(PREPARED_AFTER + 2):
            explained = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE hot{}").format(arguments)
            for table, part in _relations(conn.execute(explained).fetchone()[0]):
                touched.setdefault(table, set()).update({part} - {""})
    return touched


def _relations(plan):
    if isinstance(plan, list):
        for each in plan:
            yield from _relations(each)
    elif isinstance(plan, dict):
        name = plan.get("Relation Name")
        if name is not None:
            yield _table_and_part(name)
        for key, each in plan.items():
            if (
                key != "Target Tables"
            ):  # all that a delete may end in: locked, and no more; what it reads stands below
                yield from _relations(each)


def _table_and_part(name):
    part = _A_PART.fullmatch(name)
    return (part[1], part[2]) if part else (name, "")
