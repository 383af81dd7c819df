"""What can be wrong with the database, in one clear sentence each."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from signedin.rules.errors import DatabaseProblem
from signedin.rules.wording import marked as _

_LOCKED = (
    _("The database is locked by another program."),
    _("Stop the other program, or wait and try again."),
)
SENTENCES = (
    ("lock timeout", _("Somebody else uses that part of the database."), _("Try again in a moment.")),
    ("locked", *_LOCKED),
    ("busy", *_LOCKED),
    ("readonly", _("The database cannot be written to."), _("Check the owner and the rights of the file and its folder.")),
    ("full", _("The disk or the database is full."), _("Make room on the disk; nothing was lost.")),
    ("no such table", _("The database has no tables yet."), _("Run `signedin db upgrade`.")),
    ("no such column", _("The database is older than this version."), _("Run `signedin db upgrade`.")),
    ("unable to open", _("The database file cannot be opened."), _("Check that its folder exists and may be written to.")),
    ("not a database", _("The file is not a Signedin database."), _("Check SIGNEDIN_DATABASE_URL.")),
    ("malformed", _("The database file is damaged."), _("Stop the server and restore a backup.")),
    ("disk i/o", _("The disk reports an error."), _("Check the disk; stop the server until it is healthy.")),
)  # fmt: skip
BY_POSTGRES = (
    (r'fatal: +database ".*" does not exist', "missing",
     _("There is no such database on the server."),
     _("Make it: CREATE DATABASE, as docs/running.md says; or check the name in SIGNEDIN_DATABASE_URL.")),
    (r'role ".*" (does not exist|is not permitted)|password authentication failed|no password supplied|no pg_hba.conf', "refused",
     _("The database's server has no such role, or refuses its password."),
     _("Check the user and password in SIGNEDIN_DATABASE_URL, and pg_hba.conf.")),
    (r"connection refused|no route to host|failed to resolve host|could not translate host|timeout expired|no such file", "unreachable",
     _("Nobody answers at the address of the database."),
     _("Check that PostgreSQL runs, and the host and port in SIGNEDIN_DATABASE_URL.")),
    (r"too many clients|remaining connection slots|too many connections", "full_of_connections",
     _("The database takes no more connections."),
     _("Raise max_connections of PostgreSQL: a process of Signedin takes up to 23.")),
    (r"permission denied|must be owner", "not_allowed",
     _("The database's user may not do that."),
     _("Let it own the database and its schema public, as docs/running.md says.")),
)  # fmt: skip
"""How PostgreSQL says what a newcomer meets first, with the reason for programs."""
_NOT_ALLOWED = "42501"
REASONS = {
    "lock timeout": "in_use",
    "locked": "locked",
    "busy": "locked",
    "readonly": "read_only",
    "full": "full",
    "no such table": "older",
    "no such column": "older",
    "unable to open": "unreachable",
    "not a database": "not_a_database",
    "malformed": "damaged",
    "disk i/o": "disk_error",
}
"""The same for programs."""


@contextmanager
def told_clearly() -> Iterator[None]:
    """Turn what a database driver says into one sentence for people.

    Raises:
        DatabaseProblem: what is wrong and what to do. Nothing was changed.
    """
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.DatabaseError, sqlite3.Error) as error:
        if isinstance(error, sa.exc.IntegrityError | sqlite3.IntegrityError):
            raise
        is_bug = isinstance(error, sa.exc.ProgrammingError | sqlite3.ProgrammingError)
        if is_bug and getattr(getattr(error, "orig", None), "sqlstate", None) != _NOT_ALLOWED:
            raise
        raise problem_of(error) from error


def problem_of(error: Exception) -> DatabaseProblem:
    """The sentence for a driver's error."""
    said = str(getattr(error, "orig", None) or error).lower()
    if not isinstance(getattr(error, "orig", None) or error, sqlite3.Error):
        for pattern, reason, sentence, hint in BY_POSTGRES:
            if re.search(pattern, said):
                return DatabaseProblem(sentence, hint=hint, reason=reason)
    for part, sentence, hint in SENTENCES:
        if part in said:
            return DatabaseProblem(sentence, hint=hint, reason=REASONS[part])
    return DatabaseProblem()
