"""Connecting to PostgreSQL: which hosts are tried, what is refused at once, and why a connection could not be made.

A server speaks the language of its `lc_messages`, which only a superuser may choose. What it means is its SQLSTATE,
and that is in no error of connecting: libpq has it, and says it where it is asked to, before it connects.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import select
import sys
from collections.abc import Callable, Iterator
from functools import cache
from time import monotonic
from typing import Any

import psycopg
from psycopg import AsyncConnection, Connection, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _
from signedin.store.problems import problem_in_state, problem_of

ENCODING = "UTF8"
SECONDS = 3.0
"""How long one host is asked why."""
_STATES_ALONE = 3
"""PQERRORS_SQLSTATE of libpq: the state takes the place of the words."""
_OF_PYTHON_ALONE = ("autocommit", "context")
_ANSWERED = re.compile(r"failed: [^\n]*?:  ")
"""How libpq repeats what a server has said, "FATAL:  ..." in any language; what it says itself has one blank there."""
_STATE = re.compile(rb":  ([0-9A-Z]{5})\s*$", re.MULTILINE)


def attempts(conninfo: str, how: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All hosts of the address as they stand; and where those led nowhere, each host alone."""
    asked = {name: how[name] for name in _OF_PYTHON_ALONE if name in how}
    address = conninfo_to_dict(conninfo, **{name: how[name] for name in how if name not in asked})
    yield address | asked
    hosts, ports = (str(address.get(name) or "").split(",") for name in ("host", "port"))
    if len(hosts) < 2 or "hostaddr" in address:
        return
    for at, host in enumerate(hosts):
        alone = {"host": host, "port": ports[at if len(ports) == len(hosts) else 0]}
        yield address | {name: value for name, value in alone.items() if value} | asked


def refuse_other_encodings(conn: Connection[Any] | AsyncConnection[Any]) -> None:
    """Refuse a database that cannot keep every name and word of people; the server has said so unasked.

    Raises:
        DatabaseProblem: it is not in UTF-8.
    """
    if conn.info.parameter_status("server_encoding") != ENCODING:
        raise DatabaseProblem(
            _("The database is not in UTF-8, so it cannot keep every name."),
            hint=_(
                "Make another and name it in SIGNEDIN_DATABASE_URL: CREATE DATABASE signedin OWNER signedin"
                " ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0 (docs/running.md)."
            ),
            reason="encoding",
        )


def why_not(error: psycopg.Error, address: dict[str, Any]) -> DatabaseProblem:
    """Why nobody could connect to an address of libpq; takes one more try where a server has answered.

    What libpq says itself is English, because nobody here chooses another language for it.
    """
    if not _ANSWERED.search(str(error)):
        return problem_of(error)
    whole, *alone = attempts("", address)
    states = map(_state_told, alone or [whole])
    return problem_in_state(next(filter(None, states), None))


def _state_told(address: dict[str, Any]) -> str | None:
    """The SQLSTATE by which a server refuses to be connected to; `None` where it does not, or says nothing in time."""
    only_states = _chooses_verbosity()
    plain = {name: value for name, value in address.items() if name not in _OF_PYTHON_ALONE}
    if only_states is None:
        return None
    conn = pq.PGconn.connect_start(make_conninfo(**plain).encode())
    try:
        only_states(getattr(conn, "pgconn_ptr", None), _STATES_ALONE)  # libpq takes none, and does nothing
        _be_connected(conn, until=monotonic() + SECONDS)
        found = _STATE.findall(conn.error_message)
    finally:
        conn.finish()
    return found[-1].decode() if found else None


def _be_connected(conn: pq.abc.PGconn, until: float) -> None:
    waits_for = {pq.PollingStatus.READING: select.POLLIN, pq.PollingStatus.WRITING: select.POLLOUT}
    while conn.status != pq.ConnStatus.BAD and monotonic() < until:
        event = waits_for.get(pq.PollingStatus(conn.connect_poll()))
        if event is None:
            return
        line = select.poll()
        line.register(conn.socket, event)
        line.poll(max(0.0, until - monotonic()) * 1000)


@cache
def _chooses_verbosity() -> Callable[[int | None, int], int] | None:
    """`PQsetErrorVerbosity` of the very libpq that psycopg uses, which does not offer it; `None` where it is not found."""
    module = sys.modules[pq.PGconn.__module__].__file__
    library = ctypes.util.find_library("pq") if pq.__impl__ == "python" else module
    try:
        found = ctypes.CDLL(library).PQsetErrorVerbosity
    except (OSError, AttributeError):
        return None
    found.argtypes = (ctypes.c_void_p, ctypes.c_int)
    return found
