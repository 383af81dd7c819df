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
BY_SQLITE = (
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
BY_STATE = {
    "3D000": ("missing", _("There is no such database on the server."),
              _("Make it: CREATE DATABASE, as docs/running.md says; or check the name in SIGNEDIN_DATABASE_URL.")),
    "28": ("refused", _("The database's server has no such role, or refuses its password."),
           _("Check the user and password in SIGNEDIN_DATABASE_URL, and pg_hba.conf.")),
    "53300": ("full_of_connections", _("The database takes no more connections."),
              _("Raise max_connections of PostgreSQL: a process of Signedin takes up to 24.")),
    "57P": ("unreachable", _("The database's server takes no connections yet, or no more."),
            _("Wait until it has started; its log says what it does.")),
    "42501": ("not_allowed", _("The database's user may not do that."),
              _("Let it own the database and its schema public, as docs/running.md says.")),
    "55P03": ("in_use", _("Somebody else uses that part of the database."), _("Try again in a moment.")),
    "53100": ("full", _("The disk or the database is full."), _("Make room on the disk; nothing was lost.")),
}  # fmt: skip
"""What PostgreSQL means, whatever its language, by SQLSTATE or how that begins; with the reason for programs."""
BY_LIBPQ = (
    (r"does not support ssl", "tls",
     _("The database's server speaks no TLS, and sslmode in SIGNEDIN_DATABASE_URL asks for it."),
     _("Turn TLS on there (ssl = on, with a certificate); or, on one machine only, leave sslmode out.")),
    (r"root certificate file", "tls",
     _("The certificate by which the database's server is to be known is not there, or cannot be read."),
     _("Check sslrootcert in SIGNEDIN_DATABASE_URL: the path, and that the server's user may read it.")),
    (r"certificate verify failed|does not match host name", "tls",
     _("The database's server shows a certificate that is not trusted, or is for another name."),
     _("Check the host and sslrootcert in SIGNEDIN_DATABASE_URL, and the server's certificate.")),
    (r"certificate|private key|ssl negotiation|ssl error: .*(alert|version|protocol)|channel binding", "tls",
     _("TLS with the database's server fails."),
     _("Check sslmode, sslrootcert, sslcert and sslkey in SIGNEDIN_DATABASE_URL, and the server's log.")),
    (r"no password supplied", "refused", *BY_STATE["28"][1:]),
    (r"connection refused|no route to host|network is unreachable|(resolve|translate) host|timeout expired|no such file",
     "unreachable",
     _("Nobody answers at the address of the database."),
     _("Check that PostgreSQL runs, and the host and port in SIGNEDIN_DATABASE_URL.")),
    (r"invalid (\w+ value|connection option|uri|percent)|invalid (integer|port)|weak sslmode|definition of service|parse network address", "address",
     _("The address of the database says something that PostgreSQL does not know."),
     _("Look at what stands behind the ? of SIGNEDIN_DATABASE_URL, at sslmode above all.")),
)  # fmt: skip
"""How libpq says what keeps it from ever hearing the server: never in another language."""
_NOT_ALLOWED = "42501"
REASONS = {
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
    cause = getattr(error, "orig", None) or error
    said = str(cause).lower()
    if not isinstance(cause, sqlite3.Error):
        state = getattr(cause, "sqlstate", None)
        return problem_in_state(state) if state else _before_any_answer(said)
    for part, sentence, hint in BY_SQLITE:
        if part in said:
            return DatabaseProblem(sentence, hint=hint, reason=REASONS[part])
    return DatabaseProblem()


def problem_in_state(state: str | None) -> DatabaseProblem:
    """The sentence for an SQLSTATE of PostgreSQL, `None` for one that is not known."""
    for begins, (reason, sentence, hint) in BY_STATE.items():
        if state and state.startswith(begins):
            return DatabaseProblem(sentence, hint=hint, reason=reason)
    return DatabaseProblem()


def _before_any_answer(said: str) -> DatabaseProblem:
    for pattern, reason, sentence, hint in BY_LIBPQ:
        if re.search(pattern, said):
            return DatabaseProblem(sentence, hint=hint, reason=reason)
    return DatabaseProblem()
