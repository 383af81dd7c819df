"""An app in Node that speaks the feed from its description, as the file in examples/ is really started."""

from __future__ import annotations

import signal
import time

import pytest

from adapters.example_apps import node_words, started
from client.shops import service_key, until
from faults.deeds import sign_in_many, utc_now
from nemesis.fault_proxy import FaultProxy, Wire
from nemesis.history import SLACK, WAITS_AT_MOST
from people import ADA, ADELAIDE, FIREFOX_ON_WINDOWS, Clock, done_apart, running
from signedin.server.jobs import flush_now
from signedin.store import endings

pytestmark = pytest.mark.xdist_group("node")


@pytest.fixture
def wire(house):
    """The way from the app to the service, which can be cut."""
    made = FaultProxy(int(house.base_url.rpartition(":")[2]))
    yield made
    made.close()


@pytest.fixture
def app(house, wire):
    with started(node_words, f"http://localhost:{wire.port}", service_key(house)) as app:
        yield app
        app.stop()  # a node that is silent would be waited for by the next test


def is_answered_from_memory(house, app, browser):
    asked = house.server.recogniser.asked
    assert app.asked_by(browser).status_code == 200
    return house.server.recogniser.asked == asked


def revoked(house, browser):
    """End its session from another browser; how long that took."""
    laptop, row = house.signed_in(), browser.current()["id"]
    began = time.monotonic()
    assert laptop.http.delete(f"/v1/sessions/{row}", headers=laptop.own()).status_code == 204
    return time.monotonic() - began


@pytest.mark.guide("R48", "D34")
@pytest.mark.security("7.4.1", "attack-1")
def test_it_answers_from_memory_and_refuses_from_the_next_request_on_when_revoke_has_returned(
    house, app, phone
):
    until(lambda: is_answered_from_memory(house, app, phone))
    assert app.asked_by(phone).json()["session"] == phone.current()["id"]
    assert revoked(house, phone) < 2.5, "acknowledged, and not waited out"
    answer = app.asked_by(phone)
    assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")


@pytest.mark.guide("R58", "D23")
def test_logout_all_devices_holds_there_too(house, app, phone):
    laptop = house.signed_in()
    until(lambda: is_answered_from_memory(house, app, phone) and is_answered_from_memory(house, app, laptop))
    stolen = laptop.secret
    laptop.log_out_all()
    laptop.http.cookies.set("signedin", stolen, domain="localhost.local", path="/")
    assert [app.asked_by(each).json()["reason"] for each in (phone, laptop)] == ["logged_out_everywhere"] * 2


@pytest.mark.guide("R48", "D34")
@pytest.mark.security("attack-19", "16.5.3")
@pytest.mark.parametrize("fault", [Wire.REPLIES_LOST])
def test_cut_off_over_a_revoke_it_lets_nobody_in_and_goes_on_when_it_may(house, app, wire, phone, fault):
    other = house.signed_in()
    until(lambda: is_answered_from_memory(house, app, phone) and is_answered_from_memory(house, app, other))
    wire.set(fault)
    assert revoked(house, phone) < WAITS_AT_MOST + SLACK
    assert app.asked_by(phone).status_code == 503
    assert app.asked_by(other).status_code == 503
    wire.set(Wire.FINE)
    until(lambda: app.asked_by(phone).status_code == 401)
    until(lambda: is_answered_from_memory(house, app, other))


@pytest.mark.guide("R48", "D34")
@pytest.mark.security("attack-25")
def test_paused_over_a_revoke_it_lets_nobody_in_when_it_goes_on(house, app, phone):
    until(lambda: is_answered_from_memory(house, app, phone))
    app.process.send_signal(signal.SIGSTOP)
    assert revoked(house, phone) < WAITS_AT_MOST + SLACK
    app.process.send_signal(signal.SIGCONT)
    assert app.asked_by(phone).status_code in {401, 503}
    until(lambda: app.asked_by(phone).status_code == 401)


@pytest.mark.guide("R15", "R68", "D16")
def test_uses_from_memory_are_told_with_where_and_on_what_they_were_so_that_the_session_lives_on(
    house, app, phone
):
    until(lambda: is_answered_from_memory(house, app, phone))
    row = phone.current()["id"]
    house.clock.move(days=29)
    there = {"x-forwarded-for": f"198.51.100.9, {ADELAIDE}", "user-agent": FIREFOX_ON_WINDOWS}
    assert app.asked_by(phone, **there).status_code == 200
    assert app.asked_by(phone, **there | {"user-agent": "x" * 8_000}).status_code == 200
    app.stop()
    done_apart(flush_now(house.server))
    house.clock.move(days=29)
    (found,) = [each for each in house.signed_in().sessions() if each["id"] == row]
    assert found["location"].startswith("Adelaide")
    assert (found["device"], found["last_device"]) == ("Safari on iOS", "Firefox on Windows")


@pytest.mark.guide("R48", "D34")
def test_it_leaves_so_that_nobody_waits_for_it(house, app, phone):
    until(lambda: is_answered_from_memory(house, app, phone))
    before = house.means.database.read_now(endings.every_node)
    app.stop()
    assert len(house.means.database.read_now(endings.every_node)) == len(before) - 1
    assert revoked(house, phone) < 2.5


@pytest.mark.guide("R48", "D18", "D34")
def test_by_an_inner_address_it_finds_the_cookie_of_the_one_that_people_use(tmp_path):
    clock = Clock()
    clock.now = utc_now()
    with running(tmp_path, clock, base_url="https://app.example.org") as house:
        house.somebody(ADA)
        [session] = sign_in_many(house.means, ADA, 1)
        with started(node_words, house.base_url, service_key(house)) as app:
            ours, nobody = f"__Host-signedin={session.token}", house.browser()
            for cookie, status in (
                (ours, 200), (f"signedin=x; {ours}", 200), (f"signedin={session.token}", 401), ("signedin=x", 401),
            ):  # fmt: skip
                assert app.asked_by(nobody, cookie=cookie).status_code == status, cookie

            def is_from_memory():
                asked = house.server.recogniser.asked
                assert app.asked_by(nobody, cookie=ours).json()["session"] == session.id
                return house.server.recogniser.asked == asked

            until(is_from_memory)
            missing = app.asked_by(nobody, cookie=f"signedin={session.token}")
            assert (missing.status_code, missing.json()["reason"]) == (401, "missing")
            app.stop()


@pytest.mark.security("attack-14", "attack-20")
def test_what_is_no_credential_costs_no_question_and_lets_nobody_in(house, app, phone):
    asked = house.server.recogniser.asked
    nobody = house.browser()
    for headers, reason in (
        ({}, "missing"),
        ({"signedin-account": "1"}, "missing"),
        ({"cookie": "signedin=nonsense"}, "malformed"),
        ({"cookie": f"signedin={phone.secret}; signedin={phone.secret}"}, "malformed"),
        ({"cookie": f"signedin={phone.secret}", "authorization": f"Bearer {phone.secret}"}, "malformed"),
        ({"authorization": f"Bearer {phone.secret}"}, "wrong_kind"),
        ({"cookie": f"\u00a0signedin={phone.secret}".encode()}, "missing"),
    ):
        answer = app.asked_by(nobody, **headers)
        assert (answer.status_code, answer.json()["reason"]) == (401, reason), headers
    assert house.server.recogniser.asked == asked
