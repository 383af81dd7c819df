"""The check on a PostgreSQL of its own that is stopped and started: what cannot be known signs nobody out."""

from __future__ import annotations

import threading

import pytest

from databases import QUICK
from people import ADA, Clock, running, wait_until
from postgres_server import PostgresServer, make_database, programs_of_the_wheel, programs_of_this_machine

pytestmark = pytest.mark.xdist_group("check on PostgreSQL")
CHECK = "/v1/check"


@pytest.fixture(scope="module")
def postgres():
    programs = programs_of_this_machine() or programs_of_the_wheel()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine")
    server = PostgresServer(programs, *QUICK)
    yield server
    server.destroy()


@pytest.fixture(scope="module")
def house(postgres, tmp_path_factory):
    make_database(postgres.url("postgres"), "check")
    with running(tmp_path_factory.mktemp("house"), Clock(), database_url=postgres.url("check")) as house:
        house.somebody(ADA)
        yield house


def until(browser, status):
    """Ask until that is answered; returns every status there was on the way."""
    pause, seen = threading.Event(), []
    for _ in range(1000):
        seen.append(browser.http.get(CHECK).status_code)
        if seen[-1] == status:
            return set(seen)
        pause.wait(0.02)
    raise TimeoutError(f"never {status}, but {set(seen)}")


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19", "16.5.3")
def test_while_the_database_is_stopped_no_good_credential_is_called_bad_and_no_lease_outlives_itself(
    house, postgres
):
    laptop, phone = house.signed_in(), house.signed_in()
    assert laptop.http.get(CHECK).status_code == 200
    until(laptop, 200)
    postgres.stop("immediate")
    try:
        assert phone.http.get(CHECK).status_code == 503, "this process has never been told of that session"
        assert until(laptop, 503) <= {200, 503}
        assert int(laptop.http.get(CHECK).headers["retry-after"]) >= 1
        assert house.browser().http.get(CHECK).status_code == 401, "no credential at all is known to be none"
    finally:
        postgres.start()
    assert until(laptop, 200) <= {200, 503}
    assert until(phone, 200) <= {200, 503}


@pytest.mark.guide("R48")
def test_a_check_is_answered_from_memory_while_the_lease_runs(house):
    laptop = house.signed_in()
    until(laptop, 200)

    def asks_nothing():
        before = house.server.recogniser.asked, house.server.lease.known.hits
        assert laptop.http.get(CHECK).status_code == 200
        return (house.server.recogniser.asked, house.server.lease.known.hits) == (before[0], before[1] + 1)

    wait_until(asks_nothing)  # the lease is renewed every second, and taken anew after the database was away
