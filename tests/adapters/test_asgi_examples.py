"""A plain ASGI, a FastAPI and a Litestar app beside a real service, by the files in examples/: who is let in, and as whom."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.asgi_examples import FRAMEWORKS, started
from adapters.example_apps import EXAMPLES
from client.shops import service_key, until
from people import ADA, Clock, running

pytestmark = pytest.mark.xdist_group("ASGI apps")


@pytest.fixture(scope="module", params=FRAMEWORKS)
def app(request, house):
    with started(request.param, house.base_url, service_key(house)) as app:
        yield app


class Listening:
    """Somebody who listens to an event stream: when each was heard, and when the stream ended."""

    def __init__(self, answer):
        assert answer.status_code == 200
        self.heard, self.ended_at = [], None
        self.thread = threading.Thread(target=self.listen, args=[answer], daemon=True)
        self.thread.start()

    def listen(self, answer):
        with suppress(httpx.StreamError, httpx.TransportError):  # the listener went away
            for line in answer.iter_lines():
                if line == "data: an order":
                    self.heard.append(time.monotonic())
            self.ended_at = time.monotonic()


@pytest.mark.guide("R42", "R49", "R58")
@pytest.mark.security("attack-2")
def test_an_event_stream_ends_within_a_second_of_its_session_and_the_other_one_goes_on(house, app, phone):
    laptop = house.signed_in()
    with app.events_of(phone) as stolen, app.events_of(laptop) as own:
        theirs, mine = Listening(stolen), Listening(own)
        until(lambda: len(theirs.heard) > 2)
        laptop.revoke(phone.current()["id"])
        over = time.monotonic()
        theirs.thread.join(5)
        assert theirs.ended_at < over + 1
        assert theirs.heard[-1] < over + 0.1, "nothing that began after Revoke had returned"
        until(lambda: mine.heard[-1] > over + 1)
    with app.events_of(phone) as refused:
        assert refused.status_code == 401


@pytest.mark.guide("R42", "R49")
@pytest.mark.security("attack-2", "4.4")
def test_a_websocket_is_closed_with_4401_within_a_second_of_its_session(house, app, phone):
    laptop = house.signed_in()
    with app.socket_of(phone) as stolen, app.socket_of(laptop) as own:
        stolen.send("a question")
        assert stolen.recv(5).endswith(": a question")
        laptop.revoke(phone.current()["id"])
        over = time.monotonic()
        with pytest.raises(ConnectionClosed) as closed:
            stolen.recv(5)
        assert time.monotonic() - over < 1
        assert closed.value.rcvd.code == 4401
        own.send("another")
        assert own.recv(5).endswith(": another")


@pytest.mark.security("4.4")
def test_a_websocket_is_opened_by_nobody_and_by_no_page_of_another_host(house, app, phone):
    for browser, headers, status in (
        (house.browser(), {}, 401),
        (phone, {"origin": "https://evil.example"}, 403),
        (phone, {"origin": "null"}, 403),
    ):
        with pytest.raises(InvalidStatus) as refused:
            app.socket_of(browser, **headers)
        assert refused.value.response.status_code == status
    with app.socket_of(phone, origin=f"http://localhost:{app.port}") as own:
        own.send("a question")
        assert own.recv(5)


def is_answered_from_memory(house, app, browser):
    asked = house.server.recogniser.asked
    assert app.asked_by(browser).status_code == 200
    return house.server.recogniser.asked == asked


@pytest.mark.guide("R68", "R15")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_session_that_is_used_only_through_the_app_lives_from_day_29_to_day_58(house, phone, framework):
    key = service_key(house)
    for _ in range(2):
        with started(framework, house.base_url, key) as app:
            until(lambda app=app: is_answered_from_memory(house, app, phone))
            house.clock.move(days=29)
            assert is_answered_from_memory(house, app, phone)
            app.stop()
    house.clock.move(days=31)
    with started(framework, house.base_url, key) as app:
        assert app.asked_by(phone).json()["reason"] == "expired_idle"


@pytest.mark.guide("D12", "R49")
@pytest.mark.security("attack-19", "16.5.3")
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_while_the_service_is_gone_the_app_refuses_closes_what_is_open_and_signs_nobody_out(
    tmp_path, framework
):
    with ExitStack() as service:
        house = service.enter_context(running(tmp_path, Clock()))
        house.somebody(ADA)
        phone = house.signed_in()
        with started(framework, house.base_url, service_key(house)) as app, app.events_of(phone) as stream:
            assert app.asked_by(phone).status_code == 200
            service.close()
            assert stream.read()
            until(lambda: app.asked_by(phone).status_code != 200)
            answer = app.asked_by(phone)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["code"] == "unavailable"
            assert app.asked_by(phone, "/health").status_code == 200


@pytest.mark.guide("R48", "D34")
def test_each_worker_of_an_app_is_a_node_of_its_own_and_a_revoke_waits_for_all(house, phone):
    with started("asgi", house.base_url, service_key(house), "--workers", "2") as app:
        for _ in range(20):
            assert app.asked_by(phone).status_code == 200
        house.signed_in().revoke(phone.current()["id"])
        assert {app.asked_by(phone).status_code for _ in range(20)} == {401}


def test_what_the_page_of_the_docs_shows_stands_in_the_files_that_are_started():
    page = (EXAMPLES.parent / "docs" / "in-front-asgi.md").read_text()
    for framework in FRAMEWORKS:
        file = (EXAMPLES / f"{framework}_app" / f"{framework}_app.py").read_text()
        for shown in page.split(f"<!-- {framework} -->\n```python\n")[1:]:
            lines = shown.split("```")[0]
            assert len(lines.splitlines()) <= 10
            assert lines in file
