"""A plain web app behind a real proxy over weeks, and over a stop of the database: guarded by `/v1/check` alone."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from clients.proxies import ELSEWHERE, PROXIES, guarded_app
from databases import QUICK
from people import ADA, CHROME_ON_MACOS, Clock, running
from ports import free_ports
from postgres_server import PostgresServer, make_database, programs_of_the_wheel, programs_of_this_machine
from signedin.rules.sent import CookieNames
from web.elsewhere import Elsewhere

pytestmark = pytest.mark.xdist_group("behind proxies over time")


@pytest.fixture
def guarded(request, tmp_path):
    """Signedin in this process, whose clock stands still, and an app behind a real proxy in front of both."""
    with ExitStack() as stack:

        def started(proxy_of, **values):
            port, app_port = free_ports(2)
            known = {"base_url": f"http://localhost:{port}"} | values
            house = stack.enter_context(running(tmp_path, Clock(), **known))
            ours = urlsplit(house.base_url).port
            proxy = stack.enter_context(proxy_of(tmp_path, port, ours, app_port))
            stack.enter_context(guarded_app(app_port))
            house.somebody(ADA)
            return house, proxy

        yield started


def signed_in(proxy):
    browser = proxy.browser(CHROME_ON_MACOS)
    assert browser.sign_in().status_code == 303
    return browser


@pytest.mark.guide("R12", "R68", "R70", "D15")
@pytest.mark.parametrize("name", PROXIES)
def test_a_person_who_only_uses_the_app_is_signed_in_from_day_29_to_day_58(guarded, name):
    house, proxy = guarded(PROXIES[name])
    laptop, other = signed_in(proxy), signed_in(proxy)
    for _ in range(2):
        house.clock.move(days=29)
        answer = laptop.http.get("/orders")
        assert (answer.status_code, answer.headers["guarded-app"]) == (200, "let in")
    refused = other.http.get("/orders")
    assert refused.status_code == 401, "whoever did not use it has been signed out on day 30"
    assert refused.headers["www-authenticate"] == 'Session error="expired_idle"'
    house.clock.move(days=30, seconds=1)
    assert laptop.http.get("/orders").headers["www-authenticate"] == 'Session error="expired_idle"'


@pytest.mark.guide("R12", "R68", "D15", "D31")
@pytest.mark.parametrize("name", ELSEWHERE)
def test_so_is_one_who_only_uses_an_app_on_another_host(guarded, name, tmp_path):
    port, app_port = free_ports(2)
    with ExitStack() as stack:
        house = stack.enter_context(running(tmp_path, Clock(), app_hosts=(f"http://127.0.0.1:{port}",)))
        stack.enter_context(ELSEWHERE[name](tmp_path, port, urlsplit(house.base_url).port, app_port))
        stack.enter_context(guarded_app(app_port))
        house.somebody(ADA)
        laptop = house.signed_in()
        names = CookieNames.for_base_url("http://127.0.0.1")
        shop = Elsewhere(laptop, f"127.0.0.1:{port}", names.host).entered()
        for _ in range(2):
            house.clock.move(days=29)
            cookie = {"cookie": f"{names.host}={shop.jar[names.host]}"}
            assert laptop.http.get(f"http://127.0.0.1:{port}/orders", headers=cookie).status_code == 200
        assert laptop.is_signed_in


@pytest.fixture(scope="module")
def postgres():
    programs = programs_of_this_machine() or programs_of_the_wheel()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine")
    server = PostgresServer(programs, *QUICK)
    yield server
    server.destroy()


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
@pytest.mark.parametrize("name", PROXIES)
def test_while_postgresql_is_stopped_no_good_credential_is_called_bad(guarded, name, postgres):
    make_database(postgres.url("postgres"), name)
    _, proxy = guarded(PROXIES[name], database_url=postgres.url(name))
    laptop = signed_in(proxy)
    asked_until(laptop, 200)
    postgres.stop("immediate")
    try:
        assert asked_until(laptop, 503) <= {200, 503}
        answer = laptop.http.get("/")
        assert (answer.status_code, "guarded-app" in answer.headers) == (503, False)
        assert int(answer.headers["retry-after"]) >= 1
        assert {laptop.http.get("/").status_code for _ in range(20)} == {503}
        assert proxy.browser(CHROME_ON_MACOS).http.get("/").status_code == 401
    finally:
        postgres.start()
    assert asked_until(laptop, 200) <= {200, 503}


def asked_until(browser, status):
    """Ask until that is answered; returns every status there was on the way."""
    pause, seen = threading.Event(), []
    for _ in range(1000):
        seen.append(browser.http.get("/").status_code)
        if seen[-1] == status:
            return set(seen)
        pause.wait(0.02)
    raise TimeoutError(f"never {status}, but {set(seen)}")
