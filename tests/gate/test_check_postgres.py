"""The check on a PostgreSQL of its own that is stopped and started: what cannot be known signs nobody out."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from databases import QUICK
from people import ADA, Clock, running, wait_until
from postgres_server import PostgresServer, make_database, programs_of_the_wheel, programs_of_this_machine
from signedin.actions import note_use
from signedin.rules.moments import to_micros

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


@contextmanager
def held(postgres, row_id):
    """The row of a session's last use, held by somebody else's transaction."""
    with psycopg.connect(postgres.url("check")) as somebody:
        found = somebody.execute("SELECT 1 FROM activity WHERE row_id = %s FOR UPDATE", [row_id])
        assert found.fetchone() == (1,)
        yield


def near_its_end(house):
    """A session, and its id, a minute before its use has to be known (D28)."""
    laptop = house.signed_in()
    row_id = laptop.current()["id"]
    house.clock.move(days=29, hours=23, minutes=59)
    return laptop, row_id


@pytest.mark.guide("D28")
@pytest.mark.security("attack-19")
def test_a_use_that_has_to_be_written_first_lets_nobody_in_while_somebody_else_holds_its_row(
    house, postgres, monkeypatch
):
    laptop, row_id = near_its_end(house)
    monkeypatch.setattr(note_use, "FIRST_SECONDS", 0.2)
    with held(postgres, row_id):
        assert [laptop.http.get(CHECK).status_code for _ in range(3)] == [503, 503, 503]
        assert laptop.http.get("/settings/sessions").status_code == 503
        assert laptop.http.get(CHECK).status_code == 503
    until(laptop, 200)


@pytest.mark.guide("D28", "R69")
def test_uses_that_were_only_seen_do_not_hide_that_the_next_one_has_to_be_written_first(
    house, postgres, monkeypatch
):
    laptop = house.signed_in()
    row_id = laptop.current()["id"]
    house.clock.move(days=29, hours=23, minutes=56)
    until(laptop, 200)
    monkeypatch.setattr(note_use, "FIRST_SECONDS", 0.2)
    answers = []
    with held(postgres, row_id):
        for _ in range(6):
            answers.append(laptop.http.get(CHECK).status_code)
            house.clock.move(minutes=1)
    assert (answers[:2], answers[3:]) == ([200, 200], [503, 503, 503])


@pytest.mark.guide("D28")
def test_a_use_that_has_to_be_written_first_waits_until_its_row_is_free_and_is_on_disk_then(
    house, postgres, monkeypatch
):
    laptop, row_id = near_its_end(house)
    monkeypatch.setattr(note_use, "FIRST_SECONDS", 60)
    tries, note = [], house.means.database.note

    async def counted(*given):
        tries.append(given)
        return await note(*given)

    monkeypatch.setattr(house.means.database, "note", counted)
    with ThreadPoolExecutor(1) as apart:
        with held(postgres, row_id):
            asked = apart.submit(laptop.http.get, CHECK)
            wait_until(lambda: len(tries) > 3)
            assert not asked.done()
        assert asked.result().status_code == 200
    with psycopg.connect(postgres.url("check")) as conn:
        found = conn.execute("SELECT last_at FROM activity WHERE row_id = %s", [row_id])
        assert found.fetchone() == (to_micros(house.clock()),)
