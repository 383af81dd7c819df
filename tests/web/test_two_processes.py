"""Two servers on one database: what one acknowledges as ended, the other refuses at the very next request."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from people import ADA, SAFARI_ON_IPHONE, Clock, running
from signedin.actions import operate
from signedin.actions.sweep import sweep

pytestmark = pytest.mark.xdist_group("two processes")


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    folder, clock = tmp_path_factory.mktemp("house"), Clock()
    with running(folder, clock) as one, running(folder, clock) as other:
        one.somebody(ADA)
        yield one, other


def at(house, browser):
    """The same browser at another server."""
    there = house.browser()
    there.http.cookies.set("signedin", browser.secret or "", domain="localhost.local", path="/")
    return there


def revoke(house, laptop, phone, row_id):
    laptop.revoke(row_id)


def this_was_not_me(house, laptop, phone, row_id):
    laptop.send(f"/settings/sessions/{row_id}/not-me", page="/settings/sessions")


def revoke_by_a_call(house, laptop, phone, row_id):
    assert laptop.http.delete(f"/v1/sessions/{row_id}", headers=laptop.own()).status_code == 204


def log_out(house, laptop, phone, row_id):
    phone.log_out()


def log_out_by_a_call(house, laptop, phone, row_id):
    assert phone.http.delete("/v1/sessions/current", headers=phone.own()).status_code == 204


def log_out_all(house, laptop, phone, row_id):
    laptop.log_out_all()


def log_out_all_by_a_call(house, laptop, phone, row_id):
    assert laptop.http.post("/v1/sessions/logout-all", headers=laptop.own()).status_code == 200


def log_out_all_others(house, laptop, phone, row_id):
    laptop.log_out_all(**{"except": "current"})


def sign_in_again_in_that_browser(house, laptop, phone, row_id):
    token = phone.form_token("/settings/sessions")
    fields = {"csrf": token, "email": ADA, "password": "four unrelated words make it"}
    assert phone.http.post("/sign-in", data=fields, headers=phone.own()).status_code == 303


def an_operator_ends_it(house, laptop, phone, row_id):
    asyncio.run(operate.end_one(house.means, row_id, "lost phone", house.clock()))


def an_operator_ends_all(house, laptop, phone, row_id):
    asyncio.run(operate.end_all(house.means, ADA, "stolen laptop", house.clock()))


def an_operator_disables_and_enables(house, laptop, phone, row_id):
    asyncio.run(operate.disable(house.means, ADA, house.clock()))
    asyncio.run(operate.enable(house.means, ADA, house.clock()))


def a_month_passes(house, laptop, phone, row_id):
    house.clock.move(days=30, seconds=61)


ENDINGS = [
    revoke, this_was_not_me, revoke_by_a_call, log_out, log_out_by_a_call, log_out_all, log_out_all_by_a_call,
    log_out_all_others, sign_in_again_in_that_browser, an_operator_ends_it, an_operator_ends_all,
    an_operator_disables_and_enables, a_month_passes,
]  # fmt: skip


@pytest.mark.security("7.4.1", "7.4.2", "7.4.5", "N3", "N5", "attack-1", "attack-25", "8.3.2", "7.5.2")
@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.__name__)
def test_an_ending_at_one_server_holds_at_both_and_nothing_brings_it_back(houses, ending):
    one, other = houses
    laptop, phone = one.signed_in(), one.signed_in(SAFARI_ON_IPHONE)
    copies = [at(one, phone), at(other, phone)]
    assert all(copy.is_signed_in for copy in copies)
    assert all(copy.open("/v1/sessions").status_code == 200 for copy in copies)
    ending(one, laptop, phone, copies[0].current()["id"])
    assert [copy.open("/v1/sessions").status_code for copy in reversed(copies)] == [401, 401]
    assert not any(copy.is_signed_in for copy in copies)
    asyncio.run(sweep(other.means, other.clock()))
    assert other.signed_in().is_signed_in
    assert not any(copy.is_signed_in for copy in copies)


@pytest.mark.security("attack-2", "7.4.1", "8.3.2")
@pytest.mark.parametrize(
    "ending", [revoke, log_out_all, an_operator_ends_all], ids=lambda each: each.__name__
)
def test_a_stream_at_the_other_server_says_why_and_ends_and_tells_nothing_more(houses, ending):
    one, other = houses
    laptop, phone = one.signed_in(), one.signed_in(SAFARI_ON_IPHONE)
    heard, begun = [], threading.Event()
    copy = at(other, phone)

    def listen():
        with copy.http.stream("GET", "/settings/sessions/events") as stream:
            for line in stream.iter_lines():
                heard.append(line)
                begun.set()

    listening = threading.Thread(target=listen)
    listening.start()
    assert begun.wait(20)
    ending(one, laptop, phone, at(one, phone).current()["id"])
    one.signed_in()
    listening.join(20)
    assert not listening.is_alive()
    events = [line.partition(": ")[2] for line in heard if line.startswith("event:")]
    assert events[-1] == "gone"
    assert "session-started" not in events
    told = json.loads([line for line in heard if line.startswith("data:")][-1].partition(": ")[2])
    assert told == {"reason": {"revoke": "revoked", "log_out_all": "logged_out_everywhere"}.get(
        ending.__name__, "logged_out_everywhere"
    )}  # fmt: skip
    assert copy.open("/settings/sessions/events").status_code == 401
