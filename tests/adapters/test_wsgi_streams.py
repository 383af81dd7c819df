"""Streams of a Django and a Flask app, opened under a session: over within a second of its end, by real servers."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from adapters.example_apps import WORDS, sent_through_proxy, started
from client.shops import service_key, until
from people import ADA, Clock, running

pytestmark = pytest.mark.xdist_group("streams in WSGI")


def gunicorn_words(port):
    return [
        sys.executable, "-m", "gunicorn", "--threads", "8", "--bind", f"127.0.0.1:{port}",
        "--pythonpath", Path(__file__).parent, "--no-control-socket", "--log-level", "warning", "preloaded:app",
    ]  # fmt: skip


SERVERS = {f"{name} by its own server": (name, words) for name, words in WORDS.items()} | {
    f"{name} by gunicorn": (name, gunicorn_words) for name in WORDS
}


@contextmanager
def served(house, server):
    example, words = SERVERS[server]
    with started(words, house.base_url, service_key(house), EXAMPLE=example) as app:
        yield app


@pytest.fixture(scope="module", params=SERVERS)
def app(request, house):
    with served(house, request.param) as app:
        yield app


class Listening:
    """Somebody who listens to a stream: when each piece was heard, and when the stream ended."""

    def __init__(self, app, browser, path="/events"):
        self.heard, self.ended_at = [], None
        self._url, self._sent = app.url + path, sent_through_proxy(browser)
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()
        until(lambda: self.heard)

    def listen(self):
        with (
            suppress(httpx.TransportError),
            httpx.stream("GET", self._url, headers=self._sent, timeout=30) as answer,
        ):
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    self.heard.append((line.removeprefix("data: "), time.monotonic()))
        self.ended_at = time.monotonic()

    def is_over_by(self, moment):
        self.thread.join(10)
        assert self.ended_at is not None, "it goes on"
        assert self.ended_at < moment, f"it ended {self.ended_at - moment:.2f} s late"


@pytest.mark.guide("R42", "R49", "R58")
@pytest.mark.security("attack-2")
def test_a_stream_ends_within_a_second_of_its_session_and_the_other_one_goes_on(house, app, phone):
    laptop = house.signed_in()
    theirs, mine = Listening(app, phone), Listening(app, laptop)
    until(lambda: len(theirs.heard) > 2)
    laptop.revoke(phone.current()["id"])
    over = time.monotonic()
    theirs.is_over_by(over + 1)
    assert theirs.heard[-1][1] < over + 0.1, "nothing that began after Revoke had returned"
    until(lambda: mine.heard[-1][1] > over + 1)
    laptop.log_out_all()
    mine.is_over_by(time.monotonic() + 1)
    assert app.asked_by(laptop, "/events").status_code == 401


@pytest.mark.guide("R42", "R49")
@pytest.mark.security("attack-2")
@pytest.mark.parametrize("example", WORDS)
def test_a_stream_that_waits_is_cut_off_within_a_second_where_the_server_names_its_connection(
    house, phone, example
):
    laptop = house.signed_in()
    with served(house, f"{example} by gunicorn") as app:
        waiting = Listening(app, phone, "/silence")
        laptop.revoke(phone.current()["id"])
        waiting.is_over_by(time.monotonic() + 1)
        assert [said for said, _ in waiting.heard] == ["an order"]
        assert app.asked_by(laptop).status_code == 200, "the app serves on"


@pytest.mark.guide("D12", "R49")
@pytest.mark.security("attack-19")
@pytest.mark.parametrize("server", SERVERS)
def test_while_the_service_is_gone_what_is_open_is_closed(tmp_path, server):
    with ExitStack() as service:
        house = service.enter_context(running(tmp_path, Clock()))
        house.somebody(ADA)
        phone = house.signed_in()
        with served(house, server) as app:
            listening = Listening(app, phone)
            service.close()
            listening.is_over_by(time.monotonic() + 10)
            until(lambda: app.asked_by(phone).status_code == 503)
