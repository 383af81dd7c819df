"""What all tests share: what could not run is named at the end, with the line that would enable it."""

from __future__ import annotations

import json
import logging
import os
from collections import defaultdict

import pytest

# A part of a skip's reason, and the one line that would have let the test run.
ENABLED_BY = {
    "chromium": "apt install chromium (macOS: brew install --cask google-chrome), or CHROMIUM=/path/to/one",
    "postgres": "TEST_PG_DSN=postgresql://... make test",
    "redis": "TEST_REDIS_URL=redis://... make test",
    "nginx": "apt install nginx",
    "caddy": "apt install caddy",
}
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


@pytest.fixture
def log_lines(capsys):
    """The log as the server writes it: a function that reads what was written since it was last asked."""
    import structlog

    from signedin.server.logs import configure_logs

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines() if line]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, and this was skipped: {_reason(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, and this was skipped: {_reason(report)}"
    return report


def pytest_terminal_summary(terminalreporter):
    missed = defaultdict(int)
    for report in terminalreporter.stats.get("skipped", []):
        missed[_reason(report)] += 1
    if not missed:
        return
    terminalreporter.section("what could not run here")
    for reason, count in sorted(missed.items()):
        terminalreporter.line(f"{count} x {reason}\n    to run: {_enabled_by(reason)}")


def _enabled_by(reason):
    found = (line for word, line in ENABLED_BY.items() if word in reason.lower())
    return next(found, "the reason says it")


def _reason(report):
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")
