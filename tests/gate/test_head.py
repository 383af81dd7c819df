"""HEAD is answered everywhere like GET, without the body."""

from __future__ import annotations

import threading

import pytest

from people import ADA, SAFARI_ON_IPHONE, Clock
from routes import ENDLESS, every_route, filled, still
from signedin.gate.following import Following

pytestmark = pytest.mark.xdist_group("head")
CHANGES = {"date", "ratelimit", "set-cookie"}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("house"), Clock()) as house:
        house.somebody(ADA)
        house.laptop, house.phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
        yield house


def told(answer):
    """Status and headers, without what differs between any two answers."""
    return answer.status_code, {name: each for name, each in answer.headers.items() if name not in CHANGES}


def test_every_page_and_call_that_can_be_read_is_answered_with_the_same_head_and_no_body(house):
    row_id, asked = house.phone.current()["id"], 0
    for method, path in every_route(house):
        if method != "GET" or path in ENDLESS:
            continue
        for browser in (house.laptop, house.browser()):
            got = browser.open(filled(path, row_id))
            head = browser.http.head(filled(path, row_id), headers={"sec-fetch-site": "none"})
            assert told(head) == told(got), path
            assert head.content == b""
            assert not got.content or head.headers["content-length"] == str(len(got.content)), path
            asked += 1
    assert asked > 30
    assert house.browser().http.head("/no-such-page").status_code == 404


def test_whoever_comes_by_127_0_0_1_is_sent_to_localhost_also_by_head(house):
    where = house.base_url.replace("localhost", "127.0.0.1")
    answer = house.browser().http.head(f"{where}/sign-in?next=/")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{house.base_url}/sign-in?next=/")


@pytest.mark.parametrize("path", ENDLESS)
def test_the_head_of_a_stream_comes_by_itself_and_the_stream_is_ended(house, monkeypatch, path):
    is_ended, events = threading.Event(), Following._events

    async def watched(*args):
        try:
            async for event in events(*args):
                yield event
        finally:
            is_ended.set()

    monkeypatch.setattr(Following, "_events", watched)
    answer = house.laptop.http.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert is_ended.wait(10)
    assert house.laptop.is_signed_in


def test_what_can_be_read_can_be_asked_for_its_head_says_who_refuses_another_method(house):
    refused = house.laptop.http.put("/settings/sessions")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert house.laptop.http.options("/settings/sessions").headers["allow"] == "GET, HEAD, OPTIONS"
    changing_only = house.laptop.http.head("/sign-out")
    assert changing_only.status_code == 405
    assert set(changing_only.headers["allow"].split(", ")) == {"OPTIONS", "POST"}


@pytest.mark.guide("D15", "R70")
def test_asking_for_a_head_is_use_like_reading(house):
    before = house.phone.current()["last_activity_at"]
    house.clock.move(days=2)
    house.laptop.http.head("/settings/sessions")
    used = {each["id"]: each["last_activity_at"] for each in house.phone.sessions()}
    assert used[house.laptop.current()["id"]] > before
