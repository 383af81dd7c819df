"""Real Chromium over TLS, a house of its own for every test, and troubles that nobody expected fail it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from browser.authority import OURS, Authority
from browser.browsers import PATIENCE, closed, find_chromium, launch
from browser.foreign import foreign_site
from people import ADA, BERLIN, FIREFOX_ON_WINDOWS, GRACE, Clock, done_apart, running
from signedin.server.demo import fill
from web.operators import ROSA, operator_in

HERE = Path(__file__).parent
LOOP = pytest.StashKey()
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@contextmanager
def awake(config):
    """Playwright's loop counts as running only while a test of a browser runs: other tests have loops too."""
    asyncio._set_running_loop(config.stash.get(LOOP, None))
    try:
        yield
    finally:
        asyncio._set_running_loop(None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    with awake(item.config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item):
    with awake(item.config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item):
    with awake(item.config):
        return (yield)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def playwright(pytestconfig):
    with sync_playwright() as playwright:
        pytestconfig.stash[LOOP] = asyncio.get_running_loop()
        yield playwright
        asyncio._set_running_loop(pytestconfig.stash.get(LOOP, None))


@pytest.fixture(scope="session")
def chromium(request, authority, pytestconfig):
    """One Chromium for all tests of a worker."""
    path = find_chromium()
    if path is None:
        pytest.skip("no chromium was found on this machine")
    browser = launch(request.getfixturevalue("playwright"), path, authority.pin)
    yield browser
    with awake(pytestconfig):
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
    with closed(chromium, empty_house) as make:
        yield make


@pytest.fixture
def laptop(browsers):
    """A browser on a laptop in San Francisco, signed in to nothing yet."""
    return browsers("laptop")


@pytest.fixture
def phone(browsers):
    """A browser on a phone in Berlin, signed in to nothing yet."""
    return browsers("phone")


@pytest.fixture
def stolen(house):
    """Ada's laptop in Berlin, in other hands; Rosa may do everything."""
    house.somebody(GRACE, "Grace Hopper")
    operator_in(house, ROSA, "owner")
    return house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)


@pytest.fixture
def site(authority):
    """Porter's own pages, on another host."""
    with foreign_site(authority.vouch_for("porter.test")) as site:
        yield site
