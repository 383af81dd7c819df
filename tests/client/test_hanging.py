"""A service that hangs: whoever guards an app with the client library waits a bounded time, and lets nobody in."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from time import monotonic

import flask
import httpx
import pytest

from client.shops import until
from signedin.adapters.flask import Signedin as InFlask
from signedin.client import Client, NotSignedIn, SyncClient, Unavailable, flights
from signedin.client.knowing import ASK_WITHIN
from signedin.middleware import Signedin
from signedin.rules.secret import Kind, WayKeys, make_token

SOON, LATE = timedelta(seconds=0.4), timedelta(seconds=30)
COOKIE = {"cookie": f"signedin={make_token(Kind.SES, 7, WayKeys('0', {'0': b'k' * 32}))}"}
KEY = "sgn_svc_of-a-service-that-hangs"


@pytest.fixture
def hanging():
    """The address of a service that takes connections and says nothing, for as long as the test lasts."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"http://localhost:{listening.getsockname()[1]}"


def took(begun):
    return timedelta(seconds=monotonic() - begun)


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_a_flask_app_answers_503_to_all_who_wait_when_the_time_is_over(hanging):
    app = flask.Flask("shop")
    client = SyncClient(hanging, KEY, ask_within=SOON)
    InFlask(app, client=client)
    app.add_url_rule("/", view_func=lambda: "let in")

    def answer(_):
        return app.test_client(use_cookies=False).get("/", headers=COOKIE)

    begun = monotonic()
    with ThreadPoolExecutor(6) as hands:
        answers = list(hands.map(answer, range(6)))
    waited = took(begun)
    assert [each.status_code for each in answers] == [503] * 6
    assert all("Retry-After" in each.headers for each in answers)
    assert SOON <= waited < 4 * SOON, waited
    client.close()


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_an_asgi_app_answers_503_to_all_who_wait_when_the_time_is_over(hanging):
    async def app(scope, receive, send):
        raise AssertionError("nobody is let in")

    async def ask():
        client = Client(hanging, KEY, ask_within=SOON)
        transport = httpx.ASGITransport(app=Signedin(app, client))
        begun = monotonic()
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as browser:
            answers = await asyncio.gather(*(browser.get("/", headers=COOKIE) for _ in range(6)))
        waited = took(begun)
        await client.close()
        return answers, waited

    answers, waited = asyncio.run(ask())
    assert [each.status_code for each in answers] == [503] * 6
    assert SOON <= waited < 4 * SOON, waited


class Held:
    """A service that takes questions and answers them, with 401, once it may."""

    def __init__(self):
        self.questions, self.may_answer, self._listening = (
            0,
            threading.Event(),
            socket.create_server(("127.0.0.1", 0)),
        )
        self.address = f"http://localhost:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self):
        with suppress(OSError):
            while True:
                threading.Thread(target=self._reply, args=[self._listening.accept()[0]], daemon=True).start()

    def _reply(self, wire):
        said = json.dumps({"code": "unauthenticated", "reason": "revoked"}).encode()
        head = b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(said)
        with wire, suppress(OSError):
            if b" /v1/check?" in wire.recv(65_536):  # and not the client's own, about the feed
                self.questions += 1
                self.may_answer.wait(60)
                wire.sendall(head + said)

    def close(self):
        self.may_answer.set()
        self._listening.close()


@pytest.fixture
def held(monkeypatch):
    """Such a service; `pass_by` lets so many seconds pass for whoever waits."""
    service, passed = Held(), [0.0]
    monkeypatch.setattr(flights, "monotonic", lambda: monotonic() + passed[0])
    service.pass_by = lambda seconds: passed.append(passed.pop() + seconds)
    yield service
    service.close()


def has_boarded(waiting):
    """Whether somebody waits for the question after the one that is under way."""
    return any(flight.following for flight in [*waiting._flights.values()])


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_who_comes_while_another_is_asked_about_waits_no_longer_than_that_time_either(held):
    client = SyncClient(held.address, KEY, ask_within=LATE)

    def ask():
        try:
            return client.check(COOKIE)
        except Unavailable as why:
            return why

    with ThreadPoolExecutor(2) as hands:
        first = hands.submit(ask)
        until(lambda: held.questions == 1)
        second = hands.submit(ask)
        until(lambda: has_boarded(client._flights))
        held.pass_by(LATE.total_seconds())
        held.may_answer.set()
        assert first.result(30) == NotSignedIn("revoked")
        assert isinstance(second.result(30), Unavailable)
    client.close()
    assert held.questions == 1


@pytest.mark.guide("D12")
@pytest.mark.security("15.2.2")
def test_who_comes_while_another_is_asked_about_on_an_event_loop_waits_no_longer_either(held):
    async def story():
        client = Client(held.address, KEY, ask_within=LATE)
        first = asyncio.create_task(client.check(COOKIE))
        await asyncio.to_thread(until, lambda: held.questions == 1)
        second = asyncio.create_task(client.check(COOKIE))
        await asyncio.to_thread(until, lambda: any(map(has_boarded, [*client._flights.values()])))
        held.pass_by(LATE.total_seconds())
        held.may_answer.set()
        found = await asyncio.gather(first, second, return_exceptions=True)
        await client.close()
        return found

    first, second = asyncio.run(story())
    assert first == NotSignedIn("revoked")
    assert isinstance(second, Unavailable)
    assert held.questions == 1


def test_usually_two_seconds_are_waited_and_no_time_at_all_is_a_mistake(hanging):
    assert timedelta(seconds=2) == ASK_WITHIN
    with pytest.raises(ValueError, match="ask_within"):
        SyncClient(hanging, KEY, ask_within=timedelta())
