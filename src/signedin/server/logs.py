"""The log: one JSON line per event, in UTC, without secrets, addresses or words of people.

Of an exception it tells the type and the places, never the values: those may be what somebody typed.
A log that cannot be written (a full disk, a closed pipe) stops nothing.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from signedin.rules.secret import TOKEN_PATTERN, mask_secret

_TOKEN = re.compile(TOKEN_PATTERN)


def configure_logs() -> None:
    """Write structured lines to standard error, those of the libraries too."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_values,
            _without_secrets,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=_Writer,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)


class _Writer:
    """Writes a line, or lets it be."""

    def __init__(self, *_: Any) -> None:
        self.info = self.warning = self.error = self.critical = self.msg

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()


class _Libraries(logging.Handler):
    """Takes what libraries tell the standard library's log."""

    def emit(self, record: logging.LogRecord) -> None:
        level = max(record.levelno, logging.INFO)
        structlog.get_logger(record.name).log(level, record.getMessage(), exc_info=record.exc_info)


def _without_values(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    given = event.pop("exc_info", None)
    error = given[1] if isinstance(given, tuple) else sys.exception() if given is True else given
    thrown: list[dict[str, Any]] = []
    while isinstance(error, BaseException) and len(thrown) < 5:
        places = traceback.extract_tb(error.__traceback__)[-30:]
        where = [f"{place.filename}:{place.lineno} {place.name}" for place in places]
        thrown.append({"type": type(error).__name__, "where": where})
        error = error.__cause__ or error.__context__
    if thrown:
        event["exception"] = thrown
    return event


def _without_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _TOKEN.sub(lambda found: mask_secret(found[0]), value)
    if isinstance(value, Mapping):
        return {name: _masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each) for each in value]
    return value
