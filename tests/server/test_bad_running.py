"""The database goes bad while the server runs: 503 and one sentence, nothing half done, and afterwards all is well."""

from __future__ import annotations

import asyncio
import fcntl
import resource
import shutil
import sqlite3
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from people import ADA, PASSWORD, SAFARI_ON_IPHONE, Clock
from routes import fingerprint, still
from served import a_place, served
from signedin.actions.sweep import sweep
from signedin.gate.recognise import Recogniser
from signedin.rules.errors import DatabaseProblem
from signedin.server.jobs import flush_now
from signedin.store import checks
from signedin.store import sqlite as database
from signedin.store.schema_version import newest


@pytest.fixture
def house(tmp_path, monkeypatch):
    """Nobody waits long for a lock, and each check looks where the file is."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(checks, "LOOK_EVERY", 0.0)
    monkeypatch.setitem(database.open_raw.__kwdefaults__, "timeout", 0.2)
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


def path_of(house):
    return house.server.settings.database_url


@contextmanager
def locked_by_another_program(house):
    other = sqlite3.connect(path_of(house), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    yield "locked"
    other.close()


@contextmanager
def locked_by_another_process(house):
    with Path(f"{path_of(house)}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield "locked"


def writers_say(house, *pragmas):
    for engine in (house.means.database._durable, house.means.database._notes):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            for pragma in pragmas:
                conn.exec_driver_sql(f"PRAGMA {pragma}")


@contextmanager
def read_only(house):
    writers_say(house, "query_only=ON")
    yield "read_only"
    writers_say(house, "query_only=OFF")


@contextmanager
def moved_away(house):
    path = path_of(house)
    path.rename(f"{path}.away")
    yield "missing"
    Path(f"{path}.away").rename(path)


@contextmanager
def its_folder_moved_away(house):
    folder = path_of(house).parent
    folder.rename(f"{folder}.away")
    yield "missing"
    Path(f"{folder}.away").rename(folder)


@contextmanager
def replaced_by_a_copy(house):
    path = path_of(house)
    path.rename(f"{path}.away")
    shutil.copy(f"{path}.away", path)
    yield "replaced"
    Path(f"{path}.away").rename(path)


@contextmanager
def a_disk_that_fails(house):
    """Every statement says what SQLite says when the disk does not answer."""
    whole = sqlite3.connect

    class Failing(sqlite3.Connection):
        def execute(self, *_):
            raise sqlite3.OperationalError("disk I/O error")

    def failing(*args, **kw):
        return whole(*args, **kw, factory=Failing)

    ask = house.means.checks._ask
    house.means.checks._ask = Failing(":memory:").execute
    for engine in (house.means.database._durable, house.means.database._readers):
        engine.dispose()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database.sqlite3, "connect", failing)
        yield "disk_error"
    house.means.checks._ask = ask


FAULTS = [
    locked_by_another_program, locked_by_another_process, read_only, moved_away, its_folder_moved_away,
    replaced_by_a_copy, a_disk_that_fails,
]  # fmt: skip


def deeds(house, laptop, row_id, token):
    """Everything a person can change, as a page and as a program."""
    form, own = {"csrf": token}, laptop.own()
    entry = {"csrf": house.stranger_token, "email": ADA, "password": PASSWORD, "name": "Grace"}
    laptop_posts, stranger = laptop.http.post, house.stranger
    yield lambda: laptop_posts(f"/settings/sessions/{row_id}/revoke", data=form, headers=own)
    yield lambda: laptop_posts(f"/settings/sessions/{row_id}/not-me", data=form, headers=own)
    yield lambda: laptop_posts(
        f"/settings/sessions/{row_id}/revoke", data=form, headers=own | {"signedin-partial": "1"}
    )
    yield lambda: laptop_posts(f"/settings/sessions/{row_id}/recognize", data=form, headers=own)
    yield lambda: laptop_posts("/settings/sessions/logout-all", data=form, headers=own)
    yield lambda: laptop_posts(
        "/settings/sessions/logout-all", data=form | {"except": "current"}, headers=own
    )
    yield lambda: laptop_posts("/sign-out", data=form, headers=own)
    yield lambda: laptop.http.delete(f"/v1/sessions/{row_id}", headers=own)
    yield lambda: laptop.http.delete("/v1/sessions/current", headers=own)
    yield lambda: laptop_posts("/v1/sessions/logout-all", headers=own)
    yield lambda: stranger.http.post("/sign-in", data=entry, headers=stranger.own())
    fresh = entry | {"email": "grace@example.org", "password": "a nanosecond of copper wire"}
    yield lambda: stranger.http.post("/register", data=fresh, headers=stranger.own())


def is_told(answer, reason):
    """503, when to come back, one sentence, a stable code, and nothing of what went on inside."""
    assert answer.status_code == 503, (answer.request.url, answer.status_code, answer.text[:300])
    assert int(answer.headers["retry-after"]) >= 1
    assert "Traceback" not in answer.text
    assert "set-cookie" not in answer.headers or "sgn_" not in answer.headers["set-cookie"]
    assert "clear-site-data" not in answer.headers
    if answer.headers["content-type"] == "application/problem+json":
        told = answer.json()
        assert (told["code"], told["reason"]) == ("database_problem", reason)
        assert told["title"].endswith(".")
    else:
        assert 'Code: <span class="ip">database_problem</span>' in answer.text
    return True


@pytest.mark.security("attack-26", "16.5.3", "16.5.1", "2.3.3", "15.4.2")
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_no_deed_is_told_as_done_and_none_is_half_done_and_afterwards_all_work_without_a_restart(
    house, fault
):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    row_id, token = phone.current()["id"], laptop.form_token("/settings/sessions")
    house.stranger = house.browser()
    house.stranger_token = house.stranger.form_token("/sign-in")
    asyncio.run(flush_now(house.server))
    before = fingerprint(house)
    with fault(house) as reason:
        for deed in deeds(house, laptop, row_id, token):
            assert is_told(deed(), reason)
        for path in ("/settings/sessions", "/v1/sessions", "/settings/sessions/alive"):
            answer = laptop.open(path)
            assert answer.status_code in (200, 204) or is_told(answer, reason)
        assert laptop.open("/health/live").status_code == 200
        assert laptop.open("/health/ready").status_code in (200, 503)
        assert house.browser().open("/sign-in").status_code in (200, 503)
    assert fingerprint(house) == before
    assert laptop.open("/health/ready").text == "ready\n"
    assert laptop.is_signed_in
    assert phone.is_signed_in
    assert laptop.revoke(row_id).status_code == 303
    assert not phone.is_signed_in
    assert house.signed_in().is_signed_in
    assert laptop.log_out_all().status_code == 303
    assert not laptop.is_signed_in


@pytest.mark.security("16.5.3", "7.2.1")
@pytest.mark.parametrize(
    "fault",
    [moved_away, its_folder_moved_away, replaced_by_a_copy, a_disk_that_fails],
    ids=lambda f: f.__name__,
)
def test_while_it_cannot_be_known_who_is_signed_in_nobody_is_let_in_and_nobody_is_thrown_out(house, fault):
    laptop, stranger = house.signed_in(), house.browser()
    with fault(house) as reason:
        for path in (
            "/settings/sessions",
            "/v1/sessions",
            "/settings/sessions/alive",
            "/settings/sessions/events",
        ):
            assert is_told(laptop.open(path), reason)
        assert stranger.open("/v1/sessions").status_code == 401
        ready = laptop.open("/health/ready")
        assert ready.status_code == 503
        assert ready.text.startswith("not ready: ")
    assert laptop.is_signed_in
    assert laptop.secret


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_notes_of_use_wait_until_they_can_be_written_and_jobs_go_on(house, fault):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    house.clock.move(days=20)
    assert laptop.open("/settings/sessions").status_code == 200
    assert phone.open("/v1/sessions").status_code == 200
    with fault(house):
        for job in (lambda: flush_now(house.server), lambda: sweep(house.means, house.clock())):
            with pytest.raises(DatabaseProblem):
                asyncio.run(job())
    asyncio.run(flush_now(house.server))
    asyncio.run(sweep(house.means, house.clock()))
    house.means.recent._seen.clear()
    house.clock.move(days=20)
    assert laptop.is_signed_in
    assert phone.is_signed_in


@pytest.mark.parametrize(
    "fault", [locked_by_another_program, read_only, a_disk_that_fails], ids=lambda fault: fault.__name__
)
def test_a_use_that_must_be_written_before_the_answer_and_cannot_be_is_told_so(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    monkeypatch.setitem(database.open_raw.__kwdefaults__, "timeout", 0.2)
    with still(tmp_path, Clock(), inactivity=timedelta(seconds=5)) as house:
        house.somebody(ADA)
        laptop = house.signed_in()
        with fault(house) as reason:
            for path in ("/settings/sessions", "/v1/sessions"):
                assert is_told(laptop.open(path), reason)
        house.clock.move(seconds=4)
        assert laptop.open("/settings/sessions").status_code == 200
        house.clock.move(seconds=4)
        assert laptop.open("/settings/sessions").status_code == 200


@pytest.mark.security("attack-2", "16.5.3")
def test_a_stream_waits_through_a_fault_and_then_tells_what_happened(house, monkeypatch):
    laptop = house.signed_in()
    heard = {"event: hello": threading.Event(), "event: session-started": threading.Event()}
    looks, looked, recognise = [], threading.Event(), Recogniser.recognise

    async def looking(*args):
        looks.append(args)
        if len(looks) == 3:
            looked.set()
        return await recognise(*args)

    def listen():
        with laptop.http.stream("GET", "/settings/sessions/events") as stream:
            for line in stream.iter_lines():
                if line in heard:
                    heard[line].set()
                if line == "event: session-started":
                    return

    listening = threading.Thread(target=listen)
    listening.start()
    assert heard["event: hello"].wait(20)
    with moved_away(house):
        monkeypatch.setattr(Recogniser, "recognise", looking)
        assert looked.wait(20), "the stream goes on looking"
    house.signed_in(SAFARI_ON_IPHONE)
    assert heard["event: session-started"].wait(20)
    listening.join(20)


@pytest.mark.parametrize("page", [1, 2, 3, 7, 12, 18, 25, 31, 40])
def test_a_damaged_page_is_told_so_or_not_met_and_mended_all_works_again(house, page):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    with sqlite3.connect(path_of(house)) as conn:
        assert conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    conn.close()
    whole = path_of(house).read_bytes()
    with path_of(house).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    for engine in (house.means.database._readers, house.means.database._durable):
        engine.dispose()
    house.means.checks._conn.execute("PRAGMA shrink_memory")
    for path in (
        "/settings/sessions",
        "/v1/sessions",
        "/sign-in",
        "/health/ready",
        "/settings/sessions/logout-all",
    ):
        answer = laptop.open(path)
        assert answer.status_code in (200, 303, 401, 503), (path, answer.text)
        assert "Traceback" not in answer.text
    for engine in (house.means.database._readers, house.means.database._durable):
        engine.dispose()
    path_of(house).write_bytes(whole)
    for wal in path_of(house).parent.glob("signedin.db-wal"):
        wal.write_bytes(b"")
    house.means.checks._conn.execute("PRAGMA shrink_memory")
    assert laptop.is_signed_in
    assert laptop.revoke(phone.current()["id"]).status_code == 303
    assert not phone.is_signed_in


@pytest.mark.guide("R8")
@pytest.mark.security("16.5.2")
def test_a_place_file_that_is_missing_corrupt_or_replaced_while_in_use_costs_no_request(tmp_path):
    from signedin.server.demo_places import DEMO_PLACES_FILE

    places = tmp_path / "places.mmdb"
    with still(tmp_path, Clock(), geo_db=places) as house:
        house.somebody(ADA)
        seen = []
        for content in (None, b"no places", DEMO_PLACES_FILE.read_bytes(), b"", DEMO_PLACES_FILE.read_bytes()[:3000],
                        DEMO_PLACES_FILE.read_bytes()):  # fmt: skip
            if content is not None:
                beside = tmp_path / "fetched"
                beside.write_bytes(content)
                beside.replace(places)
            browser = house.signed_in()
            seen.append(browser.current()["location"])
            assert browser.open("/settings/sessions").status_code == 200
        places.unlink()
        seen.append(house.signed_in().current()["location"])
    here, nowhere = "San Francisco, CA, US", "Unknown location"
    assert seen[:4] == [nowhere, nowhere, here, nowhere]
    assert seen[5:] == [here, nowhere]


@pytest.mark.security("16.5.2", "LOG-5")
def test_a_full_disk_under_the_log_and_the_letters_stops_no_sign_in_and_no_ending(tmp_path):
    with a_place() as place, Path("/dev/full").open("w") as full:
        place.somebody()
        (place.folder / "mail").write_text("in the way of the folder for letters")
        with served(place, stderr=full) as running:
            laptop, phone = running.signed_in(), running.signed_in()
            running.browser().sign_in(password="not the password")
            assert laptop.revoke(phone.current()["id"]).status_code == 303
            assert not phone.is_signed_in


@pytest.mark.security("attack-26", "16.5.3", "LOG-2", "16.3.4", "13.4.6")
def test_on_a_full_disk_nothing_is_told_as_done_checks_go_on_and_with_room_all_works_again():
    with a_place() as place:
        place.somebody()
        with served(place) as running:
            laptop, phone = running.signed_in(), running.signed_in()
            row_id = phone.current()["id"]
            pid, (_, hard) = running.process.pid, resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
            answer = laptop.http.delete(f"/v1/sessions/{row_id}", headers=laptop.own())
            assert answer.status_code == 503
            assert answer.json()["code"] == "database_problem"
            assert answer.json()["reason"] in ("full", "disk_error", "read_only")
            assert running.browser().sign_in().status_code == 503
            assert phone.is_signed_in
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
            assert laptop.http.delete(f"/v1/sessions/{row_id}", headers=laptop.own()).status_code == 204
            assert not phone.is_signed_in
            assert running.signed_in().is_signed_in
            assert "server" not in laptop.open("/sign-in").headers
        events = [line["event"] for line in running.log()]
        assert (events[0], events[-1]) == ("started", "stopped")
        check_integrity(place.database)


def check_integrity(path):
    with sqlite3.connect(path) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("SELECT version_num FROM alembic_version").fetchone() == (newest(),)
    conn.close()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
def test_while_nothing_can_be_written_the_server_lives_and_is_not_ready(house, fault):
    browser = house.browser()
    with fault(house):
        ready = browser.open("/health/ready")
        assert (ready.status_code, ready.text[:11]) == (503, "not ready: ")
        assert ready.text.endswith(".\n")
        assert browser.open("/health/live").status_code == 200
    assert browser.open("/health/ready").text == "ready\n"
