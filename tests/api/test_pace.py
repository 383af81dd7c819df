"""How often one caller may call, and that each is told how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps import PUBLIC, a_client, authorize, registered, request_of
from people import ADA, PASSWORD, Clock, done_apart
from routes import still
from signedin.actions.issue_key import issue_key_for
from signedin.gate import pacing
from signedin.rules.access_key import Wish
from signedin.rules.pace import PERIOD, Pace

pytestmark = pytest.mark.xdist_group("pace")
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def house(tmp_path):
    with still(tmp_path, Clock(), calls_a_minute=5) as house:
        house.somebody(ADA)
        yield house


def key(house):
    return done_apart(issue_key_for(house.means, ADA, Wish("x", ("account:read",)), house.clock())).token


def ask(house, token, path="/v1/account"):
    with house.browser("httpx/1.0", "192.0.2.20").http as http:
        return http.get(path, headers={"authorization": f"Bearer {token}"})


@pytest.mark.security("attack-33")
def test_a_caller_is_told_what_is_left_and_when_to_come_back(house):
    one, other = key(house), key(house)
    for left in (4, 3, 2, 1, 0):
        answer = ask(house, one)
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"calls";q=5;w=60'
        assert answer.headers["ratelimit"] == f'"calls";r={left};t={(5 - left) * 12}'
    refused = ask(house, one)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "13"
    assert refused.headers["ratelimit"] == '"calls";r=0;t=60'
    assert ask(house, other).status_code == 200, "a limit is one caller's"
    house.clock.move(seconds=13)
    assert ask(house, one).status_code == 200
    assert ask(house, one).status_code == 429


def test_refusals_and_mistakes_count_too(house):
    token = key(house)
    for _ in range(5):
        assert ask(house, token, "/v1/sessions").status_code == 403
    assert ask(house, token).status_code == 429


def test_a_check_and_a_page_are_never_refused_for_it(house):
    laptop = house.signed_in()
    for _ in range(8):
        laptop.open("/v1/account")
    assert laptop.open("/v1/account").status_code == 429
    assert laptop.open("/v1/check").status_code == 200
    assert laptop.is_signed_in


@pytest.mark.security("T6")
def test_whoever_reports_leaked_tokens_is_limited_by_network(house):
    with house.browser("scanner", "192.0.2.9").http as http:
        for left in range(59, -1, -1):
            answer = http.post("/v1/leaked-tokens", json=[])
            assert answer.status_code == 204
            assert answer.headers["ratelimit"].startswith(f'"calls";r={left};')
        assert http.post("/v1/leaked-tokens", json=[]).status_code == 429
    with house.browser("scanner", "192.0.2.10").http as http:
        assert http.post("/v1/leaked-tokens", json=[]).status_code == 204


@pytest.mark.security("6.3.1")
def test_whoever_tries_passwords_is_told_how_long_to_wait(house):
    browser = house.browser()
    for _ in range(5):
        assert browser.sign_in(ADA, "wrong").status_code == 401
    refused = browser.sign_in(ADA, PASSWORD)
    assert refused.status_code == 429
    seconds = refused.headers["retry-after"]
    assert refused.headers["ratelimit"] == f'"attempts";r=0;t={seconds}'


@given(st.integers(1, 1000), st.lists(st.floats(0, 200), max_size=60))
def test_nobody_makes_more_calls_in_a_time_than_were_saved_up_and_filled_in_it(calls, pauses):
    pace, now, bucket, made = Pace(calls), NOW, None, 0
    for pause in pauses:
        now += timedelta(seconds=pause)
        before = pace.filled(bucket, now)
        after = pace.after_one(before)
        if after is None:
            assert pace.next_at(before) > now
        made += after is not None
        bucket = after or before
        assert 0 <= bucket.left <= calls
    assert made <= calls + calls * ((now - NOW) / PERIOD) + 1e-6


def test_a_clock_that_goes_back_gives_and_takes_nothing():
    pace = Pace(10)
    bucket = pace.after_one(pace.filled(None, NOW))
    assert pace.filled(bucket, NOW - timedelta(hours=1)).left == bucket.left


@pytest.mark.security("attack-33")
def test_strangers_of_one_network_leave_only_so_many_requests_to_be_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(pacing, "STRANGERS", 3)
    with still(tmp_path, Clock()) as house:
        client = registered(house)
        house.somebody(ADA)
        ada, stranger = house.signed_in(), house.browser(address="192.0.2.20").http
        elsewhere = house.browser(address="192.0.2.21").http
        for _ in range(3):
            assert stranger.get(authorize(client)).status_code == 303
        refused = stranger.get(authorize(client))
        assert (refused.status_code, refused.headers["ratelimit"]) == (429, '"calls";r=0;t=60')
        assert stranger.post("/oauth/authorize", data=request_of(client)).status_code == 429
        assert elsewhere.get(authorize(client)).status_code == 303
        assert ada.open(authorize(client)).status_code == 303
        assert stranger.get("/sign-in").status_code == 200
        house.clock.move(seconds=20)
        assert stranger.get(authorize(client)).status_code == 303


@pytest.mark.security("attack-33")
def test_a_network_pushes_only_so_many_requests(tmp_path):
    with still(tmp_path, Clock(), calls_a_minute=1) as house:
        client, http = registered(house, a_client(**PUBLIC)), house.browser(address="192.0.2.20").http
        answers = [http.post("/oauth/par", data=request_of(client)).status_code for _ in range(11)]
        assert answers == [201] * 10 + [429]
        assert house.browser(address="192.0.2.21").http.post("/oauth/par", data={}).status_code != 429
