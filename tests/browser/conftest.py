"""Real Chromium over TLS, a house of its own for every test, and troubles that nobody expected fail it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from browser.authority import OURS, Authority
from browser.browsers import KINDS, RealBrowser, find_chromium, launch
from people import ADA, Clock, done_apart, running
from signedin.server.demo import fill

HERE = Path(__file__).parent
expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(request, authority):
    """One Chromium for all tests of a worker."""
    path = find_chromium()
    if path is None:
        pytest.skip("no chromium was found on this machine")
    browser = launch(request.getfixturevalue("playwright"), path, authority.pin)
    yield browser
    browser.close()


@pytest.fixture
def empty_house(tmp_path, authority):
    with running(tmp_path, Clock(), authority.vouch_for(OURS)) as house:
        yield house


@pytest.fixture
def house(empty_house):
    empty_house.somebody(ADA)
    return empty_house


@pytest.fixture
def filled(empty_house):
    """The demo's account, about 20 rows of all types: `laptop.signed_in(filled.account.email, filled.password)`."""
    return done_apart(fill(empty_house.means, empty_house.clock()))


@pytest.fixture
def clock(empty_house):
    return empty_house.clock


@pytest.fixture
def browsers(chromium, empty_house):
    """Makes real browsers: browsers("laptop"), browsers("phone", java_script_enabled=False)."""
    made = []

    def make(name="laptop", **options):
        chosen = KINDS.get(name, KINDS["laptop"]) | options
        agent, address = chosen.pop("agent"), chosen.pop("address")
        made.append(RealBrowser(chromium, empty_house, name, agent, address, chosen))
        return made[-1]

    yield make
    troubles = [trouble for browser in made for trouble in browser.close()]
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def laptop(browsers):
    """A browser on a laptop in San Francisco, signed in to nothing yet."""
    return browsers("laptop")


@pytest.fixture
def phone(browsers):
    """A browser on a phone in Berlin, signed in to nothing yet."""
    return browsers("phone")
