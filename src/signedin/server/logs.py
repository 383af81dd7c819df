"""The log: one JSON line per event, in UTC, without secrets, addresses or words of people."""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs() -> None:
    """Write structured lines to standard error; control characters in values stay escaped."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
