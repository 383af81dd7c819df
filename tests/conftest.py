"""What all tests share: what could not run is named at the end, with the line that would enable it."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from functools import cache

import pytest

from databases import THE_OTHERS, drop

# A part of a skip's reason, and the one line that would have let the test run.
ENABLED_BY = {
    "chromium": "apt install chromium (macOS: brew install --cask google-chrome), or CHROMIUM=/path/to/one",
    "postgres": "apt install postgresql (macOS: brew install postgresql), or TEST_PG_DSN=postgresql://... make test",
    "redis": "TEST_REDIS_URL=redis://... make test",
    "nginx": "apt install nginx",
    "caddy": "apt install caddy",
    "no node": "apt install nodejs",
    "curl": "apt install curl",
}
NEEDS_HISTORY = "there is no history here"
"""A part of the one reason that is no lack of the machine: a copy of the project without its older commits."""
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


def pytest_xdist_make_scheduler(config, log):
    """Files whose tests share something costly go to one worker whole; pytest-xdist's own groups do not work
    with this pytest, whose items keep their ids elsewhere."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return file if _shares_something(config.rootpath / file) else nodeid

    return Scheduling(config, log) if config.getvalue("dist") == "loadgroup" else None


@cache
def _shares_something(file):
    return "pytestmark = pytest.mark.xdist_group(" in file.read_text()


def pytest_collection_modifyitems(config, items):
    """What is about the database that is not in use is no test of this run, so it is not skipped either."""
    others = [item for item in items if item.get_closest_marker(THE_OTHERS)]
    for mark in (item.get_closest_marker(THE_OTHERS) for item in others):
        assert mark.args[0].endswith("."), f"{mark} says why in a sentence"
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session", autouse=True)
def log_as_served():
    """The log as the server writes it, also in tests."""
    from signedin.server.logs import configure_logs

    configure_logs()


@pytest.fixture(autouse=True)
def databases_go_with_their_test(request):
    """Hundreds of databases would fill a small disk, and take long to remove at the end."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        drop(folder)


@pytest.fixture
def still_house(tmp_path):
    """A running server with Ada's account whose jobs do not run: what waits to be sent waits."""
    from people import ADA, Clock
    from routes import still

    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def log_lines(capsys):
    """A function that reads what the log has since it was last asked."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines() if line]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if (
        REQUIRE_ALL
        and report.skipped
        and not hasattr(report, "wasxfail")
        and NEEDS_HISTORY not in _reason(report)
    ):
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


@pytest.fixture
def means(tmp_path):
    """An installation without a server: nobody has an account there."""
    from people import settings_in
    from signedin.server.means import close_means, open_means

    opened = open_means(settings_in(tmp_path, 8000))
    yield opened
    close_means(opened)
