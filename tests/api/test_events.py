"""The events of the list for programs: what begins, ends and changes is told as it happens, and to nobody else."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest

from callers import OF_SESSIONS
from people import (
    ADA,
    ADELAIDE,
    BERLIN,
    CHROME_ON_MACOS,
    GRACE,
    SAFARI_ON_IPHONE,
    SAN_FRANCISCO,
    Clock,
    done_apart,
    running,
)
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.actions.organisations import add_member_from_shell, make_from_shell, remove_member_from_shell
from signedin.actions.revoke_key import revoke_any_key
from signedin.actions.set_policy import set_policy_from_shell
from signedin.gate import following
from signedin.rules.access_key import Wish
from signedin.rules.policy_wish import Wish as RuleWish
from signedin.rules.scope import OF_SERVICES

pytestmark = pytest.mark.xdist_group("events")
PATH = "/v1/sessions/events"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock()) as house:
        for email in (ADA, GRACE):
            house.somebody(email)
        yield house


@pytest.fixture
def laptop(house):
    return house.signed_in()


@pytest.fixture
def key(house):
    return done_apart(issue_key_for(house.means, ADA, Wish("watcher", ("sessions:read",)), house.clock()))


def bearer(token):
    return {"authorization": f"Bearer {token}"}


@contextmanager
def followed(house, headers, heard=None, address=SAN_FRANCISCO):
    """The lines of a stream, as somebody hears them who has heard the event of that number before."""
    again = {} if heard is None else {"last-event-id": str(heard)}
    with house.browser(address=address).http.stream("GET", PATH, headers=headers | again) as answer:
        assert answer.status_code == 200, answer.read()
        yield answer, answer.iter_lines()


def next_event(lines):
    """The next event, as (name, id, data); comments are passed over, and at the end there is none."""
    told = {}
    for line in lines:
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            told[name] = value
        elif "event" in told:
            return told["event"], int(told["id"]), json.loads(told["data"])
    return None


def shown_by(browser):
    return {"cookie": f"signedin={browser.secret}"}


@pytest.mark.guide("R6", "D15")
def test_what_begins_changes_and_ends_is_told_with_the_number_that_catches_up(house, laptop):
    with followed(house, shown_by(laptop)) as (answer, lines):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["x-accel-buffering"], answer.headers["cache-control"]) == ("no", "no-store")
        assert next_event(lines)[0] == "hello"
        phone = house.signed_in(SAFARI_ON_IPHONE)
        row = phone.current()["id"]
        name, began, data = next_event(lines)
        assert (name, data) == ("session-started", {"id": row, "number": began})
        laptop.send(f"/settings/sessions/{row}/recognize", page="/settings/sessions")
        assert next_event(lines)[::2] == ("session-changed", {"id": row, "number": began + 1})
        laptop.revoke(row)
        assert next_event(lines) == ("session-ended", began + 2, {"id": row, "number": began + 2})
    with followed(house, shown_by(laptop), heard=began) as (_, lines):
        assert next_event(lines)[:2] == ("hello", began)
        assert [next_event(lines)[0] for _ in range(2)] == ["session-changed", "session-ended"]


@pytest.mark.guide("R48")
@pytest.mark.security("7.4.1", "8.3.2")
def test_it_says_why_and_ends_when_the_session_is_revoked_elsewhere(house, laptop):
    phone = house.signed_in(SAFARI_ON_IPHONE)
    with followed(house, shown_by(phone)) as (_, lines):
        assert next_event(lines)[0] == "hello"
        laptop.revoke(phone.current()["id"])
        assert next_event(lines)[::2] == ("gone", {"reason": "revoked"})
        assert next_event(lines) is None


@pytest.mark.guide("D3")
@pytest.mark.security("7.4.1", "8.3.2")
def test_a_key_hears_what_ends_every_session_and_lives_on_until_it_is_revoked(house, laptop, key):
    with followed(house, bearer(key.token)) as (_, lines):
        assert next_event(lines)[0] == "hello"
        laptop.log_out_all()
        assert next_event(lines)[::2][:1] == ("session-changed",)
        done_apart(revoke_any_key(house.means, key.key.id, house.clock()))
        assert next_event(lines)[::2] == ("gone", {"reason": "ended_by_operator"})
        assert next_event(lines) is None


@pytest.mark.guide("D11", "R48")
@pytest.mark.security("7.4.1")
def test_a_session_that_an_app_has_begun_follows_by_its_token_until_it_ends(house):
    service = done_apart(
        issue_service_key(house.means, Wish("shop", OF_SERVICES), OF_SESSIONS, house.clock())
    )
    person = {"app_type": "mobile", "address": BERLIN, "user_agent": CHROME_ON_MACOS}
    sessions = "/v1/accounts/outside:anna/sessions"
    http = house.browser().http
    begun = http.post(sessions, headers=bearer(service.token), json=person).json()
    with followed(house, bearer(begun["token"])) as (_, lines):
        assert next_event(lines)[0] == "hello"
        assert http.post(sessions, headers=bearer(service.token), json=person).status_code == 201
        assert next_event(lines)[0] == "session-started"
        assert http.delete(sessions, headers=bearer(service.token)).status_code == 200
        assert next_event(lines)[0] == "gone"
        assert next_event(lines) is None


@pytest.mark.guide("R5", "R70", "D15")
@pytest.mark.security("8.2.2")
def test_nothing_of_another_account_is_told_and_following_is_nobodys_activity(house, laptop):
    before = {row["id"]: row["last_activity_at"] for row in laptop.sessions()}
    house.clock.move(days=2)
    with followed(house, shown_by(laptop)) as (_, lines):
        number = next_event(lines)[1]
        graces = house.signed_in(email=GRACE)
        phone = house.signed_in(SAFARI_ON_IPHONE)
        assert next_event(lines) == (
            "session-started", number + 1, {"id": phone.current()["id"], "number": number + 1}
        )  # fmt: skip
        used = {row["id"]: row["last_activity_at"] for row in phone.sessions()}
    assert graces.is_signed_in
    assert {used[row] == before[row] for row in before} == {True}


def test_a_sign_of_life_comes_where_nothing_happens(house, laptop, monkeypatch):
    assert following.HEARTBEAT_EVERY == 15
    monkeypatch.setattr(following, "HEARTBEAT_EVERY", 0.05)
    with followed(house, shown_by(laptop)) as (_, lines):
        assert next(line for line in lines if line.startswith(":")) == ": still here"


@pytest.mark.security("4.1.4")
@pytest.mark.parametrize("heard", ["", "-1", "1e3", "\u0663".encode(), "9" * 19, "9" * 5000])
def test_what_is_no_number_of_an_event_begins_now(house, laptop, heard):
    house.signed_in(SAFARI_ON_IPHONE)
    with followed(house, shown_by(laptop) | {"last-event-id": heard}) as (_, lines):
        _, number, _ = next_event(lines)
        phone = house.signed_in(SAFARI_ON_IPHONE)
        assert next_event(lines)[1:] == (number + 1, {"id": phone.current()["id"], "number": number + 1})


@pytest.mark.guide("R6", "D7")
@pytest.mark.security("6.3.8")
def test_a_stream_from_outside_ends_when_an_organisation_lets_in_from_its_networks_alone(house):
    outside, inside = (house.signed_in(address=each, email=GRACE) for each in (ADELAIDE, BERLIN))
    away = followed(house, shown_by(outside), address=ADELAIDE)
    here = followed(house, shown_by(inside), address=BERLIN)
    with away as (_, told_away), here as (_, told_here):
        assert next_event(told_away)[0] == next_event(told_here)[0] == "hello"
        with from_berlin_alone(house, GRACE):
            name, _, said = next_event(told_away)
            assert (name, said, next_event(told_away)) == ("gone", {"reason": "outside_networks"}, None)
            house.signed_in(address=BERLIN, email=GRACE)
            assert next_event(told_here)[0] == "session-started"
    assert outside.sessions(), "nothing has ended by that"


@contextmanager
def from_berlin_alone(house, email):
    """Somebody belongs to an organisation with that rule, as long as the block lasts."""
    means, now = house.means, house.clock()
    done_apart(make_from_shell(means, "Tidewater Marine", now))
    wish = RuleWish(networks=(f"{BERLIN}/32",))
    done_apart(set_policy_from_shell(means, "Tidewater Marine", "all", wish, now))
    done_apart(add_member_from_shell(means, "Tidewater Marine", email, now))
    try:
        yield
    finally:
        done_apart(remove_member_from_shell(means, "Tidewater Marine", email, now))
